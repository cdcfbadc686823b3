package dtls

import (
	"slices"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/wire"
)

// The handshake messages that are looked into, RFC 6347 §4.3.2.
const (
	helloRequest       = 0
	clientHello        = 1
	serverHello        = 2
	helloVerifyRequest = 3
	newSessionTicket   = 4
	certificate        = 11
	serverKeyExchange  = 12
	certificateRequest = 13
	serverHelloDone    = 14
	certificateVerify  = 15
	clientKeyExchange  = 16
	certificateStatus  = 22
)

// maxMessage bounds the length of a handshake message.
const maxMessage = 64 << 10

// side is the state of one direction: the message that is being put together.
type side struct {
	kind     byte
	sequence uint16
	size     int
	pieces   wire.Pieces
	told     bool // its hello was reported
}

// allowed reports whether messages of type t come from direction d.
func allowed(t byte, d flow.Direction) bool {
	switch t {
	case clientHello, certificateVerify, clientKeyExchange:
		return d == flow.FromClient
	case certificate:
		return true
	case helloRequest, serverHello, helloVerifyRequest, newSessionTicket, serverKeyExchange,
		certificateRequest, serverHelloDone, certificateStatus:
		return d == flow.FromServer
	}
	return false
}

// handshake reads the fragments of messages in a record, RFC 6347 §4.2.2.
func (p *parser) handshake(b []byte, size int, m *dissect.Message, r *dissect.Report) bool {
	c := wire.NewCursor(b, size)
	for first := true; c.OK() && c.Left() > 0; first = false {
		kind, length, sequence := c.U8(), int(c.U24()), c.U16()
		offset, n := int(c.U24()), int(c.U24())
		c.Require(allowed(kind, m.From) && length <= maxMessage && offset+n <= length)
		c.Require(n > 0 || length == 0)
		body := c.Sub(n)
		if c.State() == wire.Bad {
			return false
		}
		if first && body.State() == wire.Whole {
			name(r, "dtls.handshake", "handshake record")
			r.Bits += clearBits
		}
		if c.State() == wire.Whole && !p.fragment(kind, sequence, length, offset, body.Rest(), m, r) {
			return false
		}
	}
	return r.Signature != "" // else the capture cut the header
}

// fragment takes in a part of a message and reads the message once it is whole.
func (p *parser) fragment(kind byte, sequence uint16, size, offset int, b []byte, m *dissect.Message, r *dissect.Report) bool {
	if len(b) == size {
		return p.message(kind, b, m, r)
	}
	s := &p.sides[m.From]
	if s.kind != kind || s.sequence != sequence || s.size != size {
		*s = side{kind: kind, sequence: sequence, size: size, told: s.told}
	}
	s.pieces.Add(uint64(offset), b)
	if head := s.pieces.Head(); len(head) == size {
		s.kind = 0
		return p.message(kind, head, m, r)
	}
	if kind == clientHello || kind == serverHello {
		p.begun = true
		rename(r, kind)
	}
	return true
}

// rename names the datagram after a hello.
func rename(r *dissect.Report, kind byte) {
	switch kind {
	case clientHello:
		r.Signature, r.Reason = "dtls.client-hello", "client hello"
	case serverHello:
		r.Signature, r.Reason = "dtls.server-hello", "server hello"
	case helloVerifyRequest:
		r.Signature, r.Reason = "dtls.hello-verify-request", "hello verify request"
	}
}

// message takes in a whole message; false if it contradicts itself.
func (p *parser) message(kind byte, body []byte, m *dissect.Message, r *dissect.Report) bool {
	c := wire.NewCursor(body, len(body))
	switch kind {
	case clientHello:
		hello := wire.ParseClientHello(&c, wire.DTLS)
		if !c.OK() {
			return false
		}
		p.client(&hello, r)
	case helloVerifyRequest:
		c.Skip(2)
		c.Skip(int(c.U8()))
		c.Require(c.Left() == 0)
		if !c.OK() {
			return false
		}
		r.Answers = r.Answers || p.offer.seen
	case serverHello:
		hello := wire.ParseServerHello(&c, wire.DTLS)
		if !c.OK() {
			return false
		}
		p.server(&hello, r)
	case certificate:
		if names, ok := wire.ParseCertificate(&c); ok && m.From == flow.FromServer {
			names.Describe(r.Attribute)
		}
	}
	rename(r, kind)
	return true
}

func (p *parser) client(h *wire.ClientHello, r *dissect.Report) {
	p.begun = true
	r.Bits += clearBits
	// The hello is sent again with the server's cookie.
	if s := &p.sides[flow.FromClient]; !s.told {
		s.told = true
		h.Describe('d', true, r.Attribute)
	}
	p.offer = offer{seen: true, suites: h.CipherSuites, session: h.SessionID, alpn: h.SoleALPN()}
}

func (p *parser) server(h *wire.ServerHello, r *dissect.Report) {
	p.begun = true
	r.Bits += clearBits
	r.Answers = r.Answers || slices.Contains(p.offer.suites, h.CipherSuite)
	h.Describe(r.Attribute)
	if h.Retry {
		return
	}
	if p.offer.seen && h.Resumed(p.offer.session) {
		r.Attribute("tls.resumed", "true")
	}
	child := wire.ALPNProtocol(h.ALPN)
	if h.Modern() {
		child = p.offer.alpn
	}
	if child != "" {
		r.Declare(child)
	}
}
