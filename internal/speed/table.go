//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// table gathers figures with the bars that they are held to.
type table struct {
	figures []figure
	// packages and functions have the largest shares of the time, in percent.
	packages, functions []share
}

type figure struct {
	name, value, bar string
	met              bool
}

func (t *table) info(name, value string) {
	t.figures = append(t.figures, figure{name, value, "", true})
}

func (t *table) atLeast(name string, value, bar float64) {
	t.figures = append(t.figures, figure{name, fmt.Sprintf("%.2f", value), fmt.Sprintf("≥ %g", bar), value >= bar})
}

func (t *table) atMost(name string, value, bar float64) {
	t.figures = append(t.figures, figure{name, fmt.Sprintf("%.2f", value), fmt.Sprintf("≤ %g", bar), value <= bar})
}

func perPacket(r run, packets int) string { return fmt.Sprint(int(r.wall) / packets) }

func megabytes(r run) string { return fmt.Sprintf("%d MB", r.rss>>20) }

func (t *table) print(w io.Writer) {
	for _, f := range t.figures {
		mark := " "
		if !f.met {
			mark = "✗"
		}
		fmt.Fprintf(w, "%s %-64s %-10s %s\n", mark, f.name, f.value, f.bar)
	}
}

const pageHead = `<!-- Written by "make speed"; do not edit. -->
# Speed

How fast captures are read, as measured by

    make speed CORPUS=DIR

beside ndpiReader (libndpi-bin 4.2) and tshark in the same run. Of the captures in DIR and in testdata/pcaps two large ones are made: one has the same flows again
and again, which are decided anew after an hour of silence or a new handshake, the other has other addresses, and so new flows, in each repetition. Each program is a whole
process that begins and ends, on one processor, with the file in the page cache; they take turns, and medians of the wall-clock times are compared. sniffid has all its
signatures and writes every flow as JSON. What is not met is said to be so: these figures are to be worked on.

| what | figure | bar | met |
| --- | ---: | ---: | --- |
`

const profileHead = `
## Where the time goes

The processor profile of the many flows, on one processor, by package, without what it calls:

| package | percent |
| --- | ---: |
`

const functionHead = `
The project's functions, with what they call:

| function | percent |
| --- | ---: |
`

// write writes the table as a page of the documentation.
func (t *table) write(path string) error {
	var b bytes.Buffer
	b.WriteString(pageHead)
	for _, f := range t.figures {
		met := ""
		switch {
		case f.bar != "" && f.met:
			met = "yes"
		case f.bar != "":
			met = "**no**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.name, f.value, f.bar, met)
	}
	b.WriteString(profileHead)
	for _, s := range t.packages {
		fmt.Fprintf(&b, "| %s | %.1f |\n", s.of, s.percent)
	}
	b.WriteString(functionHead)
	for _, s := range t.functions {
		fmt.Fprintf(&b, "| `%s` | %.1f |\n", s.of, s.percent)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
