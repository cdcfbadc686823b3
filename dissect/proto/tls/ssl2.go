package tls

import (
	"encoding/binary"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/wire"
)

// The messages of SSL 2.0 that are seen in clear; RFC 5246 §E.2 and the SSL 2.0
// draft §2.5 and §2.6.
const (
	clientHello2 = 1
	serverHello2 = 4
)

// hello2Bits: the marked two-byte header, type, version, and lengths that add up.
const hello2Bits = 1 + 8 + 13 + 16 + 12

// version2 reads a hello in the format of SSL 2.0, which clients sent long
// after to be understood by all servers. Only a conversation begins with it.
func (p *parser) version2(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	b := m.Data
	if !m.First {
		return dissect.Reject
	}
	want, head := byte(clientHello2), 11
	if m.From == flow.FromServer {
		want = serverHello2
	}
	if len(b) > 2 && b[2] != want {
		return dissect.Reject
	}
	if len(b) < head {
		r.Need = head
		return dissect.NeedMore
	}
	n := 2 + int(binary.BigEndian.Uint16(b)&0x7fff)
	if n > 4096 || !m.Open && n > m.Size {
		return dissect.Reject
	}
	r.Length, r.Need = n, n
	c := wire.NewCursor(b[3:], n-3)
	if want == serverHello2 {
		return p.server2(&c, r)
	}
	return p.client2(&c, r)
}

func (p *parser) client2(c *wire.Cursor, r *dissect.Report) dissect.Outcome {
	version := c.U16()
	specs, session, challenge := int(c.U16()), int(c.U16()), int(c.U16())
	c.Require(version == 0x0002 || version>>8 == 3 && version <= 0x0303)
	c.Require(specs > 0 && specs%3 == 0 && (session == 0 || session == 16))
	c.Require(challenge >= 16 && challenge <= 32 && specs+session+challenge == c.Left())
	var suites []uint16
	for i := 0; i < specs && c.OK(); i += 3 {
		if kind, suite := c.U8(), c.U16(); kind == 0 && c.OK() {
			suites = append(suites, suite)
		}
	}
	c.Skip(session + challenge)
	switch c.State() {
	case wire.Bad:
		return dissect.Reject
	case wire.Cut:
		return dissect.NeedMore
	}
	p.offer = offer{seen: true, suites: suites}
	r.Signature, r.Reason, r.Bits = "tls.ssl2-client-hello", "SSL 2.0 client hello", hello2Bits
	return dissect.Match
}

func (p *parser) server2(c *wire.Cursor, r *dissect.Report) dissect.Outcome {
	hit, kind, version := c.U8(), c.U8(), c.U16()
	cert, specs, id := int(c.U16()), int(c.U16()), int(c.U16())
	c.Require(hit <= 1 && kind <= 1 && version == 0x0002 && specs%3 == 0)
	c.Require(id <= 32 && cert+specs+id == c.Left())
	if c.State() == wire.Bad {
		return dissect.Reject
	}
	r.Signature, r.Reason, r.Bits = "tls.ssl2-server-hello", "SSL 2.0 server hello", hello2Bits
	r.Answers = p.offer.seen
	r.Attribute("tls.version", wire.VersionName(version))
	r.Length = 0 // what follows has no framing that could be checked
	return dissect.Match
}
