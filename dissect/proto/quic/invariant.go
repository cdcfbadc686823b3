package quic

import (
	"bytes"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// negotiation reads a Version Negotiation packet, RFC 8999 §6, which a server
// sends: with the client's connection ids the other way round.
func (p *parser) negotiation(h *longHeader, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	known, ok := versions(m.Data[h.rest:], m.Size-h.rest)
	answers := p.addressed(m.From, h.destination) || p.first != nil && bytes.Equal(h.source, p.first)
	if !ok || m.From == flow.FromClient || known == 0 && !answers {
		return dissect.Reject
	}
	r.Signature, r.Reason = "quic.version-negotiation", "Version Negotiation packet"
	r.Bits = min(1+32+24*known, openedBits)
	r.Answers, r.Weak = answers, known == 0
	r.Field("version", 1, 4, "negotiation")
	r.Field("versions", h.rest, len(m.Data)-h.rest, "")
	return dissect.Match
}

// unknown reads a long header of a version that is not known. A client's is
// believed only with the server's answer to the same connection ids.
func (p *parser) unknown(h *longHeader, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	id := h.destination
	answers := p.addressed(m.From, id)
	if !answers && m.From == flow.FromServer && len(p.aim) > 0 && bytes.Equal(p.aim, h.source) {
		answers, id = true, h.source // the server took up the id that the client made up
	}
	begins := m.From == flow.FromClient && m.Size >= minFirst && h.first&fixedBit != 0 &&
		len(h.destination) >= 8 && len(h.destination) <= maxID && len(h.source) <= maxID
	if !answers && !begins {
		return dissect.Reject
	}
	if begins && p.aim == nil {
		p.aim = bytes.Clone(h.destination)
	}
	p.remember(m.From, h.source)
	r.Signature, r.Reason = "quic.long-header", "long header of an unknown version"
	r.Weak, r.Answers, r.Bits = true, answers, 2+4+3
	if reserved(h.version) {
		r.Bits += 16
	}
	if answers {
		r.Reason = "connection id of the other side"
		r.Bits = min(8*len(id), openedBits)
	}
	r.Attribute("quic.version", versionName(h.version))
	return dissect.Match
}

// short reads a packet with a short header, RFC 9000 §17.3. Only the connection
// id in it can be recognised, and it may be empty or changed under encryption.
func (p *parser) short(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	r.Signature, r.Reason, r.Weak = "quic.short-header", "short header packet of this connection", true
	for _, id := range p.sides[m.From.Reverse()].ids {
		if len(id) > 0 && bytes.HasPrefix(m.Data[1:], id) {
			r.Bits = 1 + 8*len(id)
			r.Answers = true
			r.EvidenceOffset, r.EvidenceLength = 1, len(id)
			return dissect.Match
		}
	}
	if p.verified && m.Data[0]&fixedBit != 0 && m.Size > 4+sampleLen {
		r.Bits = 2
		return dissect.Match
	}
	return dissect.Reject
}
