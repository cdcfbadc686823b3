package header

import "net/netip"

// icmpTypes says which message types have an identifier, and which quote the
// packet that they complain about.
type icmpTypes struct{ identified, quoting [256]bool }

// RFC 792, RFC 950.
var icmp4 = icmpTypes{
	identified: [256]bool{0: true, 8: true, 13: true, 14: true, 15: true, 16: true, 17: true, 18: true},
	quoting:    [256]bool{3: true, 4: true, 5: true, 11: true, 12: true},
}

// RFC 4443.
var icmp6 = icmpTypes{
	identified: [256]bool{128: true, 129: true},
	quoting:    [256]bool{1: true, 2: true, 3: true, 4: true},
}

func (p *Packet) icmp(l *Layer, s span, types *icmpTypes) {
	const header = 8
	if !p.need(s, header) {
		l.carry(span{})
		return
	}
	l.Transport = true
	l.ICMPType, l.ICMPCode = s.b[0], s.b[1]
	if types.identified[l.ICMPType] {
		l.ICMPID = be16(s.b[4:])
	}
	l.carry(s)
	if types.quoting[l.ICMPType] {
		l.Original = original(s.b[header:])
	}
}

// Refuses reports whether l is an ICMP message that says that nobody listens:
// port or protocol unreachable. l.Original is then the packet in question.
func (l *Layer) Refuses() bool {
	if !l.Transport || l.Original.Version == 0 {
		return false
	}
	switch l.Proto {
	case ICMP:
		return l.ICMPType == 3 && (l.ICMPCode == 2 || l.ICMPCode == 3) // RFC 792
	case ICMPv6:
		return l.ICMPType == 1 && l.ICMPCode == 4 || // RFC 4443 §3.1
			l.ICMPType == 4 && l.ICMPCode == 1 // §3.4: unrecognized next header
	}
	return false
}

// original decodes the start of a packet quoted by an ICMP error: at least the
// IP header and eight bytes more.
func original(b []byte) (o Original) {
	var rest []byte
	first := true
	switch {
	case len(b) >= ipv4Header && b[0]>>4 == 4 && b[0]&0x0f >= 5:
		o.Version = 4
		o.Proto = Proto(b[9])
		o.Src, o.Dst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
		first = be16(b[6:])&0x1fff == 0
		rest = b[min(int(b[0]&0x0f)*4, len(b)):]
	case len(b) >= ipv6Header && b[0]>>4 == 6:
		o.Version = 6
		o.Proto = Proto(b[6])
		o.Src, o.Dst = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
		o.Proto, rest, first = quotedExtensions(o.Proto, b[ipv6Header:])
	default:
		return o
	}
	switch o.Proto {
	case TCP, UDP, UDPLite, SCTP:
		if first && len(rest) >= 4 {
			o.Ports = true
			o.SrcPort, o.DstPort = be16(rest), be16(rest[2:])
		}
	}
	return o
}

// quotedExtensions skips the extension headers of a quoted IPv6 packet. First
// is false behind the header of a later fragment.
func quotedExtensions(proto Proto, b []byte) (next Proto, rest []byte, first bool) {
	const limit = 8 // headers
	for range limit {
		switch proto {
		case HopByHop, Routing, DestOptions, FragmentHdr:
		default:
			return proto, b, true
		}
		if len(b) < 8 {
			return proto, nil, true
		}
		length := (int(b[1]) + 1) * 8
		if proto == FragmentHdr {
			length = 8
			if be16(b[2:])&^7 != 0 {
				return Proto(b[0]), nil, false
			}
		}
		proto, b = Proto(b[0]), b[min(length, len(b)):]
	}
	return proto, nil, true
}
