package pipeline

// ledger enters the steps of all inquiries in the order of their packets, after they were
// taken: what flows say of each other.
type ledger struct {
	expect   expectations
	failures failures
}

// enter enters a step.
func (l *ledger) enter(s *step) {
	in := s.inquiry
	if s.passed {
		return
	}
	if !s.last && in.announcements != l.expect.turn {
		in.announcements = l.expect.turn
		l.lookup(s)
	}
	for _, e := range s.announced {
		l.expect.add(e, s.time)
	}
	if s.crowded != nil {
		l.complete(s.crowded)
	}
	if s.over {
		l.complete(in)
	}
	if s.failure != nil {
		l.failures.add(s.failure)
	}
}

// lookup looks for what was announced of the step's flow.
func (l *ledger) lookup(s *step) {
	in := s.inquiry
	client, server := in.client, in.server
	if s.turned {
		client, server = server, client
	}
	if in.expected == nil {
		in.expected = l.expect.lookup(in.transport, client, server, s.time)
	}
}

// complete completes the answer of an inquiry that is over.
func (l *ledger) complete(in *inquiry) {
	in.complete = true
	if a := in.answer; a != nil && in.expected != nil {
		a.Expect(in.expected)
		if len(a.Protocols) > 0 {
			a.sample = nil
		}
	}
}
