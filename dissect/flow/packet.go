package flow

import "net/netip"

// Packet is what a [Table] has to know of one packet. The caller fills it from
// the decoded headers.
type Packet struct {
	Number    uint64 // of the capture's packet, from 1
	Timestamp int64  // nanoseconds since the Unix epoch
	// Src and Dst have port 0 for protocols without ports.
	Src, Dst netip.AddrPort
	// Proto is the IP protocol number, Scope separates tunnels.
	Proto uint8
	Scope uint32
	// Link is set for a frame that carries no IP; then Src, Dst and Proto are
	// meaningless. It is not kept.
	Link *Link
	// Flags are the TCP control bits, or the equivalents of SCTP chunks: SYN
	// for INIT, SYN+ACK for INIT ACK, FIN for SHUTDOWN and SHUTDOWN ACK, RST
	// for ABORT, ACK for others. 0 for other protocols.
	Flags uint8
	// Seq is the TCP sequence number.
	Seq uint32
	// ICMPType, ICMPCode and ICMPID are those of an ICMP or ICMPv6 message;
	// ICMPID is 0 for messages without identifier.
	ICMPType, ICMPCode uint8
	ICMPID             uint16
	// Packets is how many packets of the capture this one stands for: more
	// than one for a reassembled IP packet. 0 counts as 1.
	Packets int
	// Length is the length of the IP packet, or of the frame that carries none,
	// on the wire in bytes, Payload that of the transport payload.
	Length, Payload int
}

// TCP control bits, RFC 9293 §3.1.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)
