// Command conformance measures how right the answers are: on labelled captures,
// on the same captures bent in ways that must not matter, on noise, and on every
// signature's examples put before every other signature.
//
//	conformance [flags]
//
// It prints a table of figures, each with the bar that it is held to, writes
// the same table to a page of the documentation, and exits with status 1 when
// a figure misses its bar. Labelled captures are folders with a truth.tsv (see
// [loadTruth]) and the capture files beside it or in its folder pcaps; without
// any, those that come with the source are used.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// check is one kind of measurement.
type check struct {
	name string
	run  func(*suite) ([]figure, error)
}

// checks are all, in the order of the table.
func checks() []check {
	return []check{
		{"labels", (*suite).labels},
		{"soon", (*suite).soon},
		{"ports", (*suite).shuffledPorts},
		{"segments", (*suite).segments},
		{"middle", (*suite).middle},
		{"oneway", (*suite).oneWay},
		{"crossfire", (*suite).crossfire},
		{"captures", (*suite).ownCaptures},
		{"nearmiss", (*suite).nearMisses},
		{"random", (*suite).random},
		{"streams", (*suite).streams},
	}
}

// figure is one row of the table.
type figure struct {
	Name  string
	Value string
	Bar   string // what Value has to reach; "" for a figure that only informs
	Met   bool
}

// suite is what the checks share.
type suite struct {
	set    *signatures.Set
	engine *dissect.Engine
	// corpora are the labelled captures.
	corpora []*corpus
	// own are the captures that come with the source.
	own *corpus
	// payloads is how many random payloads are made, seed what they are made from.
	payloads int
	seed     uint64
	// log receives what did not come out as it should, show how many lines of a kind.
	log  io.Writer
	show int
}

// complain prints up to s.show of the lines under a heading.
func (s *suite) complain(heading string, lines []string) {
	if len(lines) == 0 || s.show == 0 {
		return
	}
	fmt.Fprintf(s.log, "%s (%d):\n", heading, len(lines))
	for i, line := range lines {
		if i == s.show {
			fmt.Fprintf(s.log, "  … and %d more\n", len(lines)-i)
			break
		}
		fmt.Fprintln(s.log, "  "+line)
	}
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(stderr)
	corpora := flags.String("corpus", os.Getenv("SNIFFID_CORPUS"), "folders of labelled captures, separated by commas ($SNIFFID_CORPUS)")
	own := flags.String("own", "testdata/pcaps", "the captures that come with the source")
	only := flags.String("only", "", "the checks to run, separated by commas; empty: all")
	page := flags.String("write", "", "the page to write the table to")
	payloads := flags.Int("payloads", 1_000_000, "how many random payloads to make")
	seed := flags.Uint64("seed", 1, "what random choices begin from")
	show := flags.Int("show", 10, "how many lines of each kind of failure to print")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	s, err := newSuite(*own, *corpora)
	if err != nil {
		fmt.Fprintf(stderr, "conformance: %v\n", err)
		return 2
	}
	s.payloads, s.seed, s.log, s.show = *payloads, *seed, stderr, *show

	var figures []figure
	for _, c := range checks() {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), c.name) {
			continue
		}
		rows, err := c.run(s)
		if err != nil {
			fmt.Fprintf(stderr, "conformance: %s: %v\n", c.name, err)
			return 2
		}
		figures = append(figures, rows...)
		writeRows(stdout, rows)
	}
	if *page != "" {
		if err := writePage(*page, s, figures); err != nil {
			fmt.Fprintf(stderr, "conformance: %v\n", err)
			return 2
		}
	}
	if slices.ContainsFunc(figures, func(f figure) bool { return !f.Met }) {
		return 1
	}
	return 0
}

func newSuite(own, corpora string) (*suite, error) {
	set, err := signatures.Load(signatures.Builtin(), builtin.All())
	if err != nil {
		return nil, err
	}
	engine, err := dissect.NewEngine(set.Protocols(), dissect.Config{})
	if err != nil {
		return nil, err
	}
	s := &suite{set: set, engine: engine}
	if s.own, err = openCorpus(own); err != nil {
		return nil, err
	}
	for dir := range strings.SplitSeq(corpora, ",") {
		if dir == "" {
			continue
		}
		c, err := openCorpus(dir)
		if err != nil {
			return nil, err
		}
		s.corpora = append(s.corpora, c)
	}
	if len(s.corpora) == 0 {
		s.corpora = []*corpus{s.own}
	}
	return s, nil
}
