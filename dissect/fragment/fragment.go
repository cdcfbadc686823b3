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
	// Packet is the number of the packet, Timestamp its time in nanoseconds.
	Packet    uint64
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

// Incomplete is the start of an IP packet that was given up. A capture filter
// that asks for a port sees no more than that: only the first fragment has the
// transport header.
type Incomplete struct {
	Src, Dst  netip.Addr
	Proto     uint8
	ID, Scope uint32
	// Packet and Timestamp are those of the first fragment.
	Packet    uint64
	Timestamp int64
	// Datagram has the bytes from the start on as far as none is missing. Its
	// Size is the same, for it is not known how long the packet was.
	Datagram
}
