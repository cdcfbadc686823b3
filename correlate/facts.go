package correlate

import (
	"fmt"
	"strings"

	"github.com/sniffid/sniffid/correlate/claims"
)

// maxFacts bounds the evidence of one verdict.
const maxFacts = 64

// facts gathers the evidence of a verdict, witness by witness: the wire, the
// listing, the registry, the owner, the user.
func (s *scene) facts(v *Verdict) []Fact {
	facts := []Fact{}
	for _, o := range s.served {
		facts = append(facts, wireFacts(o)...)
	}
	for _, o := range s.outgoing {
		text := fmt.Sprintf("opened %s to %s", plural(o.Flows, "connection"), peers([]*Observation{o}))
		facts = append(facts, Fact{Source: "wire", Text: text, Packets: first(o)})
		facts = append(facts, wireFacts(o)...)
	}
	for _, o := range s.refused {
		facts = append(facts, Fact{Source: "wire", Text: "refused " + plural(o.Refused, "connection"), Packets: o.Refusals})
	}
	if c := s.listening; c != nil {
		facts = append(facts, claimFact(c))
	}
	if c := s.established; c != nil && v.Kind == Phantom {
		facts = append(facts, claimFact(c))
	}
	if names := s.port.Registered; len(names) > 0 {
		facts = append(facts, Fact{Source: "registry", Text: "registered as " + strings.Join(names, ", ")})
	}
	if o := &s.port.Owner; o.Known() {
		facts = append(facts, Fact{Source: "owner", Text: byOwner(o, "")})
	}
	if s.port.Expect != "" {
		facts = append(facts, Fact{Source: "expect", Text: "expected to speak " + s.port.Expect})
	}
	return facts[:min(len(facts), maxFacts)]
}

// wireFacts are the packets that proved the layers of an observation, or what
// there was instead of a proof.
func wireFacts(o *Observation) []Fact {
	var facts []Fact
	for _, e := range o.Evidence {
		facts = append(facts, Fact{
			Source: "wire", Text: e.Reason, Protocol: e.Protocol, Signature: e.Signature, Packets: []uint64{e.Packet},
		})
	}
	switch {
	case facts != nil:
	case len(o.Protocols) > 0:
		facts = append(facts, Fact{Source: "wire", Text: o.Confidence + " " + strings.Join(o.Protocols, ", "), Packets: first(o)})
	case o.payload() > 0:
		facts = append(facts, Fact{Source: "wire", Text: plural(o.Flows, "flow") + " with payload that matched no signature", Packets: first(o)})
	case o.Answered > 0:
		facts = append(facts, Fact{Source: "wire", Text: "accepted " + plural(o.Answered, "connection"), Packets: first(o)})
	}
	return facts
}

func first(o *Observation) []uint64 {
	if o.First == 0 {
		return nil
	}
	return []uint64{o.First}
}

func claimFact(c *claims.Claim) Fact {
	words := []string{c.Transport, c.Local.String()}
	if c.Remote.IsValid() {
		words = append(words, c.Remote.String())
	}
	if c.State != "" {
		words = append(words, c.State)
	}
	if o := claimed(c); o.Known() {
		words = append(words, byOwner(&o, ""))
	}
	return Fact{Source: "claim", Text: strings.Join(words, " "), File: c.File, Line: c.Line}
}
