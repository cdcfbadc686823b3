package main

import (
	"fmt"
	"slices"
	"sync"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/signatures"
)

// crossfire puts every example of every protocol before every other signature
// alone, with nobody to outweigh it: it must not name what is not its own. Where
// a precedence is stated, that is what the two settle between them.
func (s *suite) crossfire() ([]figure, error) {
	hits, tried, err := s.unexpected()
	if err != nil {
		return nil, err
	}
	s.complain("signatures that name another protocol's example", hits)
	return []figure{
		info("signatures", len(s.set.Files())),
		info("examples put before signatures of other protocols", tried),
		exactly("unexpected hits", len(hits), 0),
	}, nil
}

func (s *suite) unexpected() (hits []string, tried int, err error) {
	byName := make(map[string]dissect.Protocol)
	for _, p := range s.set.Protocols() {
		p.Above = nil // the others are not there
		byName[p.Name] = p
	}
	var examples []*shot
	for _, f := range s.set.Files() {
		list, err := f.Examples()
		if err != nil {
			return nil, 0, err
		}
		for _, e := range list {
			if e.Exchange == nil {
				continue
			}
			x := &shot{Example: e, stack: e.Protocols}
			if x.stack == nil { // a near miss that does not say what it is
				out, err := signatures.EngineRunner{Engine: s.engine}.Run(e)
				if err != nil {
					return nil, 0, err
				}
				x.stack = out.Identification.Protocols
			}
			examples = append(examples, x)
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	files := make(chan *signatures.File)
	for range 2 {
		wg.Go(func() {
			for f := range files {
				h, n, e := against(f, byName, examples)
				mu.Lock()
				hits, tried = append(hits, h...), tried+n
				if e != nil {
					err = e
				}
				mu.Unlock()
			}
		})
	}
	for _, f := range s.set.Files() {
		files <- f
	}
	close(files)
	wg.Wait()
	slices.Sort(hits)
	return hits, tried, err
}

// against runs the examples of others against the signature of f and of what
// carries it.
func against(f *signatures.File, byName map[string]dissect.Protocol, examples []*shot) (hits []string, tried int, err error) {
	names := []string{f.Protocol}
	for i := 0; i < len(names); i++ {
		for _, o := range byName[names[i]].Over {
			if _, ok := byName[o]; ok && !slices.Contains(names, o) {
				names = append(names, o)
			}
		}
	}
	var protocols []dissect.Protocol
	for _, n := range names {
		protocols = append(protocols, byName[n])
	}
	engine, err := dissect.NewEngine(protocols, dissect.Config{})
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", f.Path, err)
	}
	runner := signatures.EngineRunner{Engine: engine}
	for _, e := range examples {
		if e.File == f {
			continue
		}
		tried++
		out, err := runner.Run(e.Example)
		if err != nil {
			return nil, 0, err
		}
		if !slices.Contains(out.Identification.Protocols, f.Protocol) || expected(f, e) {
			continue
		}
		hits = append(hits, fmt.Sprintf("%s: %s %q (%s), %s", f.Protocol, e.File.Protocol, e.Name, orDash(e.stack), out.Identification.Confidence))
	}
	return hits, tried, nil
}

// shot is an example with what it really is.
type shot struct {
	*signatures.Example
	stack []string
}

// expected reports whether f may name the example of another file: the example
// says so, or a precedence settles which of the two is named.
func expected(f *signatures.File, e *shot) bool {
	if slices.Contains(e.stack, f.Protocol) {
		return true
	}
	loses := func(to *signatures.File, name string) bool {
		return slices.ContainsFunc(to.Above, func(p signatures.Precedence) bool { return p.Protocol == name })
	}
	return loses(e.File, f.Protocol) || loses(f, e.File.Protocol)
}

// nearMisses runs every example and counterexample by all signatures together.
func (s *suite) nearMisses() ([]figure, error) {
	counter := 0
	for _, f := range s.set.Files() {
		list, err := f.Examples()
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if e.Counter {
				counter++
			}
		}
	}
	failures, err := signatures.RunExamples(s.set, signatures.EngineRunner{Engine: s.engine})
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, f := range failures {
		lines = append(lines, f.Error())
	}
	s.complain("examples", lines)
	return []figure{
		info("near misses", counter),
		exactly("examples and near misses with another answer", len(failures), 0),
	}, nil
}
