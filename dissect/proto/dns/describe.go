package dns

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/dissect"
)

const (
	maxShown    = 4 // answers that are reported
	maxReported = 8 // names of multicast DNS that are reported in a conversation
)

// describe reports the first query's name and type, the first answer, and the
// flows that service records announce.
func (p *parser) describe(m *dissect.Message, r *dissect.Report) {
	g := &p.message
	if g.asked && !p.named {
		r.Attribute("dns.qry.name", nameAt(g.bytes, g.question.name))
		r.Attribute("dns.qry.type", typeName(g.question.kind))
	}
	if g.response() && !p.answered {
		if p.kind == unicast {
			r.Attribute("dns.flags.rcode", rcodeName(g.rcode()))
		}
		r.Attribute("dns.resp", strings.Join(g.shown(), ","))
	}
	if p.kind == multicast {
		p.announce(r)
	}
	g.expect(r)
	if !r.Incomplete {
		p.named = p.named || g.asked
		p.answered = p.answered || g.response()
	}
}

// shown lists the first answers: addresses and names.
func (g *message) shown() []string {
	var list []string
	for i := range g.records {
		r := &g.records[i]
		if r.section != answers || len(list) == maxShown {
			break
		}
		if text := g.value(r); text != "" {
			list = append(list, text)
		}
	}
	return list
}

// value is an address or a name in the record's data, or "".
func (g *message) value(r *record) string {
	switch r.kind {
	case typeA, typeAAAA:
		if a := g.address(r); a.IsValid() {
			return a.String()
		}
	case typeCNAME, typePTR, typeNS, typeDNAME:
		return nameAt(g.bytes, r.data)
	case typeMX:
		return nameAt(g.bytes, r.data+2)
	case typeSRV:
		return nameAt(g.bytes, r.data+6)
	}
	return ""
}

// address is the address in an A or AAAA record.
func (g *message) address(r *record) netip.Addr {
	if r.data+r.length > len(g.bytes) {
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(g.bytes[r.data : r.data+r.length])
	return a
}

// announce reports the hosts and services that multicast DNS names.
func (p *parser) announce(r *dissect.Report) {
	g := &p.message
	for i := range g.records {
		rec := &g.records[i]
		attribute, name := "", nameAt(g.bytes, rec.name)
		switch rec.kind {
		case typeA, typeAAAA:
			attribute = "mdns.host"
		case typeSRV:
			attribute = "mdns.service"
		}
		if attribute == "" || name == "" || slices.Contains(p.reported, name) {
			continue
		}
		if len(p.reported) == maxReported {
			return
		}
		p.reported = append(p.reported, name)
		r.Attribute(attribute, name)
	}
}

// expect announces the flows that service records (RFC 2782) name, where the
// message also holds the target's address.
func (g *message) expect(r *dissect.Report) {
	if !g.response() {
		return
	}
	for i := range g.records {
		srv := &g.records[i]
		if srv.kind != typeSRV || srv.length < 7 || srv.data+6 > len(g.bytes) {
			continue
		}
		protocols, transport := service(g.bytes, srv.name)
		if protocols == nil {
			continue
		}
		port := binary.BigEndian.Uint16(g.bytes[srv.data+4:])
		target := nameHash(g.bytes, srv.data+6)
		for j := range g.records {
			host := &g.records[j]
			if host.kind != typeA && host.kind != typeAAAA || nameHash(g.bytes, host.name) != target {
				continue
			}
			if a := g.address(host); a.IsValid() && port != 0 {
				r.Expect(dissect.Expectation{Transport: transport, Host: a, Port: port, Protocols: protocols})
			}
		}
	}
}
