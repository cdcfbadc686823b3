package dissect

import (
	"slices"

	"github.com/sniffid/sniffid/dissect/flow"
)

// draft is an answer while it is put together, in memory that is used again.
type draft struct {
	Identification
	founded []Confidence // how well each of Protocols is
}

// Identify returns the answer so far. It may be called at any time.
func (s *Session) Identify() Identification {
	x, _ := s.engine.drafts.Get().(*draft)
	turned := s.root.collect(x)
	x.Swapped = turned == 1
	for i, confidence := range x.founded {
		x.weaken(confidence)
		for j := range x.Evidence {
			if x.Evidence[j].Protocol == x.Protocols[i] {
				x.Evidence[j].Confidence = confidence
			}
		}
	}
	if turned == 1 {
		for i := range x.Evidence {
			x.Evidence[i].Direction ^= 1
		}
	}
	id := x.Identification
	id.Protocols, id.Evidence, id.Attributes = exact(x.Protocols), exact(x.Evidence), exact(x.Attributes)
	*x = draft{founded: x.founded[:0], Identification: Identification{
		Protocols: again(x.Protocols, maxDepth), Evidence: again(x.Evidence, 2*maxDepth), Attributes: again(x.Attributes, maxAttributes),
	}}
	s.engine.drafts.Put(x)
	return id
}

// exact copies a list to memory of its size; of nothing it makes nothing.
func exact[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return append(make([]T, 0, len(list)), list...)
}

// collect appends the layers of the best explanation and returns 1 if they show
// the session's roles to be exchanged.
func (l *layer) collect(id *draft) (turned flow.Direction) {
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
			id.Evidence = append(id.Evidence, t.evidence)
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
		founded := confidence
		if x.confidence != ConfidenceNone {
			founded = x.confidence
		}
		if id.put(x.name, founded) {
			id.Evidence = append(id.Evidence, x.evidence)
		}
	}
	for _, up := range best.above {
		turned ^= up.collect(id)
	}
	return turned
}

// put adds a layer, or, when the stack names it already, lets the better founded of
// the two stand: what one layer has proved of the next, weak messages don't disprove.
func (id *draft) put(name string, confidence Confidence) (added bool) {
	if i := slices.Index(id.Protocols, name); i >= 0 {
		id.founded[i] = max(id.founded[i], confidence)
		return false
	}
	id.Protocols = append(id.Protocols, name)
	id.founded = append(id.founded, confidence)
	return true
}

// weaken takes a layer into account: the stack is as well founded as its weakest.
func (id *Identification) weaken(layer Confidence) {
	if id.Confidence == ConfidenceNone || layer < id.Confidence {
		id.Confidence = layer
	}
}

func (id *Identification) attribute(a Attribute) {
	if len(id.Attributes) < maxAttributes && !slices.Contains(id.Attributes, a) {
		id.Attributes = append(id.Attributes, a)
	}
}

// Expect adds what another flow announced of one with payload, where the payload itself
// does not say otherwise.
func (id *Identification) Expect(e *Expectation) {
	if len(e.Protocols) == 0 {
		return
	}
	found := id.Protocols
	switch {
	case len(found) == 0 || e.Opaque && id.Confidence < Certain:
		*id = Identification{}
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
		id.Protocols = append(id.Protocols, name)
		id.weaken(Expected)
		id.Evidence = append(id.Evidence, Evidence{
			Protocol: name, Signature: "expectation", Confidence: Expected,
			Reason: "announced by another flow",
		})
	}
	if e.Opaque {
		id.Protocols = append(id.Protocols, found...)
	}
}
