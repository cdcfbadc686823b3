package dissect

import "github.com/sniffid/sniffid/dissect/flow"

// Session identifies one flow. It keeps the start of each direction, bounded by
// the engine's budget, and the state of the protocols still in question. It is
// not safe for concurrent use.
type Session struct {
	engine *Engine
	ctx    Context
	root   *layer
	// layers counts the conversations within the flow, against maxLayers.
	layers   int
	bothWays bool
	pending  []Expectation
	// report is borrowed while something is parsed; parsing never nests.
	report *Report
	// trial is what protocols are asked about before they get a parser.
	trial Message
}

// Close gives back what the session needed for its work; it must not be used
// afterwards. Answers that it gave stay valid. A session that is not closed is
// left to the garbage collector.
func (s *Session) Close() {
	e := s.engine
	s.root.discard()
	*s = Session{}
	e.sessions.Put(s)
}

// Observe takes the next payload of direction d, in the sender's order. It
// reports whether the answer may have changed. seg.Data is not kept.
func (s *Session) Observe(d flow.Direction, seg flow.Segment) (changed bool) {
	s.borrow()
	changed = s.root.feed(d, seg.Data, piece{
		size: seg.Size, packet: seg.Packet, offset: seg.Offset, start: seg.Start, gap: seg.Gap, ppid: seg.PPID,
	})
	s.giveBack()
	return changed
}

func (s *Session) borrow() { s.report, _ = s.engine.reports.Get().(*Report) }

func (s *Session) giveBack() {
	s.report.Reset()
	s.engine.reports.Put(s.report)
	s.report = nil
}

// End says that no more bytes will come in direction d.
func (s *Session) End(d flow.Direction) {
	s.borrow()
	s.root.end(d)
	s.giveBack()
}

// Wants reports whether more payload of direction d could still change the
// answer. Where it can't, Observe costs a few instructions, but the caller can
// spare itself the reassembly.
func (s *Session) Wants(d flow.Direction) bool { return s.root.wants(d) }

// Done reports whether neither direction's payload could still change the
// answer.
func (s *Session) Done() bool { return !s.Wants(flow.FromClient) && !s.Wants(flow.FromServer) }

// Named reports whether there is an answer so far.
func (s *Session) Named() bool {
	best, _ := s.root.best()
	return best != nil
}

// SeenBothWays tells the session that packets, with payload or not, were seen
// in both directions. Without it, and without payload in both, no label is more
// than Likely.
func (s *Session) SeenBothWays() { s.bothWays = true }

// RolesKnown tells the session that client and server are certain (a handshake
// was seen), so that no parser is tried with the roles exchanged.
func (s *Session) RolesKnown() { s.root.rolesKnown = true }

// Expectations returns what this flow has announced since the last call.
func (s *Session) Expectations() []Expectation {
	out := s.pending
	s.pending = nil
	return out
}

func (s *Session) announce(e Expectation) {
	if !e.Host.IsValid() {
		e.Host = s.ctx.Server
	}
	if len(s.pending) < maxExpect {
		s.pending = append(s.pending, e)
	}
}
