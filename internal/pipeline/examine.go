package pipeline

import (
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/sample"
)

// step is what an inquiry goes on with: a segment of the flow's payload, or its end.
type step struct {
	inquiry   *inquiry
	last      bool           // the flow is over; there is no segment
	direction flow.Direction // of the inquiry
	segment   flow.Segment
	first     bool  // no payload came before
	bothWays  bool  // there were packets of both directions
	turned    bool  // the flow's client and server are the other way round by now
	time      int64 // of the packet
}

// examiner takes the steps of all inquiries, in the order of their packets.
type examiner struct {
	engine      *dissect.Engine
	keepSamples bool
	sessions    sessionQueue
	expect      expectations
	failures    failures
}

// open begins the inquiry into a flow.
func (x *examiner) open(s *step) {
	in := s.inquiry
	in.session = x.engine.NewSession(dissect.Context{Client: in.client.Addr(), Server: in.server.Addr(), Transport: in.carrier})
	if in.rolesKnown {
		in.session.RolesKnown()
	}
	if old := x.sessions.push(in); old != nil {
		x.conclude(old)
	}
	in.announcements = x.expect.turn
	x.applyExpectation(s)
}

// take takes a step and reports whether the answer may have changed. If something in it
// panics, the inquiry is over.
func (x *examiner) take(s *step) (changed bool) {
	in := s.inquiry
	if in.over.Load() || in.stopped[s.direction].Load() && !s.last {
		return false
	}
	defer func() {
		if reason := recover(); reason != nil {
			x.fail(s, reason)
		}
	}()
	if in.session == nil {
		x.open(s)
	}
	if s.bothWays {
		in.session.SeenBothWays()
	}
	if s.last {
		x.conclude(in)
		return false
	}
	if in.announcements != x.expect.turn {
		in.announcements = x.expect.turn
		x.applyExpectation(s)
	} else if in.sated[s.direction] && !s.segment.End {
		return false
	}
	if s.segment.Size > 0 {
		changed = in.session.Observe(s.direction, s.segment)
		in.keep(s)
	}
	if s.segment.End {
		in.session.End(s.direction)
		changed = true
	}
	for _, e := range in.session.Expectations() {
		x.expect.add(e, s.time)
	}
	x.spare(in, s.direction)
	return changed
}

// keep adds to the beginning of a payload that has no name so far.
func (in *inquiry) keep(s *step) {
	if in.session.Named() {
		in.sample = nil
		return
	}
	if in.sample == nil {
		if !s.first {
			return // it had a name before
		}
		in.sample = new(sample.Sample)
	}
	in.sample.Add(s.direction, s.segment.Data, s.segment.Size, in.stream)
}

func (x *examiner) applyExpectation(s *step) {
	in := s.inquiry
	client, server := in.client, in.server
	if s.turned {
		client, server = server, client
	}
	if e, ok := x.expect.lookup(in.transport, client, server, s.time); ok {
		in.session.Expect(e)
	}
}

// spare ends the work that can't change the answer any more.
func (x *examiner) spare(in *inquiry, d flow.Direction) {
	for d := range in.sated {
		in.sated[d] = !in.session.Wants(flow.Direction(d))
	}
	switch {
	case in.sated[0] && in.sated[1]:
		x.conclude(in)
	case in.stream && in.sated[d]:
		in.stopped[d].Store(true)
	}
}

// conclude takes the session's answer and frees what led to it.
func (x *examiner) conclude(in *inquiry) {
	s := in.session
	in.answer = &answer{Identification: s.Identify()}
	x.describe(in.answer, in.sample)
	x.close(in)
	s.Close()
}

// close ends an inquiry, whose answer stands.
func (x *examiner) close(in *inquiry) {
	x.sessions.open--
	in.session, in.sample = nil, nil
	in.over.Store(true)
}

// describe says what a payload looks like that was given no name.
func (x *examiner) describe(a *answer, s *sample.Sample) {
	if s == nil || len(a.Protocols) > 0 {
		return
	}
	for _, fact := range s.Describe() {
		a.Attributes = append(a.Attributes, dissect.Attribute{Name: fact.Name, Value: fact.Value})
	}
	if x.keepSamples {
		a.sample = s
	}
}

// fail ends an inquiry in which something panicked: it keeps what was known of it.
func (x *examiner) fail(s *step, reason any) {
	in := s.inquiry
	x.failures.add(s.segment.Packet, in.transport, in.client, in.server, reason)
	if in.over.Load() {
		return
	}
	if in.session != nil {
		in.answer = lastWord(in.session)
	}
	x.close(in)
}

// lastWord is what a session that has failed knows all the same; nil if it can't say.
func lastWord(s *dissect.Session) (a *answer) {
	defer func() {
		if recover() != nil {
			a = nil
		}
	}()
	return &answer{Identification: s.Identify()}
}
