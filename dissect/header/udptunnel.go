package header

// udpTunnel opens a tunnel in a UDP payload. As no port number is believed, the
// tunnel's header must be exact and what is inside must be a packet that fits.
func (p *Packet) udpTunnel(s span) {
	if len(s.b) < 8 || !p.step() {
		return
	}
	switch first := s.b[0]; {
	case first == 0x08:
		p.vxlan(s)
	case first&0xf8 == 0x30:
		p.gtp(s)
	case first>>4 == 6:
		p.teredo(s)
	case first&0xc0 == 0:
		if !p.geneve(s) && !p.l2tp(s) {
			p.teredo(s)
		}
	case first&0x80 == 0:
		p.l2tp(s)
	}
}

// vxlan decodes VXLAN, RFC 7348 §5: the I flag alone, reserved fields zero.
func (p *Packet) vxlan(s span) {
	const flags = 0x08000000
	if be32(s.b) != flags || s.b[7] != 0 {
		return
	}
	inner := s.from(8)
	if fitsEthernet(inner) && p.enter(tunnel{kind: tunnelVXLAN, hasNetwork: true, network: be32(s.b[4:]) >> 8}) {
		p.ethernet(inner)
	}
}

// geneve decodes Geneve, RFC 8926 §3.4.
func (p *Packet) geneve(s span) bool {
	const reserved = 0x3f
	options := int(s.b[0]&0x3f) * 4
	if s.b[0]>>6 != 0 || s.b[1]&reserved != 0 || s.b[7] != 0 {
		return false
	}
	inner := s.from(8 + options)
	t := tunnel{kind: tunnelGeneve, hasNetwork: true, network: be32(s.b[4:]) >> 8}
	switch be16(s.b[2:]) {
	case etherTEB:
		if !fitsEthernet(inner) || !p.enter(t) {
			return false
		}
		p.ethernet(inner)
	case etherIPv4, etherIPv6:
		if !fitsIP(inner) || !p.enter(t) {
			return false
		}
		p.ip(inner)
	default:
		return false
	}
	return true
}

// gtp decodes GTP-U, 3GPP TS 29.281 §5: version 1, protocol type 1, a G-PDU
// whose length is that of the datagram.
func (p *Packet) gtp(s span) {
	const header, gPDU = 8, 255
	const extension, optional = 0x04, 0x07 // E; E, S and PN together
	if s.b[1] != gPDU || int(be16(s.b[2:])) != s.n-header {
		return
	}
	flags := s.b[0]
	s = s.from(header)
	if flags&optional != 0 {
		if len(s.b) < 4 {
			return
		}
		next := s.b[3]
		s = s.from(4)
		for flags&extension != 0 && next != 0 {
			if !p.step() || len(s.b) == 0 || s.b[0] == 0 || len(s.b) < int(s.b[0])*4 {
				return
			}
			length := int(s.b[0]) * 4
			next, s = s.b[length-1], s.from(length)
		}
	}
	if fitsIP(s) && p.enter(tunnel{kind: tunnelGTP}) {
		p.ip(s)
	}
}

// teredo decodes Teredo, RFC 4380 §5.1: optional authentication and origin
// indications, then an IPv6 packet as long as the rest, of or to a Teredo or
// link-local address.
func (p *Packet) teredo(s span) {
	if be16(s.b) == 0x0001 { // authentication, §5.1.1
		s = s.from(4 + int(s.b[2]) + int(s.b[3]) + 9)
	}
	if len(s.b) >= 8 && be16(s.b) == 0x0000 { // origin, §5.1.1
		s = s.from(8)
	}
	if len(s.b) < ipv6Header || s.b[0]>>4 != 6 || ipv6Header+int(be16(s.b[4:])) != s.n {
		return
	}
	if !teredoAddress(s.b[8:]) && !teredoAddress(s.b[24:]) {
		return
	}
	if p.enter(tunnel{kind: tunnelTeredo}) {
		p.ipv6(s)
	}
}

func teredoAddress(b []byte) bool {
	return be32(b) == 0x20010000 || be16(b)&0xffc0 == 0xfe80
}

// l2tp decodes an L2TPv2 data message with PPP, RFC 2661 §3.1 and §5.1.
func (p *Packet) l2tp(s span) bool {
	const control, length, sequence, offset, reserved = 0x8000, 0x4000, 0x0800, 0x0200, 0x34f0
	flags := be16(s.b)
	if flags&(control|reserved) != 0 || flags&0x0f != 2 {
		return false
	}
	whole := s
	header := 2
	if flags&length != 0 {
		if int(be16(s.b[2:])) != s.n {
			return false
		}
		header += 2
	}
	header += 4 // tunnel and session
	if flags&sequence != 0 {
		header += 4
	}
	if flags&offset != 0 {
		if len(s.b) < header+2 {
			return false
		}
		header += 2 + int(be16(s.b[header:]))
	}
	s = whole.from(header)
	// All PPP frames with IP begin alike: FF 03 00 21, the first two optional.
	inner := s
	if len(inner.b) >= 2 && be16(inner.b) == 0xff03 {
		inner = inner.from(2)
	}
	if len(inner.b) < 2 {
		return false
	}
	if protocol := be16(inner.b); protocol != pppIPv4 && protocol != pppIPv6 {
		return false
	}
	if !fillsIP(inner.from(2)) || !p.enter(tunnel{kind: tunnelL2TP}) {
		return false
	}
	p.ppp(s)
	return true
}

// fitsIP reports whether s begins with the header of an IP packet that ends
// within it.
func fitsIP(s span) bool {
	n, ok := ipLength(s)
	return ok && n <= s.n
}

// fillsIP reports whether s is one IP packet, no more and no less.
func fillsIP(s span) bool {
	n, ok := ipLength(s)
	return ok && n == s.n
}

func ipLength(s span) (int, bool) {
	b := s.b
	switch {
	case len(b) >= ipv4Header && b[0]>>4 == 4:
		header, total := int(b[0]&0x0f)*4, int(be16(b[2:]))
		return total, header >= ipv4Header && total >= header
	case len(b) >= ipv6Header && b[0]>>4 == 6:
		return ipv6Header + int(be16(b[4:])), true
	}
	return 0, false
}

// fitsEthernet reports whether s begins with an Ethernet frame that carries an
// IP packet which fits.
func fitsEthernet(s span) bool {
	const tags = 2
	at := 12
	for range tags {
		if len(s.b) >= at+2 && isTag(be16(s.b[at:])) {
			at += 4
		}
	}
	if len(s.b) < at+2 {
		return false
	}
	inner := s.from(at + 2)
	switch be16(s.b[at:]) {
	case etherIPv4:
		return fitsIP(inner) && inner.b[0]>>4 == 4
	case etherIPv6:
		return fitsIP(inner) && inner.b[0]>>4 == 6
	}
	return false
}

func isTag(t uint16) bool { return t == etherVLAN || t == etherQinQ || t == etherQinQOld }
