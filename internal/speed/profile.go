//go:build linux

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/internal/cli"
)

// profiling names the file that a run of this program, as sniffid, writes its profile to.
const profiling = "SNIFFID_SPEED_PROFILE"

// profiled runs as sniffid with the given arguments and writes a processor profile.
func profiled(path string, args []string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	// The sandbox does not let the profiler's timer stop.
	status := cli.Run(append([]string{"--no-sandbox"}, args...), os.Stdin, io.Discard, os.Stderr)
	pprof.StopCPUProfile()
	if status != 0 {
		return fmt.Errorf("exit status %d", status)
	}
	return f.Close()
}

// share is a part of the time, in percent.
type share struct {
	of      string
	percent float64
}

// profile measures which packages the time goes to, and which functions, on one processor.
func (c *config) profile(t *table) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path := filepath.Join(filepath.Dir(c.many), "profile")
	p := c.reads(c.many)
	p.args[0] = self
	p.env = append(p.env, profiling+"="+path)
	if _, err := p.run(); err != nil {
		return err
	}
	list := exec.Command("go", "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", self, path)
	var out, problems bytes.Buffer
	list.Stdout, list.Stderr = &out, &problems
	if err := list.Run(); err != nil {
		return fmt.Errorf("go tool pprof: %w\n%s", err, &problems)
	}
	t.packages, t.functions = shares(out.String())
	return nil
}

// row is a function in what pprof -top prints: its own time, and that with what it calls.
var row = regexp.MustCompile(`(?m)^\s*[0-9.]+m?s\s+([0-9.]+)%\s+[0-9.]+%\s+[0-9.]+m?s\s+([0-9.]+)%\s+(.+?)(?: \(inline\))?$`)

// shares sums up what pprof -top prints: the own time of packages, and of the project's
// functions the time with what they call.
func shares(top string) (packages, functions []share) {
	own := make(map[string]float64)
	for _, m := range row.FindAllStringSubmatch(top, -1) {
		flat, _ := strconv.ParseFloat(m[1], 64) // the expression lets only numbers through
		with, _ := strconv.ParseFloat(m[2], 64)
		name, ours := strings.CutPrefix(generic.ReplaceAllString(m[3], ""), module)
		own[packageOf(name, ours)] += flat
		if ours {
			functions = append(functions, share{name, with})
		}
	}
	for name, percent := range own {
		packages = append(packages, share{name, percent})
	}
	return largest(packages, 12), largest(functions, 25)
}

const module = "github.com/sniffid/sniffid/"

// generic is what generic functions have besides their name.
var generic = regexp.MustCompile(`\[go\.shape\..*\]`)

// packageOf is the package of a function; Go's runtime is one.
func packageOf(name string, ours bool) string {
	slash := strings.LastIndexByte(name, '/') + 1
	pkg := name
	if dot := strings.IndexByte(name[slash:], '.'); dot >= 0 {
		pkg = name[:slash+dot]
	}
	switch {
	case ours:
	case strings.HasPrefix(pkg, "internal/runtime/syscall"), pkg == "syscall":
		return "the kernel"
	case pkg == "runtime", strings.HasPrefix(pkg, "internal/"), pkg == "memeqbody", pkg == "indexbytebody":
		return "Go's runtime"
	default:
		return "other libraries"
	}
	return pkg
}

func largest(list []share, n int) []share {
	slices.SortFunc(list, func(a, b share) int { return cmp.Or(cmp.Compare(b.percent, a.percent), cmp.Compare(a.of, b.of)) })
	return list[:min(n, len(list))]
}
