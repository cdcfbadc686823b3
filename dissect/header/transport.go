package header

// transport decodes what is behind an IP header: extension headers, the
// transport header, tunnels.
func (p *Packet) transport(l *Layer, proto Proto, s span) {
	for {
		l.Proto = proto
		l.Payload, l.PayloadSize = s.b, s.n
		next, rest, ok := p.extension(l, proto, s)
		if !ok {
			break
		}
		proto, s = next, rest
		if l.Fragment {
			l.Proto, l.Payload, l.PayloadSize = proto, s.b, s.n
			return
		}
	}
	switch proto {
	case TCP:
		p.tcp(l, s)
	case UDP, UDPLite:
		p.udp(l, s)
	case SCTP:
		p.sctp(l, s)
	case ICMP:
		p.icmp(l, s, &icmp4)
	case ICMPv6:
		p.icmp(l, s, &icmp6)
	case ESP:
		if p.need(s, 8) {
			l.SPI = be32(s.b)
			l.Transport = true
			l.carry(s)
		}
	default:
		p.ipTunnel(l, proto, s)
	}
}

func (l *Layer) carry(s span) { l.Payload, l.PayloadSize = s.b, s.n }

// tcp decodes a TCP header, RFC 9293 §3.1.
func (p *Packet) tcp(l *Layer, s span) {
	const minimum = 20
	if !p.need(s, minimum) {
		l.carry(span{})
		return
	}
	b := s.b[:minimum]
	l.Transport = true
	l.SrcPort, l.DstPort = be16(b), be16(b[2:])
	l.Seq, l.Ack = be32(b[4:]), be32(b[8:])
	l.Flags = TCPFlags(b[13])
	l.Window = be16(b[14:])
	header := int(b[12]>>4) * 4
	switch {
	case header < minimum:
		p.Damage |= BadHeader
		l.carry(span{})
	case header > s.n:
		p.Damage |= BadLength
		l.carry(span{})
	default:
		l.carry(s.from(header))
	}
}

// udp decodes a UDP header (RFC 768) or that of UDP-Lite (RFC 3828), which has
// the checksum's coverage in place of the length.
func (p *Packet) udp(l *Layer, s span) {
	const header = 8
	if !p.need(s, header) {
		l.carry(span{})
		return
	}
	l.Transport = true
	l.SrcPort, l.DstPort = be16(s.b), be16(s.b[2:])
	if length := int(be16(s.b[4:])); l.Proto == UDP && length != 0 { // 0: a jumbogram (RFC 2675 §4) or offload
		switch {
		case length < header:
			p.Damage |= BadLength
			l.carry(span{})
			return
		case length > s.n:
			p.Damage |= BadLength
		default:
			s = s.resize(length)
		}
	}
	s = s.from(header)
	l.carry(s)
	if l.Proto == UDP {
		p.udpTunnel(s)
	}
}
