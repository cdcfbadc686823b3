package regex

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// Expressions that make others backtrack, and automata grow, cost time in proportion to
// the input, and memory within a bound.
func TestCost(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(letters string, n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	for expr, text := range map[string]func(n int) string{
		`(a*)*b`:                         func(n int) string { return strings.Repeat("a", n) },
		`(a|a|aa)+$`:                     func(n int) string { return strings.Repeat("a", n) + "!" },
		`^(([a-z])+.)+[A-Z]([a-z])+$`:    func(n int) string { return strings.Repeat("a", n) },
		`(.*)(.*)(.*)(.*)(.*)x`:          func(n int) string { return strings.Repeat("y", n) },
		`(a|b)*a(a|b){12}c`:              func(n int) string { return random("ab", n) }, // 8,192 states
		`([0-9a-f]{2}:){1,50}zz`:         func(n int) string { return strings.Repeat("0f:", n/3) },
		`(\w+\s?)*;`:                     func(n int) string { return random("ab ", n) },
		`x?x?x?x?x?x?x?x?xxxxxxxx(x|y)z`: func(n int) string { return strings.Repeat("x", n) },
	} {
		re, err := Compile(expr, false, true)
		if err != nil {
			t.Fatal(err)
		}
		search := re.Search()
		cost := func(n int) time.Duration {
			b := []byte(text(n))
			var all []time.Duration
			for range 3 {
				begin := time.Now()
				re.Match(b, true)
				search.Test(b)
				all = append(all, time.Since(begin))
			}
			return slices.Min(all)
		}
		cost(1000) // what is built once
		const n = 20_000
		if once, more := cost(n), cost(8*n); more > 8*5*once+20*time.Millisecond {
			t.Errorf("%s: %v for %d bytes, %v for %d", expr, once, n, more, 8*n)
		}
		if len(re.cache) > maxStates || len(search.cache) > maxStates {
			t.Errorf("%s: %d and %d states", expr, len(re.cache), len(search.cache))
		}
	}
}
