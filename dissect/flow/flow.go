package flow

import "net/netip"

// connection is what is known of the life of a conversation.
type connection struct {
	// SYN, SYNACK and RST are the numbers of the packets that opened, answered
	// and reset the connection, or 0; SCTP has INIT, INIT ACK and ABORT.
	SYN, SYNACK, RST uint64
	// Refusal is the number of the first packet that refused the conversation:
	// RST in answer to SYN, or ICMP port unreachable; else 0. It stays when a
	// later attempt succeeds.
	Refusal uint64

	isn   uint32
	fin   [2]bool
	State State
}

// Flow is one conversation. The table owns all fields but Tunnels and Value;
// others read them. Arrays of two are indexed by [Direction].
type Flow[S any] struct {
	// What every packet touches stands together.

	key         Key
	clientFirst bool // the client is the key's first end
	class       class
	slot        uint8 // of the class's wheel
	// Proto is the IP protocol number, meaningless if Link is set.
	Proto uint8
	// ICMPType and ICMPCode are those of the first packet of an ICMP flow.
	ICMPType, ICMPCode uint8
	mapped             bool // the packets are IPv6, whatever the addresses look like
	// Roles says how client and server were told apart.
	Roles Roles
	connection
	// First and Last are the times of the first and last packet in nanoseconds
	// since the Unix epoch.
	First, Last int64
	// Packets, Bytes (of IP packets, their headers included, or of frames) and Payload (bytes
	// behind the transport header) count what was sent on the wire. A direction
	// without packets was not captured or never spoke.
	Packets, Bytes, Payload [2]uint64

	// Link has the ends of a flow of frames; nil for others.
	Link *Link
	// Serial numbers the flows of the table from 1, in order of appearance.
	Serial uint64
	// Tunnels are the tunnels around the flow, outermost first. The caller
	// sets them when [Table.Update] says that the flow is fresh.
	Tunnels []string
	// Value is the caller's own.
	Value S

	// Place among the flows of the slot.
	prev, next *Flow[S]
	stamp      int64 // Last, when the flow was put there
}

// Key returns the flow's key.
func (f *Flow[S]) Key() Key { return f.key }

// Client returns the end that asks; see [Flow.Endpoint].
func (f *Flow[S]) Client() netip.AddrPort { return f.Endpoint(FromClient) }

// Server returns the end that is asked; see [Flow.Endpoint].
func (f *Flow[S]) Server() netip.AddrPort { return f.Endpoint(FromServer) }

// Endpoint returns the end that sends in direction d; port 0 for protocols without
// ports, nothing for a flow of frames.
func (f *Flow[S]) Endpoint(d Direction) netip.AddrPort {
	if f.Link != nil {
		return netip.AddrPort{}
	}
	a, port := f.key.b, uint16(f.key.ports)
	if f.clientFirst == (d == FromClient) {
		a, port = f.key.a, uint16(f.key.ports>>16)
	}
	if f.key.kind != 0 {
		port = 0 // the identifier of an ICMP message
	}
	return netip.AddrPortFrom(a.addr(f.mapped), port)
}

// Opening returns the sequence number and the packet of the first SYN without ACK,
// which the client sent; packet 0 if there was none.
func (f *Flow[S]) Opening() (seq uint32, packet uint64) { return f.isn, f.SYN }

// ICMPID is the identifier by which an ICMP echo's ends tell it from others; 0
// for all other flows.
func (f *Flow[S]) ICMPID() uint16 {
	if f.Proto != protoICMP && f.Proto != protoICMPv6 {
		return 0
	}
	return uint16(f.key.ports)
}

// BothWays reports whether packets of both directions were seen.
func (f *Flow[S]) BothWays() bool { return f.Packets[FromClient] != 0 && f.Packets[FromServer] != 0 }

// Swap exchanges client and server, counters included, and notes how the right
// roles are known. Value is the caller's to swap.
func (f *Flow[S]) Swap(known Roles) {
	if l := f.Link; l != nil {
		l.Ends[0], l.Ends[1] = l.Ends[1], l.Ends[0]
	}
	f.clientFirst = !f.clientFirst
	f.Roles = known
	for _, pair := range []*[2]uint64{&f.Packets, &f.Bytes, &f.Payload} {
		pair[0], pair[1] = pair[1], pair[0]
	}
	f.fin[0], f.fin[1] = f.fin[1], f.fin[0]
}
