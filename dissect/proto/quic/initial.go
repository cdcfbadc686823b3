package quic

import (
	"bytes"
	"slices"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/wire"
)

// The handshake messages of Initial packets, RFC 8446 §4.
const (
	clientHello = 1
	serverHello = 2
)

// initial decrypts an Initial packet and reads what it holds; false if it turns
// out to be the other side's.
func (p *parser) initial(h *longHeader, k *packet, v *version, b []byte, m *dissect.Message, r *dissect.Report) bool {
	whole := k.end <= len(b)
	b = b[:min(k.end, len(b))]
	payload, ok := p.open(h, k, v, b, m.From, whole)
	switch {
	case ok && whole:
		reason := "client Initial decrypted"
		if m.From == flow.FromServer {
			reason = "server Initial decrypted"
			r.Answers = true
		}
		p.succeed(r, reason)
	case !ok:
		return m.From == flow.FromClient || !whole || !opensForClient(h, k, v, b)
	}
	s := &p.sides[m.From]
	s.crypto.frames(payload, len(payload)+k.end-len(b))
	if s.told {
		return true
	}
	if m.From == flow.FromServer {
		p.server(s, r)
	} else if p.client(s, r) && !whole {
		r.Bits, r.Weak, r.Reason = headerBits+helloBits, false, "client hello in an Initial that the capture cut"
	}
	return true
}

// open decrypts with the connection's keys; a client's packet may also begin a
// connection, or begin it again after a Retry. A packet that the capture cut is
// decrypted as far as it goes, with keys that nothing proves right.
func (p *parser) open(h *longHeader, k *packet, v *version, b []byte, from flow.Direction, whole bool) ([]byte, bool) {
	if p.first != nil {
		known, err := p.keysOf(v, from)
		if err != nil {
			return nil, false
		}
		if !whole {
			return known.peek(b, k.number)
		}
		if payload, ok := known.open(b, k.number); ok {
			p.keys[from] = known
			return payload, true
		}
	}
	if from == flow.FromServer || p.first != nil && bytes.Equal(p.first, h.destination) {
		return nil, false
	}
	fresh, err := v.initialKeys(h.destination, from)
	if err != nil {
		return nil, false
	}
	if !whole {
		p.begin(h.destination, fresh)
		return fresh.peek(b, k.number)
	}
	payload, ok := fresh.open(b, k.number)
	if ok {
		p.begin(h.destination, fresh)
	}
	return payload, ok
}

// begin starts a connection whose first packet went to id.
func (p *parser) begin(id []byte, client keys) {
	p.first, p.keys = bytes.Clone(id), [2]keys{flow.FromClient: client}
	for i := range p.sides {
		p.sides[i].crypto = stream{}
	}
}

// keysOf returns a direction's keys in a version: servers may go on in another
// than the client began with, RFC 9369 §4.1.
func (p *parser) keysOf(v *version, from flow.Direction) (keys, error) {
	if p.keys[from].version == v.number {
		return p.keys[from], nil
	}
	return v.initialKeys(p.first, from)
}

// opensForClient reports whether a packet is a client's first one.
func opensForClient(h *longHeader, k *packet, v *version, b []byte) bool {
	own, err := v.initialKeys(h.destination, flow.FromClient)
	if err != nil {
		return false
	}
	_, ok := own.open(b, k.number)
	return ok
}

// client reports the client's hello as far as it has come, and whether it has.
func (p *parser) client(s *side, r *dissect.Report) bool {
	body, size := s.crypto.message(clientHello)
	if size == 0 {
		return false
	}
	c := wire.NewCursor(body, size)
	hello := wire.ParseClientHello(&c, wire.TLS)
	if c.State() == wire.Bad || len(hello.CipherSuites) == 0 {
		return false
	}
	hello.Describe('q', c.OK(), r.Attribute)
	if c.OK() {
		s.told = true
		p.offer = offer{seen: true, suites: hello.CipherSuites, alpn: hello.SoleALPN()}
	}
	return true
}

// server reports the server's hello. QUIC has no handshake without ALPN (RFC
// 9001 §8.1): a server that goes on took the protocol if only one was offered.
func (p *parser) server(s *side, r *dissect.Report) {
	body, size := s.crypto.message(serverHello)
	if size == 0 {
		return
	}
	c := wire.NewCursor(body, size)
	hello := wire.ParseServerHello(&c, wire.TLS)
	if !c.OK() || hello.Retry {
		return
	}
	s.told = true
	hello.Describe(r.Attribute)
	if slices.Contains(p.offer.suites, hello.CipherSuite) && p.offer.alpn != "" {
		r.Declare(p.offer.alpn)
	}
}
