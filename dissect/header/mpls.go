package header

// mpls takes a label stack off (RFC 3032 §2.1). The stack does not say what is
// below it: IP by its version nibble (RFC 4928), else the Ethernet of a
// pseudo-wire, with or without control word (RFC 4385 §3, RFC 4448).
func (p *Packet) mpls(s span) {
	for bottom := false; !bottom; s = s.from(4) {
		if !p.step() || !p.need(s, 4) {
			return
		}
		bottom = s.b[2]&1 != 0
	}
	if !p.enter(tunnel{kind: tunnelMPLS}) || !p.need(s, 1) {
		return
	}
	switch version := s.b[0] >> 4; {
	case fitsIP(s):
		p.ip(s)
	case fitsEthernet(s):
		p.ethernet(s)
	case version == 0 && fitsEthernet(s.from(4)):
		p.ethernet(s.from(4))
	case version == 4 || version == 6:
		p.ip(s)
	}
}
