//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// Growth that is none: of the memory, as a ratio, and of descriptors and threads.
const (
	growth = 1.10
	more   = 4
)

// result is what came of a run.
type result struct {
	rows  []row
	wrong []string // ports
}

type row struct {
	what, value string
	bad         bool
}

func (r *result) add(bad bool, what, format string, args ...any) {
	r.rows = append(r.rows, row{what, fmt.Sprintf(format, args...), bad})
}

func (r *result) met() bool {
	return len(r.wrong) == 0 && !slices.ContainsFunc(r.rows, func(x row) bool { return x.bad })
}

// judge compares what sniffid said with what was sent, and its end with its beginning.
func judge(s *sniffid, templates []template, sent *tally, took time.Duration) *result {
	r := &result{}
	sum := &s.summary
	r.add(false, "time", "%v", took.Round(time.Second))
	r.add(false, "packets sent", "%d, %.0f a second", sent.packets, float64(sent.packets)/took.Seconds())
	r.add(false, "flows sent", "%d, %.0f a second", sent.flows, float64(sent.flows)/took.Seconds())
	r.add(sum.Packets+sum.Dropped != sent.packets, "packets seen, and dropped by the kernel", "%d, %d: %.2f %%",
		sum.Packets, sum.Dropped, 100*float64(sum.Dropped)/float64(sent.packets))
	r.add(false, "flows seen, and given up early", "%d, %d", sum.Flows, sum.Evicted)
	r.add(sum.Failures > 0, "flows whose dissector failed", "%d", sum.Failures)
	r.memory(s.samples)
	r.names(s, templates)
	return r
}

// memory compares the medians of two stretches: after the first tenth, and at the end.
func (r *result) memory(samples []sample) {
	n := len(samples)
	if n < 20 {
		r.add(true, "memory", "%d samples are too few", n)
		return
	}
	middle := func(part []sample, of func(*sample) uint64) uint64 {
		var all []uint64
		for i := range part {
			all = append(all, of(&part[i]))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	early, late := samples[n/10:n/10+n/5], samples[n-n/5:]
	rss := func(x *sample) uint64 { return x.rss }
	a, b := middle(early, rss), middle(late, rss)
	r.add(float64(b) > growth*float64(a), "memory after a tenth of the time, at the end", "%d MiB, %d MiB", a>>20, b>>20)
	r.add(false, "most memory", "%d MiB", slices.MaxFunc(samples, func(a, b sample) int { return int(a.rss>>10) - int(b.rss>>10) }).rss>>20)
	for what, of := range map[string]func(*sample) uint64{
		"descriptors": func(x *sample) uint64 { return uint64(x.files) },
		"threads":     func(x *sample) uint64 { return uint64(x.thread) },
	} {
		a, b := middle(early, of), middle(late, of)
		r.add(b > a+more, what+" after a tenth of the time, at the end", "%d, %d", a, b)
	}
	last := &samples[n-1]
	r.add(false, "processor time", "%.0f %% of a core", 100*last.cpu.Seconds()/last.at.Seconds())
}

// names compares the names of the ports and of the flows.
func (r *result) names(s *sniffid, templates []template) {
	var right, less, other uint64
	want := map[uint16]string{downloadPort: "http"}
	for i := range templates {
		want[templates[i].port] = templates[i].stack
	}
	for _, port := range slices.Sorted(maps.Keys(want)) {
		for stack, n := range s.flows[port] {
			switch {
			case stack == want[port]:
				right += n
			case stack == "" || strings.HasPrefix(want[port], stack+" "):
				less += n
			default:
				other += n
			}
		}
		if got := s.ports[port]; got != want[port] {
			r.wrong = append(r.wrong, fmt.Sprintf("port %d is %q, not %q: %v", port, got, want[port], s.flows[port]))
		}
	}
	all := float64(max(1, right+less+other))
	r.add(false, "flows with their name", "%d: %.3f %%", right, 100*float64(right)/all)
	r.add(false, "flows with a part of their name, or none", "%d: %.3f %%", less, 100*float64(less)/all)
	r.add(false, "flows with another name", "%d: %.3f %%", other, 100*float64(other)/all)
	r.add(len(r.wrong) > 0, "ports with their name", "%d of %d", len(want)-len(r.wrong), len(want))
}

func (r *result) print(w io.Writer) {
	for _, x := range r.rows {
		mark := " "
		if x.bad {
			mark = "✗"
		}
		fmt.Fprintf(w, "%s %-50s %s\n", mark, x.what, x.value)
	}
	for _, x := range r.wrong {
		fmt.Fprintln(w, "✗", x)
	}
}

const pageHead = `<!-- Written by "make load"; do not edit. -->
# Under load

sniffid on a wire that is as busy as the machine can make it, with two processors for the sender, the reader of the records and sniffid itself, as measured by

    make load

A new flow begins each millisecond: the examples of all signatures in turn, each on a port that says nothing. In between, packets of 64 long flows are sent as
fast as one processor can.

| what | figure |
| --- | --- |
`

func (r *result) write(path string) error {
	var b bytes.Buffer
	b.WriteString(pageHead)
	for _, x := range r.rows {
		bad := ""
		if x.bad {
			bad = " **(not met)**"
		}
		fmt.Fprintf(&b, "| %s | %s%s |\n", x.what, x.value, bad)
	}
	for _, x := range r.wrong {
		fmt.Fprintf(&b, "\nWrong: %s\n", x)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
