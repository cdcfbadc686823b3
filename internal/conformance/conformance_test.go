package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/dissect"
)

var update = flag.Bool("update", false, "write testdata/pcaps/truth.tsv anew from what is identified; look at the difference")

const ownDir = "../../testdata/pcaps"

// testSuite has all signatures and the captures of testdata.
func testSuite(t *testing.T) *suite {
	t.Helper()
	s, err := newSuite(ownDir, "")
	if err != nil {
		t.Fatal(err)
	}
	s.payloads, s.seed, s.log, s.show = 20_000, 1, t.Output(), 10
	return s
}

// Every flow of every capture of testdata has the stack that truth.tsv says: no
// signature names another protocol's traffic.
func TestOwnCaptures(t *testing.T) {
	s := testSuite(t)
	if *update {
		record(t, s)
	}
	failures, flows, err := s.ownFailures()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range failures {
		t.Error(f)
	}
	if flows < 100 {
		t.Errorf("only %d flows", flows)
	}
}

// record writes down the stacks of all captures as they are now.
func record(t *testing.T, s *suite) {
	t.Helper()
	files, err := pcapfile.Expand([]string{ownDir})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	s.own.truth = make(map[string]map[flowKey][]string)
	for _, path := range files {
		flows, err := s.identify(path, nil)
		if err != nil {
			continue // a damaged one that is no capture at all
		}
		name, err := filepath.Rel(ownDir, path)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.ToSlash(name)
		s.own.truth[name] = make(map[flowKey][]string)
		for k, stack := range stacks(flows) {
			s.own.truth[name][k] = nil
			if stack != "" {
				s.own.truth[name][k] = strings.Split(stack, ",")
			}
			lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%d\t%s\t%d\t%s\n", name, k.transport, k.a.Addr(), k.a.Port(), k.b.Addr(), k.b.Port(), orDash(s.own.truth[name][k])))
		}
	}
	slices.Sort(lines)
	var b bytes.Buffer
	b.WriteString("file\ttransport\taddr_a\tport_a\taddr_b\tport_b\tprotocols\n")
	for _, l := range lines {
		b.WriteString(l)
	}
	if err := os.WriteFile(filepath.Join(ownDir, "truth.tsv"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The checks that need no labelled captures hold, on little noise.
func TestChecks(t *testing.T) {
	for _, c := range checks() {
		switch c.name {
		case "crossfire", "nearmiss", "ports", "segments", "middle", "oneway", "random", "streams":
		default:
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			figures, err := c.run(testSuite(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range figures {
				if !f.Met {
					t.Errorf("%s: %s, wanted %s", f.Name, f.Value, f.Bar)
				}
			}
		})
	}
}

// A label comes with the first packets that have payload, and is kept.
func TestSoon(t *testing.T) {
	figures, err := testSuite(t).soon()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		if !f.Met {
			t.Errorf("%s: %s, not %s", f.Name, f.Value, f.Bar)
		}
	}
	if figures[0].Value == "0" {
		t.Error("no flow has a label")
	}
}

func TestWaits(t *testing.T) {
	a, b := []string{"http"}, []string{"http", "websocket"}
	var w waits
	w.add([]said{{1, []string{"irc"}, dissect.Likely}, {2, a, dissect.Likely}, {3, a, dissect.Certain}, {5, b, dissect.Certain}})
	w.add([]said{{1, a, dissect.Certain}, {4, nil, dissect.ConfidenceNone}, {6, a, dissect.Likely}})
	if !slices.Equal(w.label, []int{2, 6}) || !slices.Equal(w.stack, []int{5, 6}) || !slices.Equal(w.certain, []int{5}) {
		t.Errorf("%+v", w)
	}
}

func TestPercentile(t *testing.T) {
	values := make([]int, 100)
	for i := range values {
		values[i] = 100 - i // 1 to 100
	}
	for percent, want := range map[int]int{50: 50, 95: 95, 99: 99, 100: 100, 0: 1} {
		if got := percentile(values, percent); got != want {
			t.Errorf("percentile %d is %d, not %d", percent, got, want)
		}
	}
	if percentile(nil, 50) != 0 || percentile([]int{7}, 95) != 7 {
		t.Error("of few values")
	}
}
