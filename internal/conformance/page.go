package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// writeRows prints figures for a person.
func writeRows(w io.Writer, figures []figure) {
	for _, f := range figures {
		mark := "  "
		if !f.Met {
			mark = "✗ "
		}
		bar := ""
		if f.Bar != "" {
			bar = "  (" + f.Bar + ")"
		}
		fmt.Fprintf(w, "%s%-78s %s%s\n", mark, f.Name, f.Value, bar)
	}
}

const pageHead = `<!-- Written by "make conformance"; do not edit. -->
# Conformance

How right the answers are, as measured by

    make conformance CORPUS=DIR

DIR is a folder of labelled captures: a ` + "`truth.tsv`" + ` with a line for each flow (file, transport, both ends, protocols), and the
captures beside it or in a folder ` + "`pcaps`" + `. Without CORPUS the captures of testdata/pcaps are taken. Continuous integration runs the same
command; a figure that misses its bar fails it.

What is measured, and what is not: labels are those of two other engines that agreed, so that they are evidence, not proof; those that the bytes contradict are
in [disputed.tsv](../internal/conformance/disputed.tsv) with what the bytes are, and count as what they are: not met. "Shuffled ports" gives every
port of a capture another number and leaves out flows whose label comes from an announcement, which names ports. "Random segments" cuts each TCP segment in up to five pieces, shuffles
them and sends a quarter of them twice. The packets to a label are those with payload, of both directions, from the first of the flow to the one after which it has the name that it keeps. "Named" of a flow that was cut or halved means that all layers that are named were named in the whole capture too.

`

// writePage writes the table as a page of the documentation.
func writePage(path string, s *suite, figures []figure) error {
	var b bytes.Buffer
	b.WriteString(pageHead)
	files := 0
	for _, c := range s.corpora {
		files += len(c.truth)
	}
	fmt.Fprintf(&b, "Measured with %d signatures on %d labelled captures.\n\n| what | figure | bar | met |\n| --- | ---: | ---: | --- |\n", len(s.set.Files()), files)
	for _, f := range figures {
		met := ""
		if f.Bar != "" {
			met = "yes"
			if !f.Met {
				met = "**no**"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.Name, f.Value, f.Bar, met)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
