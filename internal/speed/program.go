//go:build linux

package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// run is what one run of a program cost.
type run struct {
	wall time.Duration
	cpu  time.Duration // of the processor, in the program and for it
	rss  int64         // at its peak, bytes
	out  digest
	err  []byte // standard error
}

// program is a command line with what it may use.
type program struct {
	args  []string
	cores string // of taskset, "0" or "0,1"
	env   []string
}

// digest is what is kept of an output. All of it would count as the program's memory:
// what a process begins with is its parent's.
type digest struct {
	sum  [sha256.Size]byte
	last string // line
}

func (p *program) run() (run, error) {
	cmd := exec.Command("taskset", append([]string{"-c", p.cores}, p.args...)...)
	cmd.Env = append(os.Environ(), p.env...)
	var errs bytes.Buffer
	out, err := os.CreateTemp("", "speed")
	if err != nil {
		return run{}, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, &errs
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return run{}, fmt.Errorf("%v: %w\n%s", p.args, err, errs.Bytes())
	}
	r := run{wall: time.Since(begin), err: errs.Bytes(), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if r.out, err = read(out); err != nil {
		return run{}, err
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.rss = usage.Maxrss << 10
	}
	return r, nil
}

func read(out *os.File) (d digest, err error) {
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return d, err
	}
	sum := sha256.New()
	lines := bufio.NewScanner(io.TeeReader(out, sum))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		d.last = lines.Text()
	}
	copy(d.sum[:], sum.Sum(nil))
	return d, lines.Err()
}

// turns runs programs one after the other, so often, and returns the medians of each.
func turns(rounds int, programs ...*program) ([]run, error) {
	all := make([][]run, len(programs))
	for range rounds {
		for i, p := range programs {
			r, err := p.run()
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], r)
		}
	}
	medians := make([]run, len(programs))
	for i, runs := range all {
		slices.SortFunc(runs, func(a, b run) int { return int(a.wall - b.wall) })
		medians[i] = runs[len(runs)/2]
	}
	return medians, nil
}

// reads is sniffid reading a capture on one processor.
func (c *config) reads(file string) *program {
	return &program{args: []string{c.sniffid, "-r", file, "--format", "json"}, cores: "0", env: []string{"GOMAXPROCS=1"}}
}

// ndpi is ndpiReader doing the same.
func ndpi(file string) *program {
	return &program{args: []string{"ndpiReader", "-q", "-i", file}, cores: "0"}
}
