package dns

import (
	"net/netip"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// mine reports whether the message belongs to the parser's protocol rather than
// to one of the two that share its format.
func (p *parser) mine(m *dissect.Message, answer bool) bool {
	g := &p.message
	var own kind
	switch {
	case g.opcode() != opQuery || m.Open:
		own = unicast
	case toGroup(m.Context, mdns4, mdns6):
		own = multicast
	case toGroup(m.Context, llmnr4, llmnr6):
		own = linkLocal
	case g.multicastDNS():
		own = multicast
	case !answer && g.linkLocalAnswer() && !p.asked():
		own = linkLocal
	}
	if own != p.kind {
		if !g.response() {
			p.remember(m.From, false) // what is asked here is not answered elsewhere
		}
		return false
	}
	// Multicast DNS announces without being asked. In the other two a query
	// makes the client; only servers that ask each other take both roles.
	return own == multicast || p.paired || g.response() == (m.From == flow.FromServer) || g.opcode() == opDSO
}

// asked reports whether a query was seen in this conversation.
func (p *parser) asked() bool { return p.next > 0 }

// The multicast groups, RFC 6762 §3 and RFC 4795 §2.
var (
	mdns4  = netip.AddrFrom4([4]byte{224, 0, 0, 251})
	mdns6  = netip.AddrFrom16([16]byte{0: 0xff, 1: 0x02, 15: 0xfb})
	llmnr4 = netip.AddrFrom4([4]byte{224, 0, 0, 252})
	llmnr6 = netip.AddrFrom16([16]byte{0: 0xff, 1: 0x02, 13: 1, 15: 3})
)

// toGroup reports whether one end of the conversation is a multicast group; the
// IPv6 group in any scope.
func toGroup(c *dissect.Context, v4, v6 netip.Addr) bool {
	if c == nil {
		return false
	}
	is := func(a netip.Addr) bool {
		a = a.Unmap().WithZone("")
		if !a.Is6() {
			return a == v4
		}
		b := a.As16()
		b[1] = 0x02
		return netip.AddrFrom16(b) == v6
	}
	return is(c.Client) || is(c.Server)
}

// multicastDNS recognises multicast DNS that is sent to one host: queries and
// responses that use its class bit, or that ask for local names without wanting
// recursion, RFC 6762 §5.4, §5.5 and §6.7.
func (g *message) multicastDNS() bool {
	if g.rcode() != 0 {
		return false
	}
	if g.marked {
		return true
	}
	if g.flags&(flagRecursion|flagAvailable) != 0 || g.response() != (g.flags&flagAuthoritative != 0) {
		return false
	}
	if g.asked {
		return local(g.bytes, g.question.name)
	}
	return len(g.records) > 0 && local(g.bytes, g.records[0].name)
}

// linkLocalAnswer recognises an LLMNR response, which always comes to the asker
// alone and to a port that the query did not go to: no flag but that of a
// response is set, the one question is repeated, it is for a name of one label
// or for an address, and its answers live 30 seconds. RFC 4795 §2.1.1, §2.8.
func (g *message) linkLocalAnswer() bool {
	if g.flags != flagResponse || g.counts[questions] != 1 || g.counts[answers] == 0 ||
		g.counts[authorities] != 0 || !g.asked {
		return false
	}
	n := 0
	labels(g.bytes, g.question.name, func([]byte) bool { n++; return true })
	if n != 1 && g.question.kind != typePTR {
		return false
	}
	for _, r := range g.records {
		if r.section == answers && (r.ttl != linkLocalTTL || nameHash(g.bytes, r.name) != nameHash(g.bytes, g.question.name)) {
			return false
		}
	}
	return len(g.records) > 0
}

// linkLocalTTL is the default lifetime of LLMNR answers, RFC 4795 §2.8.
const linkLocalTTL = 30
