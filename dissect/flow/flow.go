package flow

import "net/netip"

// connection is what is known of the life of a conversation.
type connection struct {
	State State
	// SYN, SYNACK and RST are the numbers of the packets that opened, answered
	// and reset the connection, or 0; SCTP has INIT, INIT ACK and ABORT.
	SYN, SYNACK, RST uint64
	// Refusal is the number of the first packet that refused the conversation:
	// RST in answer to SYN, or ICMP port unreachable; else 0. It stays when a
	// later attempt succeeds.
	Refusal uint64

	isn uint32
	fin [2]bool
}

// Flow is one conversation. The table owns all fields but Tunnels and Value;
// others read them. Arrays of two are indexed by [Direction].
type Flow[S any] struct {
	// What every packet touches stands together.

	key         Key
	clientFirst bool // the client is the key's first end
	class       class
	// Proto is the IP protocol number, meaningless if Link is set.
	Proto uint8
	// ICMPType and ICMPCode are those of the first packet of an ICMP flow.
	ICMPType, ICMPCode uint8
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

	// Client and Server are the ends; port 0 for protocols without ports.
	// A flow of frames has no such ends but Link, which is nil for others.
	Client, Server netip.AddrPort
	Link           *Link
	// Scope is that of the packets.
	Scope uint32
	// Serial numbers the flows of the table from 1, in order of appearance.
	Serial uint64
	// Tunnels are the tunnels around the flow, outermost first. The caller
	// sets them when [Table.Update] says that the flow is fresh.
	Tunnels []string
	// Value is the caller's own.
	Value S

	// Place in the list of the table's flows with the same timeout.
	prev, next *Flow[S]
	stamp      int64 // Last, when the flow was put at the list's end
}

// Key returns the flow's key.
func (f *Flow[S]) Key() Key { return f.key }

// Endpoint returns the end that sends in direction d.
func (f *Flow[S]) Endpoint(d Direction) netip.AddrPort {
	if d == FromServer {
		return f.Server
	}
	return f.Client
}

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
	f.Client, f.Server = f.Server, f.Client
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
