package dissect

import "sync"

// store is the memory of a half, lent while the half has bytes.
type store struct {
	buf   []byte
	class int8 // of size; -1: too large to be kept
}

// stores lends out memory in a few sizes, so that a long half does not leave its memory
// to a short one: all that is lent together is at most four times what is in use.
type stores [4]sync.Pool

// storeSize is the size of a store of the first class, in bytes; each further class has
// four times that.
const storeSize = 256

// get returns a store of at least n bytes.
func (s *stores) get(n int) *store {
	size := storeSize
	for class := range s {
		if n > size {
			size *= 4
			continue
		}
		if x, ok := s[class].Get().(*store); ok {
			return x
		}
		return &store{make([]byte, 0, size), int8(class)}
	}
	return &store{make([]byte, 0, n), -1}
}

// put takes a store back; nil is nothing.
func (s *stores) put(x *store) {
	if x != nil && x.class >= 0 {
		s[x.class].Put(x)
	}
}
