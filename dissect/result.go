package dissect

import (
	"slices"

	"github.com/sniffid/sniffid/dissect/flow"
)

// Identify returns the answer so far. It may be called at any time.
func (s *Session) Identify() Identification {
	id := Identification{Payload: s.payload}
	turned := s.root.collect(&id)
	id.Swapped = turned == 1
	if turned == 1 {
		for i := range id.Evidence {
			id.Evidence[i].Direction ^= 1
		}
	}
	s.applyExpectation(&id)
	return id
}

// collect appends the layers of the best explanation and returns 1 if they show
// the session's roles to be exchanged.
func (l *layer) collect(id *Identification) (turned flow.Direction) {
	best, confidence := l.best()
	if best == nil {
		return 0
	}
	turned = best.swap
	if best.proto.directional() {
		id.RolesKnown = true
	}
	id.put(best.proto.Name, confidence)
	for d := range best.tracks {
		if t := &best.tracks[d]; t.proven {
			proof := t.evidence
			proof.Confidence = confidence
			id.Evidence = append(id.Evidence, proof)
		}
	}
	for _, a := range best.attributes {
		id.attribute(a)
	}
	for d := range best.tracks {
		for _, a := range best.tracks[d].latest {
			id.attribute(a)
		}
	}
	for _, x := range best.layers {
		e := x.evidence
		e.Confidence = confidence
		if x.confidence != ConfidenceNone {
			e.Confidence = x.confidence
		}
		if id.put(x.name, e.Confidence) {
			id.Evidence = append(id.Evidence, e)
		}
	}
	for _, up := range best.above {
		turned ^= up.collect(id)
	}
	return turned
}

// put adds a layer unless the stack names it already, and weakens the whole
// stack's confidence to the layer's.
func (id *Identification) put(name string, confidence Confidence) bool {
	if id.Confidence == ConfidenceNone || confidence < id.Confidence {
		id.Confidence = confidence
	}
	if slices.Contains(id.Protocols, name) {
		return false
	}
	id.Protocols = append(id.Protocols, name)
	return true
}

func (id *Identification) attribute(a Attribute) {
	if len(id.Attributes) < maxAttributes && !slices.Contains(id.Attributes, a) {
		id.Attributes = append(id.Attributes, a)
	}
}

// applyExpectation adds what another flow announced of this one, where the
// payload itself does not say otherwise. Without payload nothing is claimed.
func (s *Session) applyExpectation(id *Identification) {
	e := s.expected
	if e == nil || len(e.Protocols) == 0 || s.payload[0]+s.payload[1] == 0 {
		return
	}
	found := id.Protocols
	switch {
	case len(found) == 0 || e.Opaque && id.Confidence < Certain:
		*id = Identification{Payload: id.Payload}
		found = nil
	case e.Opaque:
		id.Protocols = nil
	case found[0] != e.Protocols[0]:
		return
	}
	for _, name := range e.Protocols {
		if slices.Contains(found, name) {
			continue
		}
		if len(found) > 1 && !e.Opaque {
			// The payload names more than what was announced, or something else.
			return
		}
		id.put(name, Expected)
		id.Evidence = append(id.Evidence, Evidence{
			Protocol: name, Signature: "expectation", Confidence: Expected,
			Reason: "announced by another flow",
		})
	}
	if e.Opaque {
		id.Protocols = append(id.Protocols, found...)
	}
}
