package header

// PPP protocol numbers, https://www.iana.org/assignments/ppp-numbers.
const (
	pppIPv4      = 0x0021
	pppIPv6      = 0x0057
	pppMPLS      = 0x0281
	pppMPLSMulti = 0x0283
)

// ppp decodes a PPP frame. Address and control field may be left out (RFC 1661
// §6.6), the protocol field may be compressed to one byte (§6.5).
func (p *Packet) ppp(s span) {
	if !p.step() || !p.need(s, 2) {
		return
	}
	if s.b[0] == 0xff && s.b[1] == 0x03 {
		s = s.from(2)
	} else if s.b[0] == 0x0f || s.b[0] == 0x8f { // Cisco framing on a PPP link type
		p.ciscoHDLC(s)
		return
	}
	if !p.need(s, 1) {
		return
	}
	protocol := uint16(s.b[0])
	if protocol&1 != 0 {
		s = s.from(1)
	} else {
		if !p.need(s, 2) {
			return
		}
		protocol = be16(s.b)
		s = s.from(2)
	}
	switch protocol {
	case pppIPv4:
		p.ipv4(s)
	case pppIPv6:
		p.ipv6(s)
	case pppMPLS, pppMPLSMulti:
		p.mpls(s)
	default:
		p.handOn(FieldPPP, uint64(protocol), s)
	}
}

// pppoe decodes the session stage of PPPoE, RFC 2516 §4.
func (p *Packet) pppoe(s span) {
	if !p.step() || !p.need(s, 6) {
		return
	}
	if s.b[0] != 0x11 { // version 1, type 1
		return
	}
	if s.b[1] != 0 { // no session data
		p.handOn(FieldEtherType, etherDiscovery, s)
		return
	}
	length := int(be16(s.b[4:]))
	s = s.from(6)
	if length > s.n {
		p.Damage |= BadLength
	} else {
		s = s.resize(length)
	}
	p.ppp(s)
}

// ciscoHDLC decodes Cisco HDLC framing: address, control, EtherType.
func (p *Packet) ciscoHDLC(s span) {
	if !p.step() || !p.need(s, 4) {
		return
	}
	if be16(s.b[2:]) == etherOSI {
		p.llc(s.from(2))
		return
	}
	p.etherType(be16(s.b[2:]), s.from(4))
}
