package main

import (
	_ "embed"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sniffid/sniffid/internal/pipeline"
)

// sameTable lists names that label the same bytes: name, then the one that it
// is counted as.
//
//go:embed same.tsv
var sameTable string

// disputedTable lists labels that the bytes contradict: file, transport, an
// end, the other end, the label, and what the bytes are.
//
//go:embed disputed.tsv
var disputedTable string

// rows splits a table of tab-separated columns; lines that begin with # are comments.
func rows(table string) (out [][]string) {
	for line := range strings.Lines(table) {
		if line = strings.TrimRight(line, "\n"); line != "" && line[0] != '#' {
			out = append(out, strings.Split(line, "\t"))
		}
	}
	return out
}

// synonyms maps a name to the one it is counted as.
func synonyms() map[string]string {
	same := make(map[string]string)
	for _, r := range rows(sameTable) {
		same[r[0]] = r[1]
	}
	return same
}

// score counts how labels were met.
type score struct {
	labelled, hit, full, wrong, missed int
	negatives, falseClaims             int // flows without payload, and names claimed for them
	perLabel                           map[string][2]int
	disputed                           int // wrong, missed or false, and listed as disputed
	complaints                         []string
	seen                               map[string]bool // rows of the disputed list that were met
}

// labels scores the answers on the labelled captures.
func (s *suite) labels() ([]figure, error) {
	total := &score{perLabel: make(map[string][2]int), seen: make(map[string]bool)}
	same := synonyms()
	disputed := make(map[string]string)
	for _, r := range rows(disputedTable) {
		disputed[strings.Join(r[:4], "\t")] = r[5]
	}
	var mu sync.Mutex
	err := s.each(func(c *corpus, file string) error {
		flows, err := s.identify(filepath.Join(c.dir, file), nil)
		mu.Lock()
		defer mu.Unlock()
		total.count(file, c.truth[file], flows, same, disputed)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(total.complaints)
	s.complain("labels not met", total.complaints)
	return total.figures(), nil
}

// count compares the flows of one capture with their labels.
func (t *score) count(file string, truth map[flowKey][]string, flows []*pipeline.Flow, same, disputed map[string]string) {
	canon := func(p string) string {
		p = strings.ToLower(p)
		if q, ok := same[p]; ok {
			return q
		}
		return p
	}
	claimed := make(map[flowKey]map[string]bool)
	for _, f := range flows {
		k := keyOf(f)
		if claimed[k] == nil {
			claimed[k] = make(map[string]bool)
		}
		for _, p := range f.Answer.Protocols {
			claimed[k][canon(p)] = true
		}
	}
	for k, labels := range truth {
		got := claimed[k]
		want := make(map[string]bool)
		for _, l := range labels {
			want[canon(l)] = true
		}
		verdict := ""
		if len(want) == 0 {
			t.negatives++
			if len(got) > 0 {
				t.falseClaims++
				verdict = "false "
			}
		} else {
			t.labelled++
			hits := 0
			for w := range want {
				n := t.perLabel[w]
				n[1]++
				if got[w] {
					hits++
					n[0]++
				}
				t.perLabel[w] = n
			}
			if hits == len(want) {
				t.full++
			}
			switch {
			case hits > 0:
				t.hit++
			case len(got) > 0:
				t.wrong++
				verdict = "wrong "
			default:
				t.missed++
				verdict = "missed"
			}
		}
		if verdict == "" {
			continue
		}
		note := ""
		row := strings.Join([]string{file, k.transport, k.a.String(), k.b.String()}, "\t")
		if why, ok := disputed[row]; ok {
			t.disputed++
			note = " (disputed: " + why + ")"
		}
		t.complaints = append(t.complaints, fmt.Sprintf("%s %s %s: labelled %s, got %s%s", verdict, file, k,
			orDash(slices.Sorted(maps.Keys(want))), orDash(slices.Sorted(maps.Keys(got))), note))
	}
}

func orDash(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ",")
}

func (t *score) figures() []figure {
	recall := ratio(t.hit, t.labelled)
	precision := ratio(t.hit, t.hit+t.wrong+t.falseClaims)
	macro, never := 0.0, []string{}
	for _, l := range slices.Sorted(maps.Keys(t.perLabel)) {
		n := t.perLabel[l]
		macro += ratio(n[0], n[1])
		if n[0] == 0 {
			never = append(never, l)
		}
	}
	macro /= float64(max(1, len(t.perLabel)))
	out := []figure{
		info("labelled flows", t.labelled),
		atLeast("recall", recall, 0.995),
		atLeast("recall, mean over labels", macro, 0.98),
		atLeast("precision", precision, 0.9995),
		info("whole stack named", fmt.Sprintf("%.4f", ratio(t.full, t.labelled))),
		info("wrong labels", t.wrong),
		exactly("names on flows without payload", t.falseClaims, 0),
		info("labels not met that the bytes contradict", fmt.Sprintf("%d of %d", t.disputed, t.wrong+t.missed+t.falseClaims)),
	}
	if len(never) > 0 {
		out = append(out, info("labels never named", strings.Join(never, " ")))
	}
	return out
}

// ownCaptures holds the captures that come with the source to their exact stacks.
func (s *suite) ownCaptures() ([]figure, error) {
	failures, flows, err := s.ownFailures()
	if err != nil {
		return nil, err
	}
	s.complain("own captures", failures)
	return []figure{
		info("flows of own captures", flows),
		exactly("own flows with another stack than written down", len(failures), 0),
	}, nil
}

func (s *suite) ownFailures() (failures []string, count int, err error) {
	for _, file := range s.own.files() {
		flows, err := s.identify(filepath.Join(s.own.dir, file), nil)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", file, err)
		}
		want := maps.Clone(s.own.truth[file])
		for k, stack := range stacks(flows) {
			count++
			if label, ok := want[k]; !ok || label == nil && stack != "" || strings.Join(label, ",") != stack {
				failures = append(failures, fmt.Sprintf("%s %s: %s instead of %s", file, k, orDash([]string{stack}), orDash(label)))
			}
			delete(want, k)
		}
		for k := range want {
			failures = append(failures, fmt.Sprintf("%s %s: no such flow", file, k))
		}
	}
	return failures, count, nil
}

// stacks joins the stacks of each pair of ends that has ports; of several flows
// between the same ends the first that was named counts.
func stacks(flows []*pipeline.Flow) map[flowKey]string {
	out := make(map[flowKey]string)
	for _, f := range flows {
		if k := keyOf(f); f.HasPorts() && out[k] == "" {
			out[k] = strings.Join(f.Answer.Protocols, ",")
		}
	}
	return out
}
