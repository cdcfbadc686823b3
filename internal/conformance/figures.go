package main

import "fmt"

func ratio(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func atLeast(name string, value, bar float64) figure {
	return figure{name, fmt.Sprintf("%.4f", value), fmt.Sprintf("≥ %g", bar), value >= bar}
}

func exactly(name string, value, bar int) figure {
	return figure{name, fmt.Sprint(value), fmt.Sprint(bar), value == bar}
}

// below is a rate: n of so many, to stay under one in bar.
func below(name string, n, of int, bar float64) figure {
	return figure{name, fmt.Sprintf("%d of %d", n, of), fmt.Sprintf("< %g", bar), ratio(n, of) < bar}
}

func atMost(name string, value, bar int) figure {
	return figure{name, fmt.Sprint(value), fmt.Sprintf("≤ %d", bar), value <= bar}
}

// spread is the median and what 95 and 99 of 100 values do not exceed.
func spread(values []int) string {
	return fmt.Sprintf("%d, %d, %d", percentile(values, 50), percentile(values, 95), percentile(values, 99))
}

func info(name string, value any) figure { return figure{name, fmt.Sprint(value), "", true} }
