package correlate

import (
	"slices"

	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/registry"
	"github.com/sniffid/sniffid/dissect/flow"
)

// Judge weighs the witnesses of one port. It is a pure function: the same input
// gives the same verdict. r may be nil, which stands for IANA's list.
//
// In order of precedence:
//
//  1. The port served: it took a connection, or payload reached it. Then what
//     was spoken decides, whatever was refused before or after.
//  2. A row has it listening, and it refused a connection or was only the local
//     end of outgoing ones: phantom.
//  3. It was only the local end of outgoing connections: client.
//  4. A row has it listening, and nothing was seen: silent; or, where the
//     listing contradicts itself, a suspected phantom.
//  5. Otherwise nobody says that it serves: no verdict.
//
// What a datagram socket without a peer says is weaker than LISTENING: it is
// bound, and may well be a client's. Only a refusal makes a phantom of it.
func Judge(p *Port, r *registry.Registry) Verdict {
	if r == nil {
		r = &registry.Registry{}
	}
	s := newScene(p, r)
	v := s.decide()
	v.Expect = s.expectation()
	v.Evidence = s.facts(&v)
	v.Findings = s.findings()
	return v
}

// scene is a port with its observations sorted by what they say.
type scene struct {
	port     *Port
	registry *registry.Registry

	listening   *claims.Claim // the first row that has it listening
	established *claims.Claim // a row that has it as the local end of an outgoing connection

	served   []*Observation // flows that it took part in as the server
	outgoing []*Observation // flows that it opened
	refused  []*Observation // flows that it refused

	identified []*Observation // of served: those with a label
	opaque     int            // flows of served with payload and no label
}

func newScene(p *Port, r *registry.Registry) *scene {
	s := &scene{port: p, registry: r}
	for i := range p.Claims {
		if c := &p.Claims[i]; c.Listens() {
			s.listening = c
			break
		}
	}
	s.established = s.outgoingRow()
	for i := range p.Observations {
		o := &p.Observations[i]
		switch {
		case s.role(o) == Client:
			s.outgoing = append(s.outgoing, o)
		case o.Answered > 0 || o.payload() > 0 && o.Refused == 0:
			s.served = append(s.served, o)
			if len(o.Protocols) > 0 {
				s.identified = append(s.identified, o)
			} else if o.payload() > 0 {
				s.opaque += o.Flows
			}
		case o.Refused > 0:
			s.refused = append(s.refused, o)
		}
	}
	return s
}

// role is the part the port plays in o. Where the roles are only those of the
// first packet seen, a row that has the port listening knows better; and a
// datagram between equals, a group or a port of the protocol's own has no
// client in the sense of an outgoing connection.
func (s *scene) role(o *Observation) Role {
	if o.Role == Server {
		return Server
	}
	if s.port.Key.Transport == "udp" {
		if s.among(o) && s.named(o.Protocols) {
			return Server
		}
		return Client
	}
	if o.Roles == flow.RolesFirstPacket && s.listening != nil {
		return Server
	}
	return Client
}

// among reports whether o runs between equals: to a group, to the same port, or
// from a system port (RFC 6335 §6).
func (s *scene) among(o *Observation) bool {
	return s.port.Key.Port < 1024 || slices.ContainsFunc(o.Peers, peerIsEqual(s.port.Key.Port))
}

// decide finds the verdict and its sentence.
func (s *scene) decide() Verdict {
	switch {
	case len(s.served) > 0:
		return s.compare()
	case s.listening != nil && (len(s.refused) > 0 || s.stream() && len(s.outgoing) > 0):
		role := Server
		if len(s.outgoing) > 0 {
			role = Client
		}
		return Verdict{Kind: Phantom, Role: role, Why: s.whyPhantom()}
	case len(s.outgoing) > 0:
		return Verdict{Kind: ClientEnd, Role: Client, Why: s.whyClient()}
	case s.listening != nil && s.established != nil:
		return Verdict{Kind: Phantom, Role: Client, Suspected: true, Why: s.whySuspected()}
	case s.listening != nil:
		return Verdict{Kind: Silent, Role: Server, Why: s.whySilent()}
	default:
		return Verdict{Kind: None, Why: s.whyNone()}
	}
}

// stream reports whether the transport has a LISTENING state to be wrong.
func (s *scene) stream() bool { return s.port.Key.Transport != "udp" }

// compare confronts what a serving port spoke with what it is said to be.
func (s *scene) compare() Verdict {
	v := Verdict{Role: Server}
	c := s.sort()
	switch {
	case len(s.identified) == 0 && s.opaque > 0:
		v.Kind, v.Why = Unidentified, s.whyUnidentified()
	case len(s.identified) == 0:
		v.Kind, v.Why = Silent, s.whySilent()
	case !s.isNamed():
		v.Kind, v.Why = Unregistered, s.whyUnregistered()
	case len(c.certain) > 0:
		v.Kind, v.Why = Mismatch, s.whyMismatch(c.certain, c.agreeing)
	case len(c.agreeing) > 0:
		v.Kind, v.Why = Confirmed, s.whyConfirmed(c)
	case len(c.likely) > 0:
		v.Kind, v.Why = Mismatch, s.whyMismatch(c.likely, nil)
	default:
		v.Kind, v.Why = Silent, s.whyMute(c.clientOnly)
	}
	return v
}

// comparison sorts the labelled observations of a serving port.
type comparison struct {
	agreeing []*Observation // what is named for the port
	certain  []*Observation // something else, beyond doubt
	likely   []*Observation // something else, by a weaker label
	// clientOnly are requests in something else to a server that took the
	// connection and said nothing: they are not the server's protocol.
	clientOnly []*Observation
}

func (s *scene) sort() comparison {
	var c comparison
	for _, o := range s.identified {
		switch {
		case s.named(o.Protocols):
			c.agreeing = append(c.agreeing, o)
		case o.certain():
			c.certain = append(c.certain, o)
		case s.stream() && o.Packets[flow.FromServer] > 0 && o.Payload[flow.FromServer] == 0:
			c.clientOnly = append(c.clientOnly, o)
		default:
			c.likely = append(c.likely, o)
		}
	}
	return c
}

// isNamed reports whether anybody says what the port speaks.
func (s *scene) isNamed() bool {
	return s.port.Expect != "" || len(s.port.Registered) > 0 || len(s.claimedStack()) > 0
}

// named reports whether a stack is what the port is said to speak. What the
// user expects outweighs the registry and the listing.
func (s *scene) named(stack []string) bool {
	if s.port.Expect != "" {
		return s.registry.Carries(s.port.Expect, stack)
	}
	for _, name := range slices.Concat(s.port.Registered, s.claimedStack()) {
		if s.registry.Carries(name, stack) {
			return true
		}
	}
	return false
}

// claimedStack is what a row names as the port's protocols.
func (s *scene) claimedStack() []string {
	for i := range s.port.Claims {
		if stack := s.port.Claims[i].Protocols; len(stack) > 0 {
			return stack
		}
	}
	return nil
}

// expectation is what became of the user's expectation, in whichever role the
// port was seen.
func (s *scene) expectation() Answer {
	if s.port.Expect == "" {
		return NotAsked
	}
	answer := Unseen
	for i := range s.port.Observations {
		o := &s.port.Observations[i]
		if s.registry.Carries(s.port.Expect, o.Protocols) {
			return Met
		}
		if o.payload() > 0 || len(o.Protocols) > 0 {
			answer = Unmet
		}
	}
	return answer
}

// payload is the number of payload bytes of both directions.
func (o *Observation) payload() uint64 { return o.Payload[0] + o.Payload[1] }

// certain reports whether some layer of the label is beyond doubt: enough to
// say that the port speaks something else.
func (o *Observation) certain() bool {
	return o.Confidence == "certain" ||
		slices.ContainsFunc(o.Evidence, func(e Evidence) bool { return e.Confidence == "certain" })
}
