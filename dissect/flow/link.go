package flow

import (
	"encoding/binary"
	"fmt"
)

// MAC is a link-layer address.
type MAC [6]byte

// IsZero reports whether the address is not known.
func (m MAC) IsZero() bool { return m == MAC{} }

// String writes the address in hex with colons; it is empty if not known.
func (m MAC) String() string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

func (m *MAC) address() address {
	return address{low: uint64(binary.BigEndian.Uint16(m[:]))<<32 | uint64(binary.BigEndian.Uint32(m[2:]))}
}

// Link is what tells the flows of frames apart that carry no IP.
type Link struct {
	// Field is the kind of number, below 256 kinds of the caller's; Number says
	// what the frame carries, in 48 bits at most.
	Field  uint8
	Number uint64
	// Ends are the addresses of a packet's sender and receiver, or of a flow's
	// client and server.
	Ends [2]MAC
}

// linkProto is added to the kind of number in a key: IP protocol numbers are
// below it.
const linkProto = 1 << 8

func (k *Key) ofLink(l *Link, scope uint32) (srcFirst bool) {
	srcFirst = k.set(l.Ends[0].address(), l.Ends[1].address(), 0, 0)
	k.ports, k.kind = uint32(l.Number), uint16(l.Number>>32)
	k.proto, k.scope = linkProto+uint16(l.Field), uint64(scope)
	return srcFirst
}
