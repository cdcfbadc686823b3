package dissect

import (
	"slices"

	"github.com/sniffid/sniffid/dissect/flow"
)

// layer is a conversation whose protocol is in question: the flow's payload at
// the bottom, or what a candidate of the layer below carries. A conversation is
// either two byte streams or two sequences of messages.
type layer struct {
	s      *Session
	below  *layer
	before int // bytes of the layer below that came before this layer's first
	depth  int
	stream bool
	// carrier is what the number counts for that says what these messages are;
	// see [Carrier].
	carrier int
	scopes  []*index
	only    []string // if set, the only protocols to try at the message being fed
	// flip leads from this layer's directions to the session's: a layer above a
	// candidate with exchanged roles sees them exchanged.
	flip       flow.Direction
	rolesKnown bool
	budget     int

	halves     [2]half
	origins    [2][]int // stream offsets at which a protocol may begin, still to be looked up
	attempts   [2]int
	candidates []*candidate
	settled    bool // one candidate is certain; the others are gone
	changed    bool // a message here says that the stream below changes over
	opinion    opinion
}

// piece describes the bytes passed to feed.
type piece struct {
	size   int
	packet uint64
	offset int
	start  bool
	gap    bool
	ppid   uint32
}

func (s *Session) newLayer(below *layer, flip flow.Direction) *layer {
	s.layers++
	l, _ := s.engine.layers.Get().(*layer)
	l.s, l.below, l.flip, l.budget = s, below, flip, s.engine.cfg.Budget
	if below != nil {
		l.depth = below.depth + 1
		l.flip ^= below.flip
		l.budget = max(l.budget, below.budget)
	}
	return l
}

// discard gives the layer back, with all that was tried in it.
func (l *layer) discard() {
	for _, c := range l.candidates {
		c.discard()
	}
	e := l.s.engine
	for d := range l.halves {
		l.halves[d].reset(e)
	}
	*l = layer{
		scopes: again(l.scopes, 4), candidates: again(l.candidates, 8), halves: l.halves,
		origins: [2][]int{again(l.origins[0], 8), again(l.origins[1], 8)},
	}
	e.layers.Put(l)
}

// again empties a slice for another use. One that has grown beyond what is usual goes:
// else, in time, each would be as long as the longest.
func again[T any](s []T, usual int) []T {
	if cap(s) > usual {
		return nil
	}
	clear(s)
	return s[:0]
}

// raise lets the layer, and those that bring its bytes, see at least n bytes of
// each direction.
func (l *layer) raise(n int) {
	for ; l != nil; l = l.below {
		l.budget = max(l.budget, n)
		n += l.before
	}
}

// add lets the protocols of an index be tried here.
func (l *layer) add(x *index) {
	if x != nil {
		l.scopes = append(l.scopes, x)
	}
}

// packets is the number of pieces of a direction that are looked at when
// nothing is pending.
func (l *layer) packets() int {
	cfg := &l.s.engine.cfg
	return max(cfg.Packets, cfg.Packets*(l.budget/cfg.Budget))
}

// smallPacket is the payload, in bytes, below which a packet counts in part
// against the packet limit of a stream: cutting a stream into one-byte segments
// must not hide it.
const smallPacket = 128

// wants reports whether more bytes of direction d could change anything here or
// above.
func (l *layer) wants(d flow.Direction) bool {
	h := &l.halves[d]
	if h.total >= l.budget || h.ended || len(l.scopes) == 0 || l.settled && l.candidates[0].exhausted() {
		return false
	}
	if n := l.packets(); h.pieces < n || l.stream && h.total < n*smallPacket {
		return true
	}
	return l.pending(d)
}

// pending reports whether a candidate waits for bytes of direction d.
func (l *layer) pending(d flow.Direction) bool {
	if len(l.origins[d]) > 0 {
		return true
	}
	for _, c := range l.candidates {
		t := &c.tracks[d]
		if t.waiting || t.switched && c.successor.wants(d^c.swap) {
			return true
		}
	}
	return false
}

// feed takes the next bytes of direction d and reports whether the answer may
// have changed.
func (l *layer) feed(d flow.Direction, data []byte, p piece) (changed bool) {
	if !l.wants(d) {
		return false
	}
	if len(data) == 0 { // nothing of it was captured
		if l.stream && p.size > 0 {
			l.gap(d)
		}
		return false
	}
	h := &l.halves[d]
	if h.total == 0 && p.start {
		h.known = true
	}
	l.opinion.held = false
	if !l.stream {
		changed = l.message(d, data, p)
	} else {
		if p.gap && h.total > 0 {
			l.gap(d)
		}
		h.append(l.s.engine, data, mark{size: p.size, packet: p.packet, offset: p.offset})
		if p.size > len(data) {
			// The capture cut the packet: what follows is not contiguous.
			defer l.gap(d)
		}
		changed = l.advance(d)
	}
	if changed {
		l.settle()
	}
	if l.stream {
		l.release(d)
	}
	return changed
}

// advance looks up where a stream may begin and lets the candidates parse.
func (l *layer) advance(d flow.Direction) (changed bool) {
	h := &l.halves[d]
	if !l.settled {
		last := h.marks[len(h.marks)-1].at
		if last == 0 || !h.known && !l.holds(d) {
			l.try(d, last)
		}
		l.probe(d)
	}
	for _, c := range l.candidates {
		changed = c.advance() || changed
	}
	l.bury()
	return changed
}

// maxOrigins bounds how many places of a stream are taken for a beginning.
const maxOrigins = 8

func (l *layer) try(d flow.Direction, origin int) {
	if l.attempts[d] < maxOrigins {
		l.attempts[d]++
		l.origins[d] = append(l.origins[d], origin)
	}
}

// holds reports whether a candidate has found its messages in direction d.
func (l *layer) holds(d flow.Direction) bool {
	return slices.ContainsFunc(l.candidates, func(c *candidate) bool { return c.tracks[d].matched > 0 })
}

// probe asks the index about each origin that still has an open answer.
func (l *layer) probe(d flow.Direction) {
	h := &l.halves[d]
	l.origins[d] = slices.DeleteFunc(l.origins[d], func(origin int) bool {
		data := h.from(origin)
		l.s.trial = Message{Data: data, Size: len(data), Open: true, Ended: h.ended, First: origin == 0, Context: &l.s.ctx}
		return data != nil && !l.lookup(d, 0, origin)
	})
}

// lookup adds a candidate for each protocol that may begin with the message in
// trial, of that size on the wire if it is delimited. It reports whether more
// bytes could add others.
func (l *layer) lookup(d flow.Direction, size, origin int) (short bool) {
	m := &l.s.trial
	for _, x := range l.scopes {
		short = x.lookup(m.Data, size, d, !l.rolesKnown, m.First, func(p int, swap flow.Direction) bool {
			return l.admit(p, swap, d, origin)
		}) || short
	}
	return short
}

// admit adds protocol p as a candidate unless it is one already. It returns
// false when there is no room for more.
func (l *layer) admit(p int, swap, d flow.Direction, origin int) bool {
	proto := &l.s.engine.protocols[p]
	if len(l.only) > 0 && !slices.Contains(l.only, proto.Name) {
		return true
	}
	if swap == 1 && !l.s.engine.directional[p] {
		return true
	}
	for _, c := range l.candidates {
		if c.id == p && c.swap == swap && (c.origin == origin || c.tracks[d].matched > 0 || c.tracks[d.Reverse()].matched > 0) {
			return true
		}
	}
	if len(l.candidates) >= maxCandidates {
		return false
	}
	l.s.trial.From = d ^ swap
	if proto.Begins != nil && !proto.Begins(&l.s.trial) {
		return true
	}
	c, _ := l.s.engine.candidates.Get().(*candidate)
	c.layer, c.id, c.proto, c.parser, c.swap, c.origin = l, p, proto, proto.New(), swap, origin
	l.raise(proto.Budget)
	if l.stream {
		c.tracks[d].cursor = origin
		if origin > 0 {
			// What answers a message found in the middle comes after it.
			packet, _ := l.halves[d].locate(origin)
			c.tracks[d.Reverse()].cursor = l.halves[d.Reverse()].after(packet)
		}
	} else {
		c.tracks[d].rejected = l.halves[d].pieces
		c.tracks[d.Reverse()].rejected = l.halves[d.Reverse()].pieces
	}
	l.candidates = append(l.candidates, c)
	return true
}

// message takes one message of a layer of messages.
func (l *layer) message(d flow.Direction, data []byte, p piece) (changed bool) {
	h := &l.halves[d]
	if !l.settled {
		l.s.trial = Message{Data: data, Size: p.size, Ended: true, First: h.pieces == 0, PPID: p.ppid, Context: &l.s.ctx}
		l.lookup(d, p.size, 0)
	}
	for _, c := range l.candidates {
		changed = c.message(d, data, p, h.pieces == 0) || changed
	}
	h.skip(len(data))
	l.bury()
	return changed
}

// gap says that bytes of direction d are missing: framing is lost there.
func (l *layer) gap(d flow.Direction) {
	h := &l.halves[d]
	h.known = false
	l.opinion.held = false
	l.origins[d] = l.origins[d][:0]
	for _, c := range l.candidates {
		c.gap(d)
	}
}

// end says that no more bytes come in direction d.
func (l *layer) end(d flow.Direction) {
	h := &l.halves[d]
	if h.ended {
		return
	}
	h.ended = true
	if !l.stream {
		return
	}
	l.opinion.held = false
	l.origins[d] = l.origins[d][:0]
	for _, c := range l.candidates {
		c.advance()
	}
	l.bury()
	l.settle()
}

// bury drops candidates that were refuted without ever having matched.
func (l *layer) bury() {
	l.candidates = slices.DeleteFunc(l.candidates, func(c *candidate) bool {
		dead := c.dead()
		if dead {
			c.discard()
		}
		return dead
	})
}

// settle ends the search once a candidate is certain.
func (l *layer) settle() {
	if l.settled || len(l.candidates) == 0 {
		return
	}
	best, confidence := l.best()
	if confidence != Certain {
		return
	}
	// A rival that has yet to speak, but takes precedence, keeps the matter open.
	// So does one that began before it and waits for the rest of its message.
	for _, c := range l.candidates {
		if c != best && (c.matched() > 0 && l.s.engine.precedes(c.id, best.id) || c.origin < best.origin && c.undecided()) {
			return
		}
	}
	l.settled = true
	for _, c := range l.candidates {
		if c != best {
			c.discard()
		}
	}
	clear(l.candidates[1:])
	l.candidates = append(l.candidates[:0], best)
	l.origins = [2][]int{l.origins[0][:0], l.origins[1][:0]}
}

// release forgets bytes that nobody will read again.
func (l *layer) release(d flow.Direction) {
	h := &l.halves[d]
	keep := h.total
	for _, c := range l.candidates {
		keep = min(keep, c.tracks[d].cursor)
	}
	for _, o := range l.origins[d] {
		keep = min(keep, o)
	}
	if !l.settled && !l.holds(d.Reverse()) && len(l.candidates) == 0 {
		// A protocol found in the other direction will be tried here from the start.
		keep = min(keep, 0)
	}
	h.release(l.s.engine, keep)
}
