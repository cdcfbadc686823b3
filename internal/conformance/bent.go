package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// comparison counts what became of the answers of flows that were bent.
type comparison struct {
	mu                              sync.Mutex
	flows, same, lost, less, others int
	complaints                      []string
}

// add compares the stack that a flow had with the one it has now. A stack of
// which some layers are left is less; one with a layer that was not there before
// is another.
func (c *comparison) add(file string, k flowKey, before, after []string) {
	c.flows++
	verdict := ""
	switch {
	case slices.Equal(before, after):
		c.same++
		return
	case len(after) == 0:
		c.lost++
		verdict = "lost"
	case subset(after, before):
		c.less++
		verdict = "less"
	default:
		c.others++
		verdict = "another"
	}
	c.complaints = append(c.complaints, fmt.Sprintf("%-7s %s %s: %s, then %s", verdict, file, k, orDash(before), orDash(after)))
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(p string) bool { return !slices.Contains(b, p) })
}

func (c *comparison) report(s *suite, heading string) {
	slices.Sort(c.complaints)
	s.complain(heading, c.complaints)
}

// chance returns a file's own source of random choices.
func (s *suite) chance(file string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(file))
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}

// byKey groups flows by their ends, in order.
func byKey(flows []*pipeline.Flow) map[flowKey][]*pipeline.Flow {
	out := make(map[flowKey][]*pipeline.Flow)
	for _, f := range flows {
		out[keyOf(f)] = append(out[keyOf(f)], f)
	}
	return out
}

// announced reports whether a part of the answer comes from another flow, which
// named it by its port.
func announced(f *pipeline.Flow) bool {
	return slices.ContainsFunc(f.Answer.Evidence, func(e dissect.Evidence) bool { return e.Confidence == dissect.Expected }) ||
		f.Answer.Confidence == dissect.Expected
}

// bend runs every capture as it is and reshaped, and compares the named flows
// that may choose; where key is not nil it says under which ends the reshaped
// flow goes.
func (s *suite) bend(total *comparison, shaper func(file string) (shape reshape, key func(flowKey) flowKey), may func(*pipeline.Flow) bool) error {
	return s.each(func(c *corpus, file string) error {
		path := filepath.Join(c.dir, file)
		before, err := s.identify(path, nil)
		if err != nil {
			return err
		}
		shape, key := shaper(file)
		after, err := s.identify(path, shape)
		if err != nil {
			return err
		}
		bent := byKey(after)
		total.mu.Lock()
		defer total.mu.Unlock()
		for k, flows := range byKey(before) {
			other := k
			if key != nil {
				other = key(k)
			}
			for i, f := range flows {
				if len(f.Answer.Protocols) == 0 || !f.HasPorts() || !may(f) {
					continue
				}
				var stack []string
				if i < len(bent[other]) {
					stack = bent[other][i].Answer.Protocols
				}
				total.add(file, k, f.Answer.Protocols, stack)
			}
		}
		return nil
	})
}
