package sample

import (
	"encoding/binary"
	"fmt"

	"github.com/sniffid/sniffid/dissect/flow"
)

// Prefix is the hypothesis that a message says its own length: a field of Width
// bytes at Offset, after which the message ends Value + Add bytes from its start.
type Prefix struct {
	Offset, Width int
	Little        bool // byte order
	Add           int  // what to add to the field's value for the message's length
	// Messages is how many messages it explains.
	Messages int
}

// Type is the field's type in the signature language, "u16be".
func (p Prefix) Type() string {
	if p.Width == 1 {
		return "u8"
	}
	order := "be"
	if p.Little {
		order = "le"
	}
	return fmt.Sprintf("u%d%s", 8*p.Width, order)
}

func (p Prefix) String() string {
	sum := "length = value"
	if p.Add > 0 {
		sum += fmt.Sprintf(" + %d", p.Add)
	}
	return fmt.Sprintf("%s at %d, %s, %d messages", p.Type(), p.Offset, sum, p.Messages)
}

// Length returns the length of the message at the start of b as the prefix has
// it; ok is false where b is too short or the length impossible.
func (p Prefix) Length(b []byte) (n int, ok bool) {
	if len(b) < p.Offset+p.Width {
		return 0, false
	}
	f := b[p.Offset : p.Offset+p.Width]
	var v uint32
	switch {
	case p.Width == 1:
		v = uint32(f[0])
	case p.Width == 2 && p.Little:
		v = uint32(binary.LittleEndian.Uint16(f))
	case p.Width == 2:
		v = uint32(binary.BigEndian.Uint16(f))
	case p.Little:
		v = binary.LittleEndian.Uint32(f)
	default:
		v = binary.BigEndian.Uint32(f)
	}
	const longest = 1 << 24
	n = int(v) + p.Add
	return n, v < longest && n >= p.Offset+p.Width
}

const maxPrefixOffset = 8

// LengthPrefix returns the hypothesis that explains all that is kept of
// direction d, if there is one: at least two messages of different lengths.
func (s *Sample) LengthPrefix(d flow.Direction) (Prefix, bool) {
	if len(s.halves[d].messages) == 0 {
		return Prefix{}, false
	}
	return s.halves[d].prefix()
}

// prefix tries wide fields first: a wide one that fits is hardly chance.
func (h *half) prefix() (Prefix, bool) {
	for _, width := range [...]int{4, 2, 1} {
		for offset := range maxPrefixOffset + 1 {
			for _, little := range [...]bool{false, true} {
				if little && width == 1 {
					continue
				}
				// The value is the length of what follows it, of the whole, or of
				// what follows a header.
				for _, add := range [...]int{offset + width, 0, 8, 12, 16, 20, 24, 28, 32} {
					if add > 0 && add < offset+width {
						continue
					}
					p := Prefix{Offset: offset, Width: width, Little: little, Add: add}
					if n, varied := h.explains(p); varied && n*width >= leastProof {
						p.Messages = n
						return p, true
					}
				}
			}
		}
	}
	return Prefix{}, false
}

// leastProof is how many bytes of length fields a hypothesis must explain.
const leastProof = 4

// explains counts the messages that p delimits, 0 if it does not delimit all
// there are, and reports whether their lengths vary: a constant proves nothing.
// A datagram is one message. Of segments, half must begin with one, and the
// last message must end with the last segment unless that is not kept whole.
func (h *half) explains(p Prefix) (n int, varied bool) {
	first := 0
	count := func(length int) {
		if n++; n == 1 {
			first = length
		} else if length != first {
			varied = true
		}
	}
	if !h.stream {
		for i := range h.messages {
			data, size := h.message(i)
			length, ok := p.Length(data)
			if !ok || length != size {
				return 0, false
			}
			count(length)
		}
		return n, varied
	}
	starts := 0 // segments that begin with a message
	bare := 0   // messages that are nothing but their length
	at, next := 0, 0
	cut := len(h.messages) == MaxMessages || len(h.buf) == MaxBytes || !h.complete(len(h.messages)-1)
	for b := h.buf; len(b) > 0; at = len(h.buf) - len(b) {
		for next < len(h.messages) && h.messages[next].at <= at {
			if h.messages[next].at == at {
				starts++
			}
			next++
		}
		length, ok := p.Length(b)
		if len(b) >= p.Offset+p.Width && !ok || (!ok || length > len(b)) && !cut {
			return 0, false
		}
		if !ok || length > len(b) {
			break
		}
		count(length)
		if length == p.Offset+p.Width {
			bare++
		}
		b = b[length:]
	}
	if 2*starts < len(h.messages) || 2*bare > n {
		return 0, false
	}
	return n, varied
}
