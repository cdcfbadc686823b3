package lang

import (
	"fmt"
	"math/bits"
	"strings"
)

// Set is a set of byte values. Sets that are shared are not changed.
type Set [4]uint64

// Has reports whether b is in the set.
func (s *Set) Has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

// Len is the number of values.
func (s *Set) Len() int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) + bits.OnesCount64(s[2]) + bits.OnesCount64(s[3])
}

func (s *Set) add(b byte) { s[b>>6] |= 1 << (b & 63) }

// and returns what both sets permit; nil permits all.
func (s *Set) and(t *Set) *Set {
	switch {
	case s == nil || s == t:
		return t
	case t == nil:
		return s
	}
	return &Set{s[0] & t[0], s[1] & t[1], s[2] & t[2], s[3] & t[3]}
}

// or returns what either set permits; nil permits all.
func (s *Set) or(t *Set) *Set {
	switch {
	case s == nil || t == nil:
		return nil
	case s == t:
		return s
	}
	return (&Set{s[0] | t[0], s[1] | t[1], s[2] | t[2], s[3] | t[3]}).simple()
}

func (s Set) not() Set { return Set{^s[0], ^s[1], ^s[2], ^s[3]} }

// simple returns nil for a set that permits all.
func (s *Set) simple() *Set {
	if *s == (Set{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}) {
		return nil
	}
	return s
}

func (s *Set) empty() bool { return s != nil && *s == Set{} }

func (s *Set) equal(t *Set) bool { return s == t || s != nil && t != nil && *s == *t }

var singles = func() (t [256]Set) {
	for b := range t {
		t[b].add(byte(b))
	}
	return t
}()

func one(b byte) *Set { return &singles[b] }

func span(lo, hi byte) *Set {
	if lo == hi {
		return one(lo)
	}
	s := &Set{}
	for b := int(lo); b <= int(hi); b++ {
		s.add(byte(b))
	}
	return s.simple()
}

func letter(b byte, fold bool) *Set {
	s := one(b)
	if fold && isLetter(b) && b != '_' {
		s = s.or(one(b ^ 0x20))
	}
	return s
}

// String writes the set as a pattern: 41, 30-39, {00,16-18}, ?? for nil, which
// permits all.
func (s *Set) String() string {
	if s == nil {
		return "??"
	}
	var parts []string
	for b := 0; b < 256; b++ {
		if !s.Has(byte(b)) {
			continue
		}
		lo := b
		for b < 255 && s.Has(byte(b+1)) {
			b++
		}
		if lo == b {
			parts = append(parts, fmt.Sprintf("%02x", lo))
		} else {
			parts = append(parts, fmt.Sprintf("%02x-%02x", lo, b))
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "{" + strings.Join(parts, ",") + "}"
}
