package pipeline

import (
	"iter"
	"runtime"
)

// batch is a part of a sequence on its way through f.
type batch[A, B any] struct {
	in   []A
	out  []B
	done chan struct{} // closed when out is complete
}

// ahead makes what f makes of the values of a sequence, in their order, in goroutines of
// its own and some before they are asked for. Values for which f returns false are left
// out.
func ahead[A, B any](seq iter.Seq[A], f func(A) (B, bool)) iter.Seq[B] {
	workers := runtime.GOMAXPROCS(0)
	return func(yield func(B) bool) {
		if workers == 1 {
			for a := range seq {
				if b, ok := f(a); ok && !yield(b) {
					return
				}
			}
			return
		}
		todo := make(chan *batch[A, B], workers)
		order := make(chan *batch[A, B], 2*workers)
		enough := make(chan struct{})
		defer func() { // nobody reads the sequence afterwards
			close(enough)
			for range order {
			}
		}()
		go deal(seq, todo, order, enough)
		for range workers {
			go func() {
				for b := range todo {
					for _, a := range b.in {
						if v, ok := f(a); ok {
							b.out = append(b.out, v)
						}
					}
					close(b.done)
				}
			}()
		}
		for b := range order {
			<-b.done
			for i := range b.out {
				if !yield(b.out[i]) {
					return
				}
			}
		}
	}
}

// deal sends the values of a sequence in batches, until enough is closed.
func deal[A, B any](seq iter.Seq[A], todo, order chan<- *batch[A, B], enough <-chan struct{}) {
	defer close(order)
	defer close(todo)
	const values = 64
	b := new(batch[A, B])
	send := func() bool {
		b.done = make(chan struct{})
		select {
		case order <- b:
			todo <- b
			b = new(batch[A, B])
			return true
		case <-enough:
			return false
		}
	}
	for a := range seq {
		if b.in = append(b.in, a); len(b.in) == values && !send() {
			return
		}
	}
	send()
}
