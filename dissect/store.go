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
	free [4][]*store // by class
}

// maxFree is how many bytes of a class are kept for others.
const maxFree = 1 << 20

// storeSize is the size of a store of the first class, in bytes; each further class has
// four times that.
const storeSize = 256

// get returns a store of at least n bytes.
func (s *stores) get(n int) *store {
	class, size := 0, storeSize
	for n > size {
		class, size = class+1, size*4
	}
	if class >= len(s.free) {
		return &store{make([]byte, 0, n), -1}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	free := &s.free[class]
	if last := len(*free) - 1; last >= 0 {
		x := (*free)[last]
		*free = (*free)[:last]
		return x
	}
	return &store{make([]byte, 0, size), int8(class)}
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
