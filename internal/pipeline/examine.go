package pipeline

import (
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/sample"
)

// examiner takes the steps of a share of the inquiries, in the order of their packets.
// Nothing that it does depends on other inquiries, but for their number.
type examiner struct {
	engine      *dissect.Engine
	keepSamples bool
	sessions    sessionQueue
}

// shards is how many examiners there are, be they at work side by side or not: what comes
// of a capture must not depend on the machine.
const shards = 4

// take takes a step and notes what came of it. If something in it panics, the inquiry is
// over.
func (x *examiner) take(s *step) {
	in := s.inquiry
	if in.over.Load() || in.stopped[s.direction].Load() && !s.last {
		s.passed = true
		return
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
	switch {
	case s.last:
		x.conclude(in)
	case in.sated[s.direction] && !s.segment.End:
	default:
		x.look(s)
	}
	s.over = in.session == nil
}

// open begins the inquiry into a flow.
func (x *examiner) open(s *step) {
	in := s.inquiry
	in.session = x.engine.NewSession(dissect.Context{Client: in.client.Addr(), Server: in.server.Addr(), Transport: in.carrier})
	if in.rolesKnown {
		in.session.RolesKnown()
	}
	if s.crowded = x.sessions.push(in); s.crowded != nil {
		x.conclude(s.crowded)
	}
}

// look looks at the step's segment.
func (x *examiner) look(s *step) {
	in := s.inquiry
	if s.segment.Size > 0 {
		s.changed = in.session.Observe(s.direction, s.segment)
		in.keep(s)
	}
	if s.segment.End {
		in.session.End(s.direction)
		s.changed = true
	}
	s.announced = in.session.Expectations()
	for d := range in.sated {
		in.sated[d] = !in.session.Wants(flow.Direction(d))
	}
	switch {
	case in.sated[0] && in.sated[1]:
		x.conclude(in)
	case in.stream && in.sated[s.direction]:
		in.stopped[s.direction].Store(true)
	}
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

// conclude takes the session's answer and frees what led to it.
func (x *examiner) conclude(in *inquiry) {
	session := in.session
	in.answer = &answer{Identification: session.Identify()}
	x.describe(in.answer, in.sample)
	x.close(in)
	session.Close()
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
	s.failure = failed(s.segment.Packet, in.transport, in.client, in.server, reason)
	s.over = true
	if in.session != nil {
		in.answer = lastWord(in.session)
		x.close(in)
	}
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
