package flow

import "sort"

// maxWindow is the largest receive window there is, RFC 7323 §2.3.
const maxWindow = 1 << 30

// stream puts one direction of a connection in order.
type stream struct {
	next uint32 // sequence number of the next byte to deliver
	ack  uint32 // highest acknowledgment of the other side, valid iff hasAck
	end  uint32 // sequence number behind the last byte, valid iff hasEnd
	// rival is the first byte's number by an earlier SYN with another number,
	// valid iff hasRival: only data show which of the two the peer took.
	rival uint32

	positioned bool // next is valid
	tentative  bool // next may be one too low: it is that of a keep-alive probe or bare ACK
	hasAck     bool
	hasEnd     bool
	hasRival   bool
	done       bool
	start, gap bool  // for the next segment delivered
	strays     uint8 // in a row

	doubt doubt

	delivered int
	held      []piece // beyond next, ordered, without overlap
	heldBytes int
	stats     StreamStats
}

// piece is payload that came too early. data is the stream's own copy.
type piece struct {
	seq    uint32
	size   int
	data   []byte
	packet uint64
	offset int
}

// pieceOverhead is what a held piece is charged besides its bytes.
const pieceOverhead = 64

func (p *piece) cost() int   { return len(p.data) + pieceOverhead }
func (p *piece) end() uint32 { return p.seq + uint32(p.size) }

// from returns the part of p from its i-th byte on, upto what is before its
// i-th byte.
func (p piece) from(i int) piece {
	p.seq += uint32(i)
	p.size -= i
	p.offset += i
	p.data = p.data[min(i, len(p.data)):]
	return p
}

func (p piece) upto(i int) piece {
	p.size = i
	p.data = p.data[:min(i, len(p.data))]
	return p
}

// delivery is where a call's segments go.
type delivery struct {
	direction Direction
	bounds    *Bounds
	sink      Sink
}

// distance returns how far b is behind a in sequence space.
func distance(a, b uint32) int { return int(int32(b - a)) }

func (s *stream) push(to delivery, t *TCP) {
	if t.Flags&flagRST != 0 {
		return // a reset's payload is a message to people, RFC 9293 §3.5.3
	}
	p := piece{seq: t.Seq, size: max(t.Size, len(t.Payload)), data: t.Payload, packet: t.Packet}
	if t.Flags&flagSYN != 0 {
		p.seq++
		s.synchronize(p.seq, to.bounds)
	}
	s.settle(to, p, t.Flags)
	waited, first := len(s.held) != 0, !s.positioned
	if s.position(&p, t.Flags, to.bounds) && !s.doubts(p, t.Flags, first) {
		s.accept(to, p, t.Flags)
	}
	if waited {
		s.giveUp(to)
	}
	s.finish(to)
}

// synchronize notes that the direction's first byte has the number seq.
func (s *stream) synchronize(seq uint32, b *Bounds) {
	if s.delivered != 0 || s.positioned && s.start && s.next == seq {
		return
	}
	if s.positioned && s.start {
		s.rival, s.hasRival = s.next, true
	}
	s.begin(seq, b)
}

// begin puts the stream before its first byte, which has the number seq.
func (s *stream) begin(seq uint32, b *Bounds) {
	if len(s.held) != 0 && distance(seq, s.held[0].seq) < 0 {
		s.release(b) // of the other attempt
	}
	s.next, s.positioned, s.tentative = seq, true, false
	s.start, s.gap = true, false
}

// position makes sure that the stream knows where it is, and reports whether p
// lies within reach of it. A connection that was there before the capture
// begins with the first segment seen.
func (s *stream) position(p *piece, flags uint8, b *Bounds) bool {
	if s.hasRival && s.start && p.size != 0 && p.seq == s.rival {
		s.begin(s.rival, b)
		s.hasRival = false
	}
	if !s.positioned {
		s.next, s.positioned, s.tentative = p.seq, true, p.size == 0
		return true
	}
	if s.tentative && p.size != 0 {
		if s.delivered == 0 && p.seq == s.next+1 {
			s.next++
		}
		s.tentative = false
	}
	if d := distance(s.next, p.seq); d <= maxWindow && d >= -maxWindow {
		s.strays = 0
		return true
	}
	s.stats.Stray++
	s.strays++
	const insist = 4 // segments in a row: it is the position that is wrong
	if s.strays < insist || len(s.held) != 0 {
		return false
	}
	s.strays = 0
	s.next, s.gap, s.hasAck, s.hasEnd = p.seq, true, false, false
	return true
}

// accept takes in what is new of p.
func (s *stream) accept(to delivery, p piece, flags uint8) {
	if flags&flagFIN != 0 && !s.hasEnd {
		s.end, s.hasEnd = p.end(), true
	}
	if p.size == 0 {
		return
	}
	if old := -distance(s.next, p.seq); old > 0 {
		if old >= p.size {
			s.stats.Retransmitted++
			return
		}
		p = p.from(old)
	}
	if p.seq != s.next {
		s.stats.OutOfOrder++
	}
	if s.contradicts(p) {
		s.stats.Conflicts++
	}
	for p.size > 0 && !s.done {
		p = s.place(to, p)
	}
}

// contradicts reports whether p differs from what is held of the same bytes.
func (s *stream) contradicts(p piece) bool {
	for i := s.search(p.seq); i < len(s.held); i++ {
		h, q := s.held[i], p
		switch lead := distance(p.seq, h.seq); {
		case lead >= p.size:
			return false
		case lead > 0:
			q = p.from(lead)
		default:
			h = h.from(-lead)
		}
		n := min(len(h.data), len(q.data))
		if string(h.data[:n]) != string(q.data[:n]) {
			return true
		}
	}
	return false
}

// place delivers or holds the first part of p that is not held already, and
// returns the rest.
func (s *stream) place(to delivery, p piece) piece {
	if old := -distance(s.next, p.seq); old > 0 { // overtaken when a hole was given up
		return p.from(min(old, p.size))
	}
	i := s.search(p.seq)
	if i == len(s.held) {
		s.put(to, p, i)
		return piece{}
	}
	h := &s.held[i]
	lead := distance(p.seq, h.seq)
	if lead <= 0 {
		return p.from(min(h.size+lead, p.size))
	}
	if lead >= p.size {
		s.put(to, p, i)
		return piece{}
	}
	s.put(to, p.upto(lead), i)
	return p.from(lead)
}

// search returns the index of the first held piece that ends behind seq.
func (s *stream) search(seq uint32) int {
	return sort.Search(len(s.held), func(i int) bool { return distance(seq, s.held[i].end()) > 0 })
}

// put delivers p if its time has come, or else holds a copy as the i-th piece.
func (s *stream) put(to delivery, p piece, i int) {
	for p.seq != s.next && to.bounds.exceeded(s.heldBytes, p.cost()) {
		if i == 0 { // p itself ends the first hole
			s.skip(to, p.seq)
			break
		}
		n := len(s.held)
		s.skip(to, s.held[0].seq)
		s.drain(to)
		i -= n - len(s.held)
		if s.done {
			return
		}
	}
	if p.seq == s.next {
		s.deliver(to, p)
		s.drain(to)
		return
	}
	p.data = append([]byte(nil), p.data...)
	s.held = append(s.held, piece{})
	copy(s.held[i+1:], s.held[i:])
	s.held[i] = p
	s.heldBytes += p.cost()
	to.bounds.used += p.cost()
}

// skip gives up the bytes before seq.
func (s *stream) skip(to delivery, seq uint32) {
	s.clear(to, seq)
	if s.next == seq {
		return
	}
	s.next = seq
	s.start, s.gap = false, true
	s.stats.Gaps++
}

// drain delivers what is held and in order.
func (s *stream) drain(to delivery) {
	n := 0
	for n < len(s.held) && s.held[n].seq == s.next {
		p := s.held[n]
		s.held[n].data = nil
		n++
		s.heldBytes -= p.cost()
		to.bounds.used -= p.cost()
		s.deliver(to, p)
		if s.done {
			return
		}
	}
	if n == len(s.held) {
		s.held = nil
		return
	}
	s.held = s.held[:copy(s.held, s.held[n:])]
}

func (s *stream) deliver(to delivery, p piece) {
	seg := Segment{Data: p.data, Size: p.size, Packet: p.packet, Offset: p.offset, Start: s.start, Gap: s.gap}
	s.start, s.gap, s.tentative = false, false, false
	s.next += uint32(p.size)
	s.delivered += p.size
	if s.hasEnd && s.next == s.end {
		seg.End = true
	}
	to.sink.Deliver(to.direction, seg)
	if seg.End || to.bounds.Limit > 0 && s.delivered >= to.bounds.Limit {
		s.stop(to.bounds)
	}
}

// finish delivers the end of the direction when it comes without data.
func (s *stream) finish(to delivery) {
	if s.done || !s.hasEnd || s.next != s.end {
		return
	}
	to.sink.Deliver(to.direction, Segment{Start: s.start, Gap: s.gap, End: true})
	s.stop(to.bounds)
}

// acknowledge takes the other side's word that it has everything before t.Ack.
// A hole before held bytes is then one of the capture, never to be filled.
func (s *stream) acknowledge(to delivery, t *TCP) {
	if !s.positioned {
		if t.Flags&flagSYN != 0 { // of our SYN, which was not captured
			s.synchronize(t.Ack, to.bounds)
		}
		return
	}
	s.confirm(to, t.Ack)
	if !s.hasAck || distance(s.ack, t.Ack) > 0 {
		s.ack, s.hasAck = t.Ack, true
	}
	s.giveUp(to)
	s.finish(to)
}

// giveUp skips the holes that the other side has acknowledged.
func (s *stream) giveUp(to delivery) {
	for !s.done && s.hasAck && len(s.held) != 0 && distance(s.held[0].seq, s.ack) > 0 {
		s.skip(to, s.held[0].seq)
		s.drain(to)
	}
}

// flush delivers what is held, holes or not.
func (s *stream) flush(to delivery) {
	s.clear(to, s.next+maxPadding)
	for !s.done && len(s.held) != 0 {
		s.skip(to, s.held[0].seq)
		s.drain(to)
	}
	s.finish(to)
}

func (s *stream) stop(b *Bounds) {
	if s.done {
		return
	}
	s.done = true
	s.release(b)
}

func (s *stream) release(b *Bounds) {
	b.used -= s.heldBytes
	s.held, s.heldBytes = nil, 0
}
