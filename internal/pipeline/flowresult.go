package pipeline

import (
	"slices"
	"strings"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// result is what is reported of a flow, now or at its end. It changes nothing of the
// flow; the result is good until the next one.
func (p *Pipeline) result(f *flow.Flow[conversation]) *Flow {
	v := &f.Value
	if v.asking {
		p.askAll()
	}
	r := &p.reported
	*r = Flow{
		File: p.config.File, First: v.first, Start: f.First, End: f.Last,
		Transport: transport(f),
		Client:    end(f, flow.FromClient), Server: end(f, flow.FromServer),
		Roles: f.Roles, State: f.State.String(), Tunnel: f.Tunnels,
		Answer: v.identify(),
	}
	if v.answer != nil {
		r.Sample = v.answer.sample
	}
	r.Network = network(f, &r.Client)
	if !r.HasPorts() {
		r.Carrier = carrier(f)
	}
	// The answer speaks of the session's directions, exchanged if it is Swapped.
	exchanged := v.turned != r.Answer.Swapped
	switch {
	case r.Answer.RolesKnown && f.Roles <= flow.RolesProtocol:
		r.Roles = flow.RolesProtocol
		if exchanged {
			r.Client, r.Server = r.Server, r.Client
		}
	case exchanged:
		r.turnEvidence()
		r.turnSample()
	}
	if !r.Answer.RolesKnown && f.Roles == flow.RolesFirstPacket && listens(&r.Client.Owner) && !listens(&r.Server.Owner) {
		r.Roles = flow.RolesSocket
		r.Client, r.Server = r.Server, r.Client
		r.turnEvidence()
		r.turnSample()
	}
	r.CommunityID = f.CommunityID()
	return r
}

func (f *Flow) turnEvidence() {
	for i := range f.Answer.Evidence {
		e := &f.Answer.Evidence[i]
		e.Direction = e.Direction.Reverse()
	}
}

// turnSample exchanges the ends in what is said of a payload without a name.
func (f *Flow) turnSample() {
	if len(f.Answer.Protocols) > 0 {
		return
	}
	if f.Sample != nil {
		turned := *f.Sample
		turned.Swap()
		f.Sample = &turned
	}
	turn := strings.NewReplacer("client", "server", "server", "client")
	f.Answer.Attributes = slices.Clone(f.Answer.Attributes)
	for i := range f.Answer.Attributes {
		a := &f.Answer.Attributes[i]
		a.Name = turn.Replace(a.Name)
		if a.Name == "payload.first" {
			a.Value = turn.Replace(a.Value)
		}
	}
}

// listens reports whether the owner was found by the socket that listens.
func listens(o *owner.Owner) bool { return o.Quality == owner.Listener }

func end(f *flow.Flow[conversation], d flow.Direction) End {
	a := f.Endpoint(d)
	var mac flow.MAC
	if f.Link != nil {
		mac = f.Link.Ends[d]
	}
	e := End{
		MAC:  mac,
		Addr: a.Addr(), Port: a.Port(),
		Packets: f.Packets[d], Bytes: f.Bytes[d], Payload: f.Payload[d],
	}
	if o := f.Value.owners[d]; o != nil {
		e.Owner = *o
	}
	return e
}

// summarize fills s with what the verdicts need of a flow, using its memory for
// evidence again.
func summarize(s *correlate.FlowSummary, f *flow.Flow[conversation], r *Flow) {
	*s = correlate.FlowSummary{
		Evidence: s.Evidence[:0],

		Transport: r.Transport,
		Client:    correlateEnd(&r.Client), Server: correlateEnd(&r.Server),
		Roles:      r.Roles,
		Refused:    f.State == flow.StateRefused,
		Protocols:  r.Answer.Protocols,
		Confidence: r.Answer.Confidence.String(),
		First:      r.First,
	}
	switch r.Transport {
	case "tcp", "sctp":
		s.Answered = f.SYNACK != 0 || f.SYN == 0 && r.Server.Packets > 0 && !s.Refused
	default:
		s.Answered = r.Server.Packets > 0
	}
	if s.Refused {
		opening := f.SYN
		if opening == 0 {
			opening = r.First
		}
		s.Refusal = []uint64{opening, f.Refusal}
	}
	for i := range r.Answer.Evidence {
		s.Evidence = append(s.Evidence, correlateEvidence(&r.Answer.Evidence[i]))
	}
}

func correlateEnd(e *End) correlate.End {
	return correlate.End{Addr: e.AddrPort(), Packets: e.Packets, Payload: e.Payload, Owner: e.Owner}
}

func correlateEvidence(e *dissect.Evidence) correlate.Evidence {
	return correlate.Evidence{
		Protocol: e.Protocol, Signature: e.Signature, Confidence: e.Confidence.String(),
		Direction: e.Direction, Packet: e.Packet, Reason: e.Reason,
	}
}
