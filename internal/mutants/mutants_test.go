package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/capture/pcapfile"
)

var captures = filepath.Join("..", "..", "testdata", "pcaps")

// Damaged captures of the tests' own do no harm.
func TestMutants(t *testing.T) {
	n := "400"
	if testing.Short() {
		n = "50"
	}
	var out, problems bytes.Buffer
	status := run(context.Background(), []string{"-n", n, "-time", "3s", "-save", t.TempDir(), captures}, &out, &problems)
	if status != 0 || !strings.Contains(out.String(), n+" mutants") {
		t.Errorf("status %d:\n%s%s", status, &out, &problems)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-n", "x", "."}, {t.TempDir()}} {
		var out, problems bytes.Buffer
		if status := run(context.Background(), args, &out, &problems); status != 2 || problems.Len() == 0 {
			t.Errorf("%q: status %d, %q", args, status, &problems)
		}
	}
}

func experimentForTest(t *testing.T, l limits) (*experiment, *bytes.Buffer) {
	t.Helper()
	out := new(bytes.Buffer)
	e, err := newExperiment(&options{seed: 7, only: -1, save: t.TempDir(), limits: l}, []string{captures}, out)
	if err != nil {
		t.Fatal(err)
	}
	return e, out
}

// A seed makes the same mutants again, another seed others.
func TestSeed(t *testing.T) {
	e, _ := experimentForTest(t, limits{time: 1e9, memory: 1 << 30})
	same, changed := 0, 0
	for n := range 50 {
		a, b := e.make(n), e.make(n)
		if a.of != b.of || !bytes.Equal(a.file, b.file) || len(a.packets) != len(b.packets) {
			t.Fatalf("mutant %d is not the same the second time", n)
		}
		e.seed++
		if c := e.make(n); a.of == c.of && len(a.packets) == len(c.packets) && bytes.Equal(a.file, c.file) {
			same++
		}
		e.seed--
		for i := range e.originals {
			if o := &e.originals[i]; o.name == a.of && (len(o.packets) != len(a.packets) || a.file != nil && !bytes.Equal(a.file, o.bytes)) {
				changed++
			}
		}
	}
	if same > 5 || changed < 10 {
		t.Errorf("%d of 50 do not depend on the seed, %d differ from their original", same, changed)
	}
}

// What breaks a limit is told of, and kept so that it can be read.
func TestReport(t *testing.T) {
	e, out := experimentForTest(t, limits{time: 1, memory: 1})
	for n := range 20 {
		if m := e.make(n); m.file == nil {
			e.observe(n, m, 0)
			break
		}
	}
	if e.failed == 0 {
		t.Fatal("a mutant fits into a nanosecond and a byte")
	}
	path := regexp.MustCompile(`kept as (\S+)`).FindStringSubmatch(out.String())
	if path == nil {
		t.Fatalf("no file is named:\n%s", out)
	}
	if _, err := os.Stat(path[1]); err != nil {
		t.Fatal(err)
	}
	src, err := pcapfile.Open(path[1])
	if err != nil {
		t.Fatal(err)
	}
	src.Close()
}
