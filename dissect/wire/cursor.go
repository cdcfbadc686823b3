package wire

import "encoding/binary"

// State says how far reading a structure got. The order is from good to bad,
// so that max of two states is the state of both.
type State uint8

// The states. Whole is the zero value.
const (
	Whole State = iota // everything asked for was there
	Cut                // it fits so far, but bytes are wanting
	Bad                // it contradicts itself: this is not the structure
)

// Cursor reads big-endian fields from the front of a structure of a known
// length of which perhaps only the head is at hand. After the first read that
// fails all further ones fail too and return zero values, so that a structure
// can be read field by field and checked once with [Cursor.State].
//
// A Cursor aliases the bytes it was made from. It is a value without pointers
// to itself: a copy is an independent cursor.
type Cursor struct {
	data  []byte
	size  int
	pos   int
	state State
}

// NewCursor reads a structure of size bytes that begins with data. Size is at
// least len(data); a smaller one shortens data.
func NewCursor(data []byte, size int) Cursor {
	return Cursor{data: data[:max(0, min(len(data), size))], size: max(0, size)}
}

// State is the worst that happened so far.
func (c *Cursor) State() State { return c.state }

// OK reports whether all reads succeeded so far.
func (c *Cursor) OK() bool { return c.state == Whole }

// Fail marks the structure as Bad.
func (c *Cursor) Fail() { c.state = Bad }

// Require marks the structure as Bad unless ok; after a failed read it does
// nothing, as the values to judge are not there.
func (c *Cursor) Require(ok bool) {
	if c.state == Whole && !ok {
		c.state = Bad
	}
}

// Pos is the offset of the next byte from the structure's start.
func (c *Cursor) Pos() int { return c.pos }

// Left is the number of bytes from the position to the structure's end, at hand
// or not.
func (c *Cursor) Left() int { return c.size - c.pos }

// Bytes returns the next n bytes, or nil. They alias the input.
func (c *Cursor) Bytes(n int) []byte {
	switch {
	case c.state != Whole:
		return nil
	case n < 0 || n > c.size-c.pos:
		c.state = Bad
		return nil
	case n > len(c.data)-c.pos:
		c.state = Cut
		return nil
	}
	b := c.data[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return b
}

// Rest returns the bytes from the position on that are at hand, up to the
// structure's end, and moves past them. They alias the input.
func (c *Cursor) Rest() []byte {
	if c.state != Whole {
		return nil
	}
	return c.Bytes(len(c.data) - c.pos)
}

// Skip moves n bytes on, as [Cursor.Bytes] does.
func (c *Cursor) Skip(n int) { c.Bytes(n) }

// Sub returns a cursor over the next n bytes and moves past them. Where they
// are cut, c is Cut afterwards while the new cursor reads what is there.
func (c *Cursor) Sub(n int) Cursor {
	if c.state != Whole {
		return Cursor{state: c.state}
	}
	if n < 0 || n > c.size-c.pos {
		c.state = Bad
		return Cursor{state: Bad}
	}
	sub := NewCursor(c.data[c.pos:], n)
	if len(sub.data) < n {
		c.state = Cut
	}
	c.pos += len(sub.data)
	return sub
}

// U8 reads one byte.
func (c *Cursor) U8() uint8 {
	if b := c.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads two bytes.
func (c *Cursor) U16() uint16 {
	if b := c.Bytes(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// U24 reads three bytes.
func (c *Cursor) U24() uint32 {
	if b := c.Bytes(3); b != nil {
		return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	}
	return 0
}

// U32 reads four bytes.
func (c *Cursor) U32() uint32 {
	if b := c.Bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Varint reads a variable-length integer of QUIC, RFC 9000 §16.
func (c *Cursor) Varint() uint64 {
	first := c.Bytes(1)
	if first == nil {
		return 0
	}
	v := uint64(first[0] & 0x3f)
	for _, b := range c.Bytes(1<<(first[0]>>6) - 1) {
		v = v<<8 | uint64(b)
	}
	return v
}

// Printable returns b as text if it is not empty and all of it is printable
// ASCII without spaces, as names in protocols are; otherwise "".
func Printable(b []byte) string {
	for _, ch := range b {
		if ch <= ' ' || ch > '~' {
			return ""
		}
	}
	return string(b)
}
