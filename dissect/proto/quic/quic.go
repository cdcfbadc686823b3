// Package quic recognises QUIC by decrypting its Initial packets, whose keys
// anyone who sees a connection's first packet can derive.
//
// Versions 1 and 2 and the drafts from 22 on are known. Of other versions only
// what all have in common is read, and it must agree in both directions. From
// the decrypted handshake come the facts that TLS says in clear; the chosen
// application protocol is encrypted under other keys and is declared where the
// client offered no other.
//
// Sources: RFC 9000, RFC 9001, RFC 8999 (invariants), RFC 9369 (version 2).
package quic

import (
	"bytes"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/wire"
)

const (
	// maxPackets bounds the packets of a datagram that are looked at.
	maxPackets = 8
	// maxIDs bounds the connection ids of a side that are remembered.
	maxIDs = 4
	// minFirst is the size of a datagram with a client's Initial, RFC 9000 §14.1.
	minFirst = 1200
)

// Verified bits.
const (
	// A long header: two flags, one of some sixteen versions, two lengths up to 20.
	headerBits = 2 + 28 + 7
	// endBits: the packets' lengths end where the datagram ends.
	endBits = 8
	// helloBits: a handshake header, a version, lists whose lengths fit.
	helloBits = 16 + 13 + 8
	// openedBits: an authentication tag.
	openedBits = 8 * tagLen
)

// New returns a parser for one conversation.
func New() dissect.Parser { return new(parser) }

type parser struct {
	sides [2]side
	// first is the connection id to which the client sent its first packet, or
	// after a Retry the one that the server asked for; keys are made from it.
	first []byte
	keys  [2]keys
	// aim is where the client's first packet of an unknown version went.
	aim []byte
	// verified says that a packet was decrypted.
	verified bool
	offer    offer
}

// side is what is known of one end.
type side struct {
	ids    [][]byte // connection ids by which it is addressed
	crypto stream
	told   bool // its hello was reported
}

// offer is what is remembered of the ClientHello.
type offer struct {
	seen   bool
	suites []uint16
	alpn   string
}

// Parse implements [dissect.Parser]. A message is one datagram.
func (p *parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	if len(m.Data) == 0 || m.Open {
		return dissect.Reject
	}
	r.Length = m.Size
	if m.Data[0]&formLong == 0 {
		return p.short(m, r)
	}
	h, state := parseLong(m.Data, m.Size)
	if state != wire.Whole {
		return dissect.Reject
	}
	if h.version == 0 {
		return p.negotiation(&h, m, r)
	}
	v, known := lookup(h.version)
	if !known {
		return p.unknown(&h, m, r)
	}
	return p.packets(&h, &v, m, r)
}

// packets reads the packets of a datagram, one behind the other (RFC 9000
// §12.2): only those to the same connection id belong together.
func (p *parser) packets(first *longHeader, v *version, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	b, size := m.Data, m.Size
	h := *first
	for n := 0; n < maxPackets; n++ {
		// A peer may be asked to grease the fixed bit, RFC 9287 §3.
		if h.first&fixedBit == 0 && !p.verified || len(h.destination) > maxID || len(h.source) > maxID {
			return outcome(n > 0)
		}
		k, state := h.parsePacket(v, b, size)
		if state != wire.Whole {
			return outcome(n > 0)
		}
		r.Bits = min(r.Bits+headerBits, openedBits)
		if n == 0 {
			r.Signature, r.Reason = name(k.kind)
			r.Weak = true
			h.fields(v, r)
		}
		if !p.packet(&h, &k, v, b, m, r) {
			return dissect.Reject
		}
		size -= k.end
		b = b[min(k.end, len(b)):]
		if size == 0 && k.kind != retry {
			r.Bits = min(r.Bits+endBits, openedBits)
			// Two packets and the end of the datagram where it should be.
			r.Weak = r.Weak && n == 0
		}
		if size == 0 || len(b) == 0 || b[0]&formLong == 0 {
			break
		}
		next, state := parseLong(b, size)
		if state != wire.Whole || next.version != v.number || !bytes.Equal(next.destination, first.destination) {
			break
		}
		h = next
	}
	return dissect.Match
}

func outcome(ok bool) dissect.Outcome {
	if ok {
		return dissect.Match
	}
	return dissect.Reject
}

// packet takes in one packet; false if it cannot come from this side.
func (p *parser) packet(h *longHeader, k *packet, v *version, b []byte, m *dissect.Message, r *dissect.Report) bool {
	switch k.kind {
	case initial:
		if m.From == flow.FromServer && k.token > 0 {
			return false // RFC 9000 §17.2.2
		}
		if !p.initial(h, k, v, b, m, r) {
			return false
		}
	case zeroRTT:
		if m.From == flow.FromServer {
			return false
		}
	case retry:
		if m.From == flow.FromClient {
			return false
		}
		if p.first != nil && len(b) == m.Size && v.retryTag(p.first, b) {
			p.succeed(r, "Retry integrity tag verified")
			r.Answers = true
		}
	}
	if p.addressed(m.From, h.destination) {
		r.Answers = true
	}
	p.remember(m.From, h.source)
	r.Attribute("quic.version", v.name)
	return true
}

// succeed marks the message as verified.
func (p *parser) succeed(r *dissect.Report, reason string) {
	p.verified = true
	r.Verified, r.Weak, r.Bits, r.Reason = true, false, openedBits, reason
}

// remember keeps a connection id that a side gave itself.
func (p *parser) remember(from flow.Direction, id []byte) {
	s := &p.sides[from]
	for _, known := range s.ids {
		if bytes.Equal(known, id) {
			return
		}
	}
	if len(s.ids) < maxIDs {
		s.ids = append(s.ids, bytes.Clone(id))
	}
}

// addressed reports whether a message from one side is to a connection id, not
// an empty one, that the other side gave itself.
func (p *parser) addressed(from flow.Direction, id []byte) bool {
	for _, known := range p.sides[from.Reverse()].ids {
		if len(known) > 0 && bytes.Equal(known, id) {
			return true
		}
	}
	return false
}

// name is the signature and the reason for a packet that was not decrypted.
func name(kind byte) (signature, reason string) {
	switch kind {
	case initial:
		return "quic.initial", "Initial packet header"
	case zeroRTT:
		return "quic.0rtt", "0-RTT packet header"
	case handshake:
		return "quic.handshake", "Handshake packet header"
	}
	return "quic.retry", "Retry packet header"
}

func (h *longHeader) fields(v *version, r *dissect.Report) {
	r.Field("version", 1, 4, v.name)
	r.Field("destination connection id", 6, len(h.destination), "")
	r.Field("source connection id", 7+len(h.destination), len(h.source), "")
}
