package pipeline

import (
	"runtime"
	"slices"
	"testing"
)

func TestAhead(t *testing.T) {
	square := func(n int) (int, bool) { return n * n, n%3 != 0 }
	for _, processors := range []int{1, 2, 5} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		for _, n := range []int{0, 1, 63, 64, 65, 5000} {
			var values, want []int
			for i := range n {
				values = append(values, i)
				if v, ok := square(i); ok {
					want = append(want, v)
				}
			}
			if got := slices.Collect(ahead(slices.Values(values), square)); !slices.Equal(got, want) {
				t.Errorf("%d processors: %d values became %d", processors, n, len(got))
			}
			for range ahead(slices.Values(values), square) {
				break // whoever makes them ends
			}
		}
	}
}
