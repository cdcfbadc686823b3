//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// What a check measures, and how often: short runs, many of them.
const (
	enoughToCheck = 300_000
	checkRounds   = 7
)

// slack is how much of a ratio may be missing before it is no noise: the ratio's median
// over the rounds differs by less from one check to the next.
const slack = 0.7

// usual are the ratios to ndpiReader's speed that a check found on the captures of the
// tests, when they were last looked at.
var usual = [...]struct {
	name  string
	file  func(*config) string
	ratio float64
}{
	{"few flows", func(c *config) string { return c.long }, 0.26},
	{"many flows", func(c *config) string { return c.many }, 0.74},
}

// errSlow says that sniffid has become slow.
var errSlow = errors.New("sniffid is slower beside ndpiReader than it was")

// compare measures the ratios and compares them with the usual ones. Each round has a
// ratio of its own: what the machine does besides falls on both programs.
func (c *config) compare(w io.Writer) error {
	var slow error
	for _, u := range usual {
		file := u.file(c)
		ours, peer := c.reads(file), ndpi(file)
		var ratios []float64
		for range checkRounds {
			m, err := turns(1, ours, peer)
			if err != nil {
				return err
			}
			ratios = append(ratios, float64(m[1].cpu)/float64(m[0].cpu))
		}
		slices.Sort(ratios)
		ratio := ratios[len(ratios)/2]
		fmt.Fprintf(w, "%s: %.2f times as fast as ndpiReader (%.2f to %.2f), usually %.2f\n",
			u.name, ratio, ratios[0], ratios[len(ratios)-1], u.ratio)
		if ratio < slack*u.ratio {
			slow = errSlow
		}
	}
	return slow
}
