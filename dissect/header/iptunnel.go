package header

// ipTunnel opens the tunnels that ride on IP itself. The protocol number
// declares them, so that no structure has to prove it; what is inside is
// decoded as far as it makes sense.
func (p *Packet) ipTunnel(l *Layer, proto Proto, s span) {
	switch proto {
	case IPv4:
		kind := tunnelIPIP
		if l.Version == 6 {
			kind = tunnel4in6
		}
		if p.enter(tunnel{kind: kind}) {
			p.ipv4(s)
		}
	case IPv6:
		kind := tunnel6in4
		if l.Version == 6 {
			kind = tunnel6in6
		}
		if p.enter(tunnel{kind: kind}) {
			p.ipv6(s)
		}
	case GRE:
		p.gre(s)
	case EtherIP:
		// RFC 3378 §3: version 3, twelve reserved bits.
		if p.need(s, 2) && s.b[0]>>4 == 3 && p.enter(tunnel{kind: tunnelEtherIP}) {
			p.ethernet(s.from(2))
		}
	case MPLSInIP:
		p.mpls(s) // RFC 4023 §3
	}
}

// gre decodes a GRE header: RFC 2784 and 2890, version 1 RFC 2637 §4.1.
func (p *Packet) gre(s span) {
	const checksum, routing, key, sequence, acknowledgment = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
	if !p.step() || !p.need(s, 4) {
		return
	}
	flags, protocol := be16(s.b), be16(s.b[2:])
	version := flags & 7
	header := 4
	if flags&checksum != 0 {
		header += 4
	}
	keyAt := header
	for _, field := range [...]uint16{key, sequence} {
		if flags&field != 0 {
			header += 4
		}
	}
	if version == 1 && flags&acknowledgment != 0 {
		header += 4
	}
	if version > 1 || flags&routing != 0 || !p.need(s, header) {
		return
	}
	t := tunnel{kind: tunnelGRE}
	if protocol == etherTEB && flags&(checksum|key|sequence) == key {
		// RFC 7637 §3.2: virtual subnet and flow identifier.
		t = tunnel{kind: tunnelNVGRE, hasNetwork: true, network: be32(s.b[keyAt:]) >> 8}
	}
	if !p.enter(t) {
		return
	}
	s = s.from(header)
	switch protocol {
	case etherTEB:
		p.ethernet(s)
	case etherPPP:
		p.ppp(s)
	case etherERSPAN:
		p.erspan(s, flags&sequence != 0)
	case etherERSPAN3:
		p.erspan3(s)
	case etherWCCP:
		// Version 2 has a redirect header of four bytes before the packet.
		if !fitsIP(s) {
			s = s.from(4)
		}
		p.ip(s)
	default:
		if protocol >= minEtherType {
			p.etherType(protocol, s)
		}
	}
}

// erspan decodes ERSPAN types I (no header of its own) and II (eight bytes,
// marked by GRE's sequence number); draft-foschiano-erspan §4.1 and §4.2.
func (p *Packet) erspan(s span, typeII bool) {
	if !p.enter(tunnel{kind: tunnelERSPAN}) {
		return
	}
	if typeII {
		s = s.from(8)
	}
	p.ethernet(s)
}

// erspan3 decodes ERSPAN type III; draft-foschiano-erspan §4.3.
func (p *Packet) erspan3(s span) {
	const header, subheader = 12, 8
	if !p.need(s, header) || !p.enter(tunnel{kind: tunnelERSPAN}) {
		return
	}
	frameType, optional := s.b[10]>>2&0x1f, s.b[11]&1 != 0
	s = s.from(header)
	if optional {
		s = s.from(subheader)
	}
	switch frameType {
	case 0:
		p.ethernet(s)
	case 2:
		p.ip(s)
	}
}
