// Package fragment puts fragmented IP packets together again, with bounded
// memory, in packet time.
package fragment

import "net/netip"

// Fragment is one fragment of an IP packet.
type Fragment struct {
	Src, Dst netip.Addr
	// Proto is the protocol of the whole packet (IPv6: the next header of the
	// fragment header).
	Proto uint8
	// ID is the identification, Scope separates equal addresses in different
	// tunnels.
	ID, Scope uint32
	// Offset is where Data belongs in the packet's payload, in bytes; More says
	// that another fragment follows.
	Offset int
	More   bool
	// Data are the captured bytes, Size how many there were on the wire.
	Data []byte
	Size int
	// Length is the length of the IP packet that carried the fragment.
	Length int
	// Timestamp of the packet, nanoseconds.
	Timestamp int64
}

// Datagram is the payload of an IP packet that is complete again.
type Datagram struct {
	// Data are the captured bytes from the start on, as far as none is missing.
	// They are valid until the next call of Push.
	Data []byte
	// Size is the payload's length on the wire; larger than len(Data) where
	// the capture cut a fragment short.
	Size int
	// Packets and Bytes count the fragments and the lengths of their IP packets.
	Packets, Bytes int
}
