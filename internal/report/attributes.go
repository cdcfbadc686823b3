package report

import (
	"slices"
	"strings"

	"github.com/sniffid/sniffid/dissect"
)

// attributes are the facts of a flow, by name.
type attributes struct {
	names  []string // sorted
	values []string // of the names
	sorted []dissect.Attribute
}

// gather takes the facts of one flow, in place of those before. Facts of the same name
// are put together: the first value stands, and different ones are appended to it.
func (a *attributes) gather(list []dissect.Attribute) {
	a.names, a.values = a.names[:0], a.values[:0]
	a.sorted = append(a.sorted[:0], list...)
	slices.SortStableFunc(a.sorted, func(x, y dissect.Attribute) int { return strings.Compare(x.Name, y.Name) })
	for i, one := range a.sorted {
		same := a.sorted[:i]
		for len(same) > 0 && same[0].Name != one.Name {
			same = same[1:]
		}
		switch {
		case len(same) == 0:
			a.names = append(a.names, one.Name)
			a.values = append(a.values, one.Value)
		case !slices.ContainsFunc(same, func(b dissect.Attribute) bool { return b.Value == one.Value }):
			a.values[len(a.values)-1] += ", " + one.Value
		}
	}
}
