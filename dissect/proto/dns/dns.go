// Package dns recognises the Domain Name System and the two protocols that
// share its message format, multicast DNS and LLMNR.
//
// A message must parse from its first to its last byte. What tells the three
// apart are the multicast groups and, in unicast, what only one of them does;
// each parser leaves to the others what is theirs, and NetBIOS names to NBNS.
//
// Sources: RFC 1035, RFC 6891 (EDNS), RFC 2136 (update), RFC 1996 (notify),
// RFC 8490 (stateful operations), RFC 7766 (TCP), RFC 6762 (multicast DNS),
// RFC 4795 (LLMNR).
package dns

import (
	"encoding/binary"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/wire"
)

// New returns a parser of unicast DNS for one conversation.
func New() dissect.Parser { return &parser{kind: unicast} }

// NewMulticast returns a parser of multicast DNS.
func NewMulticast() dissect.Parser { return &parser{kind: multicast} }

// NewLinkLocal returns a parser of LLMNR.
func NewLinkLocal() dissect.Parser { return &parser{kind: linkLocal} }

// kind is which of the protocols a parser looks for.
type kind uint8

const (
	unicast kind = iota
	multicast
	linkLocal
)

// pending is how many queries are remembered that wait for their answers.
const pending = 16

type parser struct {
	kind    kind
	message message
	// queries are those of either direction last seen, at most pending.
	queries []query
	next    int
	// paired says that an answer was seen that belongs to a query.
	paired bool
	// named and answered say that a query's name and an answer were reported.
	named, answered bool
	reported        []string // names of multicast DNS
}

type query struct {
	from flow.Direction
	id   uint16
	name uint64 // hash
	kind uint16
}

// Parse implements [dissect.Parser].
func (p *parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	b, size, prefix := m.Data, m.Size, 0
	if m.Open {
		// RFC 1035 §4.2.2: two bytes of length precede a message over TCP.
		prefix = 2
		if len(b) < prefix {
			r.Need = prefix + headerLen
			return dissect.NeedMore
		}
		size = int(binary.BigEndian.Uint16(b))
		b = b[prefix:]
		b = b[:min(len(b), size)]
	}
	if size < headerLen || !headerFits(b) {
		return dissect.Reject
	}
	r.Length, r.Need = prefix+size, prefix+size
	if len(b) < headerLen {
		r.Need = prefix + headerLen
		return dissect.NeedMore
	}
	g := &p.message
	g.parse(b, size)
	answer := p.answers(m.From)
	if g.state == wire.Bad && answer && g.counts[questions] == 1 {
		g.damaged(salvageFlags + 2*countBits) // the query's number and one question
	}
	if g.state == wire.Bad || g.netbios {
		return dissect.Reject
	}
	if !answer && !p.shaped(m.Open) && !(p.kind == unicast && g.malformed && g.salvage()) {
		return dissect.Reject
	}
	if g.state == wire.Cut && !g.asked {
		return dissect.NeedMore
	}
	if !p.mine(m, answer) {
		return dissect.Reject
	}
	r.Incomplete = g.state == wire.Cut && m.Open
	r.Bits, r.Answers = g.bits, answer
	r.Weak = g.trailing || !answer && !g.asked && !g.salvaged && len(g.records) == 0
	r.Signature, r.Reason = p.signature()
	switch {
	case g.salvaged:
		r.Reason += ", damaged in one place"
	case g.malformed:
		r.Reason += ", malformed behind the question"
	}
	if !r.Incomplete {
		p.remember(m.From, answer)
	}
	if r.Recording {
		g.fields(prefix, r)
	}
	p.describe(m, r)
	return dissect.Match
}

// shaped reports whether the counts are those of a message of its operation.
func (p *parser) shaped(stream bool) bool {
	g := &p.message
	asked, answered, authority := g.counts[questions], g.counts[answers], g.counts[authorities]
	switch {
	case p.kind == multicast: // asks and answers many things at once
		return asked+answered > 0 && (answered > 0 || !g.response())
	case g.opcode() == opDSO:
		return stream && g.counts == [4]int{}
	case g.marked:
		return false
	case g.opcode() == opIQuery && !g.response():
		return asked == 0 && answered == 1 && authority == 0
	case g.response() && asked == 0:
		// A refusal may leave the question out; the later messages of a zone
		// transfer do, RFC 5936 §2.2.
		return g.rcode() != 0 && answered == 0 || stream && answered > 0 || g.opcode() == opUpdate
	case asked != 1 || !g.response() && g.rcode() != 0:
		return false
	case g.response():
		return true
	case g.opcode() == opUpdate:
		return !g.asked || g.question.kind == typeSOA
	case g.opcode() == opNotify:
		return authority == 0
	}
	return answered == 0 && (authority == 0 || authority == 1 && (!g.asked || g.question.kind == typeIXFR))
}

// answers reports whether the message answers a query of the other direction.
func (p *parser) answers(from flow.Direction) bool {
	g := &p.message
	if !g.response() {
		return false
	}
	for i := range p.queries {
		q := &p.queries[i]
		if q.from != from && q.id == g.id &&
			(!g.asked || q.kind == g.question.kind && q.name == nameHash(g.bytes, g.question.name)) {
			return true
		}
	}
	return false
}

// remember keeps a query for its answer.
func (p *parser) remember(from flow.Direction, answer bool) {
	g := &p.message
	p.paired = p.paired || answer
	if g.response() {
		return
	}
	q := query{from: from, id: g.id, kind: g.question.kind}
	if g.asked {
		q.name = nameHash(g.bytes, g.question.name)
	}
	if len(p.queries) < pending {
		p.queries = append(p.queries, q)
	} else {
		p.queries[p.next%pending] = q
	}
	p.next++
}

// signature names the message and says what was verified.
func (p *parser) signature() (signature, reason string) {
	g := &p.message
	switch {
	case p.kind == multicast && g.response():
		return "mdns.response", "multicast DNS response"
	case p.kind == multicast:
		return "mdns.query", "multicast DNS query"
	case p.kind == linkLocal && g.response():
		return "llmnr.response", "LLMNR response"
	case p.kind == linkLocal:
		return "llmnr.query", "LLMNR query"
	case g.opcode() == opDSO:
		return "dns.stateful", "DNS stateful operation"
	case g.response():
		return "dns.response", "DNS response"
	case g.opcode() == opUpdate:
		return "dns.update", "DNS update"
	case g.opcode() == opNotify:
		return "dns.notify", "DNS notify"
	}
	return "dns.query", "DNS query"
}

// fields reports the header and the first question.
func (g *message) fields(at int, r *dissect.Report) {
	if at > 0 {
		r.Field("length", 0, at, "")
	}
	r.Field("id", at, 2, "")
	r.Field("flags", at+2, 2, "")
	for i, name := range [...]string{"questions", "answers", "authorities", "additionals"} {
		r.Field(name, at+4+2*i, 2, "")
	}
	if !g.asked {
		return
	}
	c := wire.NewCursor(g.bytes, len(g.bytes))
	c.Skip(g.question.name)
	g.skipName(&c)
	r.Field("name", at+g.question.name, c.Pos()-g.question.name, nameAt(g.bytes, g.question.name))
	r.Field("type", at+c.Pos(), 2, typeName(g.question.kind))
	r.Field("class", at+c.Pos()+2, 2, "")
}
