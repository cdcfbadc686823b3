package header

import "net/netip"

// MaxLayers is how many nested IP headers are followed. A deeper packet is
// decoded up to there and flagged [TooDeep].
const MaxLayers = 8

const (
	maxTunnels = 12 // tunnel headers on the way in
	maxVLANs   = 4  // tags of the outer frame that are kept
	maxSteps   = 48 // headers in all; bounds the work on one frame
)

// Damage is a set of things that are wrong with a frame.
type Damage uint8

// The kinds of damage. They are independent of each other.
const (
	// CutShort: the capture's snap length ended inside a header.
	CutShort Damage = 1 << iota
	// BadLength: a length field contradicts the bytes around it.
	BadLength
	// BadHeader: a header has a value that it cannot have.
	BadHeader
	// TooDeep: more nested headers than are followed.
	TooDeep
)

// Malformed reports whether the frame itself is damaged, not only its capture.
func (d Damage) Malformed() bool { return d&(BadLength|BadHeader) != 0 }

// Packet is one decoded frame. The zero value is ready for use; reuse it, it is
// large. It is not safe for concurrent use.
//
// All slices alias the data given to Decode.
type Packet struct {
	// SrcMAC and DstMAC are the link-layer addresses, valid iff HasMAC. They
	// are those of the outer frame.
	SrcMAC, DstMAC [6]byte
	HasMAC         bool
	// Protected says that the frame is an encrypted 802.11 frame, whose inside
	// cannot be seen.
	Protected bool
	// PID and ProcessName are what a PKTAP header says about the process, valid
	// iff HasProcess.
	PID         int32
	ProcessName []byte
	HasProcess  bool
	// Damage is what is wrong with the frame, all layers together.
	Damage Damage

	vlans     [maxVLANs]uint16
	vlanCount uint8

	layers     [MaxLayers]Layer
	layerCount uint8

	tunnels     [maxTunnels]tunnel
	tunnelCount uint8
	scope       uint32 // of the tunnels

	frame      Frame
	linked     bool // a link layer is what is being decoded, not a tunnel without one
	linkLength int  // of its frame

	steps uint8
}

// VLANs returns the VLAN identifiers of the outer frame, outermost first.
func (p *Packet) VLANs() []uint16 { return p.vlans[:p.vlanCount] }

// Len returns the number of IP layers found; 0 for a frame that is not IP, see
// [Packet.Frame].
func (p *Packet) Len() int { return int(p.layerCount) }

// Layer returns the i-th IP layer, counted from the outermost. It points into p
// and holds until the next Decode.
func (p *Packet) Layer(i int) *Layer { return &p.layers[:p.layerCount][i] }

// Tunnels returns the names of the tunnels around the i-th layer, outermost
// first, as Wireshark names them, with the number of a virtual network behind a
// colon: "gre", "vxlan:42". It allocates unless there is none.
func (p *Packet) Tunnels(i int) []string {
	return p.tunnelNames(p.Layer(i).tunnels)
}

func (p *Packet) tunnelNames(n uint8) []string {
	if n == 0 {
		return nil
	}
	names := make([]string, n)
	for j := range names {
		names[j] = p.tunnels[j].String()
	}
	return names
}

// Layer is one IP packet within a frame: addresses, the transport header and
// its payload.
type Layer struct {
	// Src and Dst have no zone.
	Src, Dst netip.Addr
	// Version is 4 or 6.
	Version uint8
	// Proto is the number of the protocol behind the IP header and all IPv6
	// extension headers that could be followed.
	Proto Proto
	// TTL is the time to live or hop limit.
	TTL uint8
	// Length is the length of the IP packet on the wire in bytes, headers
	// included.
	Length int

	// Fragment says that this is a fragment of an IP packet. Payload then is the
	// fragment's share of the whole, and no transport header is decoded.
	// FragmentOffset (bytes), FragmentID and MoreFragments are valid iff
	// Fragment.
	Fragment       bool
	MoreFragments  bool
	FragmentOffset int
	FragmentID     uint32

	// Transport says that the header of the protocol in Proto was decoded: the
	// fields below are valid for TCP, UDP, UDP-Lite, SCTP, ICMP, ICMPv6 and ESP
	// only if it is set.
	Transport bool
	// SrcPort and DstPort are valid for TCP, UDP, UDP-Lite and SCTP.
	SrcPort, DstPort uint16
	// Flags, Seq, Ack and Window (not scaled) are valid for TCP.
	Flags    TCPFlags
	Window   uint16
	Seq, Ack uint32
	// ICMPType and ICMPCode are valid for ICMP and ICMPv6. ICMPID is the
	// identifier of an echo, timestamp, information or address mask message
	// and 0 for others.
	ICMPType, ICMPCode uint8
	ICMPID             uint16
	// Original is the packet that an ICMP error complains about; valid iff
	// its Version is not 0.
	Original Original
	// SPI is the security parameters index, valid for ESP.
	SPI uint32
	// Authenticated says that there is an authentication header (AH) in front
	// of the protocol.
	Authenticated bool

	// Payload are the captured bytes behind the transport header; behind the
	// IP header for protocols without ports, ICMP and ESP among them, and where
	// Transport is not set. For SCTP they are the chunks.
	Payload []byte
	// PayloadSize is the payload's length on the wire as the headers state it,
	// at least len(Payload).
	PayloadSize int

	// Scope tells equal addresses in different tunnels apart: it is derived
	// from the kinds of the tunnels around the layer and from the network
	// numbers that both directions share. 0 outside of tunnels. VLAN tags are
	// not part of it, for the two directions of one connection may have
	// different ones.
	Scope uint32

	tunnels uint8 // how many of the packet's tunnels are around the layer
}

// Original names the flow of a packet that an ICMP error quotes.
type Original struct {
	Version          uint8 // 4 or 6; 0 where the message quotes nothing usable
	Proto            Proto
	Src, Dst         netip.Addr
	Ports            bool // SrcPort and DstPort are valid
	SrcPort, DstPort uint16
}

// TCPFlags are the control bits of a TCP header, RFC 9293 §3.1.
type TCPFlags uint8

// The control bits.
const (
	FIN TCPFlags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Has reports whether all bits of x are set.
func (f TCPFlags) Has(x TCPFlags) bool { return f&x == x }

// Proto is an IP protocol number
// (https://www.iana.org/assignments/protocol-numbers).
type Proto uint8

// The protocols that are decoded or followed.
const (
	HopByHop    Proto = 0
	ICMP        Proto = 1
	IPv4        Proto = 4
	TCP         Proto = 6
	UDP         Proto = 17
	IPv6        Proto = 41
	Routing     Proto = 43
	FragmentHdr Proto = 44
	GRE         Proto = 47
	ESP         Proto = 50
	AH          Proto = 51
	ICMPv6      Proto = 58
	NoNext      Proto = 59
	DestOptions Proto = 60
	EtherIP     Proto = 97
	SCTP        Proto = 132
	Mobility    Proto = 135
	UDPLite     Proto = 136
	MPLSInIP    Proto = 137
	HIP         Proto = 139
	Shim6       Proto = 140
)
