package machine

import (
	"bytes"

	"github.com/sniffid/sniffid/dissect/flow"
)

const (
	// remembered is how many values of a name and direction are kept.
	remembered = 8
	// maxRemembered is the longest string that is kept, in bytes.
	maxRemembered = 4096
)

// value is an integer or a string.
type value struct {
	n uint64
	b []byte
}

func (v value) equal(w value) bool { return v.n == w.n && bytes.Equal(v.b, w.b) }

// ring holds the last values of one name in one direction, the latest last.
type ring struct {
	values []value
	forgot bool   // older values were dropped
	clock  uint64 // of the latest
}

func (r *ring) find(v value) int {
	for i := range r.values {
		if r.values[i].equal(v) {
			return i
		}
	}
	return -1
}

func (r *ring) add(v value) {
	if i := r.find(v); i >= 0 {
		v = r.values[i]
		copy(r.values[i:], r.values[i+1:])
		r.values[len(r.values)-1] = v
		return
	}
	v.b = bytes.Clone(v.b)
	if len(r.values) == remembered {
		copy(r.values, r.values[1:])
		r.values[remembered-1] = v
		r.forgot = true
		return
	}
	r.values = append(r.values, v)
}

// memory is what a conversation remembers; the zero value is empty.
type memory struct {
	rings []ring // 2*name + direction
	clock uint64
}

// ring returns nil where nothing is remembered.
func (m *memory) ring(name int, d flow.Direction) *ring {
	i := 2*name + int(d)
	if i >= len(m.rings) || len(m.rings[i].values) == 0 {
		return nil
	}
	return &m.rings[i]
}

func (m *memory) add(names, name int, d flow.Direction, v value) {
	if len(v.b) > maxRemembered {
		return
	}
	if m.rings == nil {
		m.rings = make([]ring, 2*names)
	}
	m.clock++
	r := &m.rings[2*name+int(d)]
	r.add(v)
	r.clock = m.clock
}

// latest returns the value last remembered under a name by either direction.
func (m *memory) latest(name int) (value, bool) {
	var best *ring
	for _, d := range [...]flow.Direction{flow.FromClient, flow.FromServer} {
		if r := m.ring(name, d); r != nil && (best == nil || r.clock > best.clock) {
			best = r
		}
	}
	if best == nil {
		return value{}, false
	}
	return best.values[len(best.values)-1], true
}
