package pipeline

import (
	"runtime"
	"slices"
	"testing"
)

func TestAhead(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for _, n := range []int{0, 1, 63, 64, 65, 5000} {
		want := make([]int, n)
		for i := range want {
			want[i] = i
		}
		if got := slices.Collect(ahead(slices.Values(want))); !slices.Equal(got, want) {
			t.Errorf("%d values became %d", n, len(got))
		}
		for range ahead(slices.Values(want)) {
			break // whoever makes them ends
		}
	}
}
