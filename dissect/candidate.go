package dissect

import (
	"slices"

	"github.com/sniffid/sniffid/dissect/flow"
)

// candidate is one protocol on trial for a layer's conversation, with its
// parser, what the parser has found, and the conversations it carries.
type candidate struct {
	layer  *layer
	id     int
	proto  *Protocol
	parser Parser
	swap   flow.Direction // 1: the layer's client is taken for the server
	origin int

	tracks   [2]track // by the layer's directions
	verified bool
	answered bool

	attributes []Attribute
	layers     []declaration
	channels   []channel
	successor  *layer   // after a transition
	above      []*layer // the channels' layers and the successor

	m Message // being parsed
}

// track is a candidate's progress in one direction.
type track struct {
	cursor   int  // stream offset of the next message
	need     int  // stream offset up to which bytes are wanted before the next try
	waiting  bool // the message at cursor is undecided
	stopped  bool // this direction is not parsed further
	switched bool // the rest belongs to the successor
	partial  bool // the message at cursor matched but was incomplete

	matched  int
	rejected int
	firm     int // matched messages that are not weak
	best     int // most bits of one message
	sum      int // bits of all matched messages of a stream
	proven   bool
	evidence Evidence    // valid if proven
	latest   []Attribute // of the partial message
}

type declaration struct {
	name       string
	confidence Confidence
	evidence   Evidence
}

type channel struct {
	id    uint64
	layer *layer
}

// discard gives the candidate back, with all that it carries.
func (c *candidate) discard() {
	for _, up := range c.above {
		up.discard()
	}
	if p, ok := c.parser.(Releaser); ok {
		p.Release()
	}
	e := c.layer.s.engine
	*c = candidate{
		attributes: again(c.attributes, 8), layers: again(c.layers, 2), channels: again(c.channels, 2), above: again(c.above, 2),
	}
	e.candidates.Put(c)
}

func (c *candidate) matched() int { return c.tracks[0].matched + c.tracks[1].matched }

// dead reports whether the candidate was refuted without ever having matched.
func (c *candidate) dead() bool {
	a, b := &c.tracks[0], &c.tracks[1]
	if a.matched+b.matched > 0 || a.waiting || b.waiting {
		return false
	}
	if c.layer.stream {
		return a.stopped || b.stopped
	}
	return a.rejected+b.rejected > 0
}

// undecided reports whether the candidate waits for the rest of a message.
func (c *candidate) undecided() bool { return c.tracks[0].waiting || c.tracks[1].waiting }

// exhausted reports whether neither direction is parsed further.
func (c *candidate) exhausted() bool { return c.tracks[0].stopped && c.tracks[1].stopped }

// advance parses whatever messages are complete, in the order of their packets.
func (c *candidate) advance() (changed bool) {
	for {
		d, ok := c.ready()
		if !ok {
			return changed
		}
		if c.tracks[d].switched {
			changed = c.forward(d) || changed
		} else {
			changed = c.step(d) || changed
		}
	}
}

// ready picks the direction whose next message comes first.
func (c *candidate) ready() (flow.Direction, bool) {
	a, b := c.can(0), c.can(1)
	if a && b {
		pa, _ := c.layer.halves[0].locate(c.tracks[0].cursor)
		pb, _ := c.layer.halves[1].locate(c.tracks[1].cursor)
		a = pa <= pb
	}
	if a {
		return 0, true
	}
	return 1, b
}

func (c *candidate) can(d flow.Direction) bool {
	h, t := &c.layer.halves[d], &c.tracks[d]
	if t.stopped || t.cursor >= h.total {
		return false
	}
	return h.total >= t.need || h.ended
}

// step parses the message at the cursor of direction d.
func (c *candidate) step(d flow.Direction) (changed bool) {
	l, t := c.layer, &c.tracks[d]
	h := &l.halves[d]
	data := h.from(t.cursor)
	if data == nil {
		t.stopped = true
		return false
	}
	r := l.s.report
	r.Reset()
	r.Recording = l.s.engine.cfg.Record
	c.m = Message{
		Data: data, Size: len(data), Open: true, Ended: h.ended,
		First: t.matched == 0 && t.cursor == 0 || t.partial && t.matched == 1,
		From:  d ^ c.swap, Context: &l.s.ctx,
	}
	switch outcome := c.parser.Parse(&c.m, r); {
	case outcome == Match:
		grows := r.Incomplete && !h.ended && h.total < l.budget
		length, need := r.Length, r.Need // found parses what is above with the same report
		c.found(d, &c.m, r, h, !grows)
		t.partial, t.waiting = grows, grows
		switch {
		case grows:
			t.need = c.until(h, t.cursor+need)
		case t.switched:
		case length <= 0:
			t.stopped = true
		default:
			t.cursor += length
			t.need = t.cursor + 1
		}
		return true
	case outcome == NeedMore && !h.ended:
		t.need, t.waiting = c.until(h, t.cursor+r.Need), true
		return false
	default:
		t.waiting = false
		c.refuse(d)
		return false
	}
}

// until is the offset up to which bytes of h are waited for: at least one more
// than there are, but no further than they will be kept.
func (c *candidate) until(h *half, need int) int {
	return max(min(need, c.layer.budget), h.total+1)
}

// refuse deals with bytes that are no message. In a direction whose beginning
// was not seen, the next segment may still start one.
func (c *candidate) refuse(d flow.Direction) {
	h, t := &c.layer.halves[d], &c.tracks[d]
	t.rejected++
	if h.known || t.rejected >= maxOrigins || t.matched == 0 && c.tracks[d.Reverse()].matched == 0 {
		t.stopped = true
		return
	}
	next, ok := h.next(t.cursor)
	t.cursor = next
	t.need = next + 1
	t.waiting = !ok
}

// message parses one delimited message.
func (c *candidate) message(d flow.Direction, data []byte, p piece, first bool) (changed bool) {
	l, t := c.layer, &c.tracks[d]
	if t.stopped {
		return false
	}
	if t.switched {
		return c.successor.feed(d^c.swap, data, p)
	}
	place := mark{at: t.cursor, packet: p.packet, offset: p.offset}
	r := l.s.report
	for size := p.size; len(data) > 0; first = false {
		r.Reset()
		r.Recording = l.s.engine.cfg.Record
		c.m = Message{Data: data, Size: size, Ended: true, First: first, From: d ^ c.swap, PPID: p.ppid, Context: &l.s.ctx}
		if c.parser.Parse(&c.m, r) != Match {
			if !changed {
				t.rejected++
			}
			return changed
		}
		n := r.Length // found parses what is above with the same report
		h := half{base: place.at, total: place.at, marks: []mark{place}}
		c.found(d, &c.m, r, &h, true)
		changed = true
		if n <= 0 || n >= len(data) || t.switched {
			break
		}
		t.cursor += n
		data, size = data[n:], size-n
		place.offset += n
		place.at = t.cursor
	}
	return changed
}

// found takes over what a matching message reported. With final unset the
// message will be parsed again, so only what proves the label is taken.
func (c *candidate) found(d flow.Direction, m *Message, r *Report, h *half, final bool) {
	t := &c.tracks[d]
	if !t.partial {
		t.matched++
		if !r.Weak {
			t.firm++
		}
		t.best = max(t.best, r.Bits)
		t.sum += r.Bits
		c.verified = c.verified || r.Verified
		c.answered = c.answered || r.Answers
	}
	if !t.proven || t.partial && t.matched == 1 {
		t.evidence, t.proven = c.prove(d, m, r, h), true
	}
	if !final {
		t.latest = append(t.latest[:0], r.Attributes...)
		return
	}
	t.latest = t.latest[:0]
	for _, a := range r.Attributes {
		if len(c.attributes) < maxAttributes && !slices.Contains(c.attributes, a) {
			c.attributes = append(c.attributes, a)
		}
	}
	for _, name := range r.Layers {
		c.declare(name, ConfidenceNone, d, m, r, h)
	}
	for _, name := range r.Declared {
		c.declare(name, Declared, d, m, r, h)
	}
	for i := range r.Expectations {
		c.layer.s.announce(r.Expectations[i])
	}
	if r.Transition != nil {
		c.change(d, *r.Transition)
	}
	if len(r.Payloads) > 0 {
		c.carry(d, m, r, h)
	}
}

// prove makes the evidence of one message.
func (c *candidate) prove(d flow.Direction, m *Message, r *Report, h *half) Evidence {
	off, n := r.EvidenceOffset, r.EvidenceLength
	if n == 0 {
		off, n = 0, len(m.Data)
		if r.Length > 0 {
			n = min(n, r.Length)
		}
	}
	packet, at := h.locate(c.tracks[d].cursor + off)
	e := Evidence{
		Protocol: c.proto.Name, Signature: r.Signature, Direction: d ^ c.layer.flip,
		Packet: packet, Offset: at, Length: n, Reason: r.Reason,
	}
	if r.Recording {
		e.Bytes = slices.Clone(m.Data[off:min(off+n, len(m.Data))])
		for _, f := range r.Fields {
			f.Offset -= off
			if f.Offset >= 0 && f.Offset+f.Length <= len(e.Bytes) {
				e.Fields = append(e.Fields, f)
			}
		}
	}
	return e
}

func (c *candidate) declare(name string, confidence Confidence, d flow.Direction, m *Message, r *Report, h *half) {
	if name == "" || len(c.layers) >= maxDepth ||
		slices.ContainsFunc(c.layers, func(x declaration) bool { return x.name == name }) {
		return
	}
	e := c.prove(d, m, r, h)
	e.Protocol = name
	c.layers = append(c.layers, declaration{name, confidence, e})
}

// gap stops the parsing of direction d at missing bytes; if the roles of the
// bytes behind the gap are the same, parsing resumes at the next segment.
func (c *candidate) gap(d flow.Direction) {
	t, total := &c.tracks[d], c.layer.halves[d].total
	if t.switched && c.successor != nil {
		c.successor.gap(d ^ c.swap)
	}
	t.waiting, t.partial = false, false
	t.cursor, t.need = total, total+1
}
