package header

import "net/netip"

// ip decodes an IP packet by its version nibble.
func (p *Packet) ip(s span) {
	if !p.need(s, 1) {
		return
	}
	switch s.b[0] >> 4 {
	case 4:
		p.ipv4(s)
	case 6:
		p.ipv6(s)
	default:
		p.Damage |= BadHeader
	}
}

const (
	ipv4Header = 20 // without options
	ipv6Header = 40
	maxPacket  = 65535
)

// ipv4 decodes an IPv4 packet, RFC 791 §3.1.
func (p *Packet) ipv4(s span) {
	if !p.step() || !p.need(s, ipv4Header) {
		return
	}
	b := s.b
	header := int(b[0]&0x0f) * 4
	if b[0]>>4 != 4 || header < ipv4Header {
		p.Damage |= BadHeader
		return
	}
	total := int(be16(b[2:]))
	if total == 0 {
		total = s.n // segmentation offload: the card will fill it in
	}
	if total < header {
		p.Damage |= BadLength
		return
	}
	if total > s.n {
		p.Damage |= BadLength
	}
	l := p.newLayer()
	if l == nil {
		return
	}
	l.Version = 4
	l.Src = netip.AddrFrom4([4]byte(b[12:16]))
	l.Dst = netip.AddrFrom4([4]byte(b[16:20]))
	l.TTL = b[8]
	l.Proto = Proto(b[9])
	l.Length = total

	s = s.resize(total)
	if !p.need(s, header) {
		l.PayloadSize = total - header
		return
	}
	s = s.from(header)
	const moreFragments, offsetMask = 0x2000, 0x1fff
	if f := be16(b[6:]); f&(moreFragments|offsetMask) != 0 {
		l.Fragment = true
		l.MoreFragments = f&moreFragments != 0
		l.FragmentOffset = int(f&offsetMask) * 8
		l.FragmentID = uint32(be16(b[4:]))
		l.Payload, l.PayloadSize = s.b, s.n
		return
	}
	p.transport(l, l.Proto, s)
}

// ipv6 decodes an IPv6 packet, RFC 8200 §3.
func (p *Packet) ipv6(s span) {
	if !p.step() || !p.need(s, ipv6Header) {
		return
	}
	b := s.b
	if b[0]>>4 != 6 {
		p.Damage |= BadHeader
		return
	}
	next := Proto(b[6])
	total := ipv6Header + int(be16(b[4:]))
	if total == ipv6Header && next != NoNext {
		total = s.n // a jumbogram (RFC 2675) or segmentation offload
	}
	if total > s.n {
		p.Damage |= BadLength
	}
	l := p.newLayer()
	if l == nil {
		return
	}
	l.Version = 6
	l.Src = netip.AddrFrom16([16]byte(b[8:24]))
	l.Dst = netip.AddrFrom16([16]byte(b[24:40]))
	l.TTL = b[7]
	l.Length = total
	p.transport(l, next, s.resize(total).from(ipv6Header))
}

// extension decodes one IPv6 extension header, or an authentication header of
// either version, and returns what follows it. It reports false for the headers
// that are none, and where decoding ends.
func (p *Packet) extension(l *Layer, proto Proto, s span) (next Proto, rest span, ok bool) {
	switch proto {
	case HopByHop, Routing, DestOptions, FragmentHdr:
		if l.Version != 6 {
			return 0, s, false
		}
	case AH:
	default:
		return 0, s, false
	}
	if !p.step() || !p.need(s, 8) {
		return 0, s, false
	}
	next = Proto(s.b[0])
	length := (int(s.b[1]) + 1) * 8
	switch proto {
	case AH:
		length = (int(s.b[1]) + 2) * 4 // RFC 4302 §2.2
		l.Authenticated = true
	case FragmentHdr:
		length = 8
		f := be16(s.b[2:])
		if f&^0b110 == 0 {
			break // an atomic fragment is whole, RFC 6946
		}
		l.Fragment = true
		l.MoreFragments = f&1 != 0
		l.FragmentOffset = int(f &^ 7)
		l.FragmentID = be32(s.b[4:])
	}
	if !p.need(s, length) {
		return 0, s, false
	}
	return next, s.from(length), true
}
