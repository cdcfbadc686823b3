package pipeline

import (
	"iter"
	"runtime"
)

// ahead makes the values of a sequence in a goroutine of its own, some before they are
// asked for.
func ahead[T any](seq iter.Seq[T]) iter.Seq[T] {
	if runtime.GOMAXPROCS(0) == 1 {
		return seq
	}
	const values, batches = 64, 8
	return func(yield func(T) bool) {
		made := make(chan []T, batches)
		enough := make(chan struct{})
		defer close(enough)
		go func() {
			defer close(made)
			var batch []T
			for v := range seq {
				if batch = append(batch, v); len(batch) < values {
					continue
				}
				select {
				case made <- batch:
					batch = nil
				case <-enough:
					return
				}
			}
			select {
			case made <- batch:
			case <-enough:
			}
		}()
		for batch := range made {
			for i := range batch {
				if !yield(batch[i]) {
					return
				}
			}
		}
	}
}
