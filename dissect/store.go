package dissect

import "sync"

// store is the memory of a half, lent while the half has bytes.
type store struct {
	buf   []byte
	class int8 // of size; -1: too large to be kept
}

// stores lends out memory in a few sizes, so that a long half does not leave its memory
// to a short one: all that is lent together is at most four times what is in use. A
// collection of garbage leaves it what it has for others, which is bounded. It is safe for
// concurrent use.
type stores struct {
	mu   sync.Mutex
	free [len(storeSizes)][]*store // by class
}

// storeSizes are the sizes of the classes, in bytes.
var storeSizes = [...]int{256, 1 << 10, 4 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10}

// maxFree is how many bytes of a class are kept for others.
const maxFree = 1 << 20

// get returns a store of at least n bytes.
func (s *stores) get(n int) *store {
	class := 0
	for class < len(storeSizes) && n > storeSizes[class] {
		class++
	}
	if class == len(storeSizes) {
		return &store{make([]byte, 0, n+n/4), -1} // a half that grows and grows is copied now and then
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	free := &s.free[class]
	if last := len(*free) - 1; last >= 0 {
		x := (*free)[last]
		*free = (*free)[:last]
		return x
	}
	return &store{make([]byte, 0, storeSizes[class]), int8(class)}
}

// put takes a store back; nil is nothing.
func (s *stores) put(x *store) {
	if x == nil || x.class < 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if free := &s.free[x.class]; len(*free)*cap(x.buf) < maxFree {
		*free = append(*free, x)
	}
}
