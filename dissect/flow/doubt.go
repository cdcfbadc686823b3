package flow

// maxPadding is the most that a frame with an IP and a TCP header is padded by
// to reach the least length of Ethernet's payload, 46 bytes (IEEE 802.3 §3.2.7).
const maxPadding = 6

// doubt is a segment of a few NULs at the next sequence number, not yet
// delivered. It is data; or the garbage byte of a keep-alive probe (RFC 9293
// §3.8.4) at which the capture began; or the padding of a bare ACK, counted
// into the packet's length by some driver. What comes next tells.
type doubt struct {
	packet uint64
	size   uint8 // 0: nothing is in doubt
	probe  bool  // the capture began with it, a single byte
}

// doubts reports whether p is taken into doubt. Data of a stack's last write
// are pushed; a bare ACK is not.
func (s *stream) doubts(p piece, flags uint8, first bool) bool {
	if p.size == 0 || p.size > maxPadding || flags&(flagPSH|flagFIN) != 0 ||
		len(p.data) != p.size || p.seq != s.next || s.done || len(s.held) != 0 {
		return false
	}
	for _, c := range p.data {
		if c != 0 {
			return false
		}
	}
	s.doubt = doubt{packet: p.packet, size: uint8(p.size), probe: first && p.size == 1}
	return true
}

// settle decides on what is in doubt by the next segment: one for the same
// sequence numbers takes its place, one behind it shows that it was data.
func (s *stream) settle(to delivery, p piece, flags uint8) {
	if s.doubt.size == 0 || p.size == 0 && flags&flagFIN == 0 {
		return
	}
	lead := distance(s.next, p.seq)
	switch {
	case lead == int(s.doubt.size):
		s.believe(to)
	case lead == 0, lead < 0 && lead+p.size > 0:
		s.doubt = doubt{}
	}
}

// clear decides on what is in doubt before the bytes up to seq are given up: it
// is data as far as there is room for it.
func (s *stream) clear(to delivery, seq uint32) {
	switch {
	case s.doubt.size == 0:
	case s.doubt.probe || distance(s.next, seq) < int(s.doubt.size):
		s.doubt = doubt{}
	default:
		s.believe(to)
	}
}

// confirm decides on what is in doubt by the other side's acknowledgment,
// which a probe is meant to bring.
func (s *stream) confirm(to delivery, ack uint32) {
	switch {
	case s.doubt.size == 0 || ack != s.next+uint32(s.doubt.size):
	case s.doubt.probe:
		s.next++
		s.doubt = doubt{}
	default:
		s.believe(to)
	}
}

// believe delivers what is in doubt.
func (s *stream) believe(to delivery) {
	var zeros [maxPadding]byte
	p := piece{seq: s.next, size: int(s.doubt.size), data: zeros[:s.doubt.size], packet: s.doubt.packet}
	s.doubt = doubt{}
	s.deliver(to, p)
}
