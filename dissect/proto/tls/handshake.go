package tls

import (
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/wire"
)

// The handshake messages that are seen in clear, RFC 5246 §7.4 and the IANA
// registry "TLS HandshakeType".
const (
	helloRequest       = 0
	clientHello        = 1
	serverHello        = 2
	newSessionTicket   = 4
	helloRetryRequest  = 6 // drafts of TLS 1.3
	certificate        = 11
	serverKeyExchange  = 12
	certificateRequest = 13
	serverHelloDone    = 14
	certificateVerify  = 15
	clientKeyExchange  = 16
	certificateURL     = 21
	certificateStatus  = 22
	supplementalData   = 23
	nextProtocol       = 67
)

// allowed reports whether messages of type t come from direction d.
func allowed(t byte, d flow.Direction) bool {
	switch t {
	case clientHello, certificateVerify, clientKeyExchange, certificateURL, nextProtocol:
		return d == flow.FromClient
	case certificate, supplementalData:
		return true
	case helloRequest, serverHello, newSessionTicket, helloRetryRequest, serverKeyExchange,
		certificateRequest, serverHelloDone, certificateStatus:
		return d == flow.FromServer
	}
	return false
}

// handshake reads a record of handshake messages in clear.
func (p *parser) handshake(s *side, fragment []byte, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	if len(s.pending) > 0 {
		return p.resume(s, fragment, m, r)
	}
	if len(fragment) == 0 {
		return dissect.NeedMore
	}
	if !allowed(fragment[0], m.From) || len(fragment) > 1 && fragment[1] != 0 {
		return opaque(s, m, r) // encrypted, after a change that was not seen
	}
	if r.Incomplete {
		return head(fragment, m, r)
	}
	// Without a hello before it the record is one from the middle, at best.
	r.Signature, r.Reason, r.Bits, r.Weak = "tls.handshake", "handshake record", fragmentBits, m.First
	rest, ok := p.messages(fragment, m, r)
	if !ok {
		return dissect.Reject
	}
	s.pending = append(s.pending, rest...)
	return dissect.Match
}

// head judges the start of a message of which the record's rest is to come.
func head(fragment []byte, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	t := fragment[0]
	r.Signature, r.Reason = name(t)
	if t != clientHello && t != serverHello {
		if len(fragment) < 4 {
			return dissect.NeedMore
		}
		r.Bits, r.Weak = fragmentBits, true
		return dissect.Match
	}
	if len(fragment) > 4 && !helloVersion(fragment[4:]) {
		return dissect.Reject
	}
	if len(fragment) < 6 {
		return dissect.NeedMore
	}
	r.Bits = helloHeadBits
	return dissect.Match
}

// helloVersion checks a hello's version as far as it is there: 3.0 to 3.4, or a
// draft of TLS 1.3.
func helloVersion(b []byte) bool {
	return b[0] == 0x7f || b[0] == 3 && (len(b) < 2 || b[1] <= 4)
}

// resume adds a record to the message that began in an earlier one.
func (p *parser) resume(s *side, fragment []byte, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	r.Signature, r.Reason = name(s.pending[0])
	r.Bits, r.Weak = recordBits, true
	if r.Incomplete {
		return dissect.Match
	}
	s.pending = append(s.pending, fragment...)
	rest, ok := p.messages(s.pending, m, r)
	switch {
	case !ok:
		// A piece of the message is missing: what was awaited never comes.
		s.pending = nil
		return opaque(s, m, r)
	case len(rest) < len(s.pending):
		s.pending = append(s.pending[:0], rest...)
	}
	return dissect.Match
}

// messages reads handshake messages one after the other and returns the rest:
// the head of a message. Only a first message that contradicts itself is a
// reason to reject.
func (p *parser) messages(b []byte, m *dissect.Message, r *dissect.Report) (rest []byte, ok bool) {
	for first := true; len(b) > 0; first = false {
		n := maxHandshake
		if len(b) >= 4 {
			n = 4 + int(b[1])<<16 + int(b[2])<<8 + int(b[3])
		}
		if !allowed(b[0], m.From) || n > maxHandshake {
			return nil, !first
		}
		if first {
			r.Signature, r.Reason = name(b[0])
		}
		if len(b) < n {
			if len(b) > 5 && isHello(b[0]) && !helloVersion(b[4:]) {
				return nil, !first
			}
			return b, true
		}
		if !p.message(b[0], b[4:n], m, r) {
			return nil, !first || p.malformed(b, n, m, r)
		}
		b = b[n:]
	}
	return nil, true
}

// malformed accepts a hello whose inner lengths do not fit, if it fills its
// record to the byte: what is wrong with it is then the hello, not the protocol.
func (p *parser) malformed(b []byte, n int, m *dissect.Message, r *dissect.Report) bool {
	if !isHello(b[0]) || len(b) != n || n < 6 || b[4] != 3 || b[5] > 4 {
		return false
	}
	p.offer.seen = p.offer.seen || m.From == flow.FromClient
	r.Reason += ", malformed inside"
	r.Bits, r.Weak = helloHeadBits+16, false
	return true
}

func isHello(t byte) bool { return t == clientHello || t == serverHello }

// message takes in a whole handshake message; false if it contradicts itself.
func (p *parser) message(t byte, body []byte, m *dissect.Message, r *dissect.Report) bool {
	c := wire.NewCursor(body, len(body))
	switch t {
	case clientHello:
		hello := wire.ParseClientHello(&c, wire.TLS)
		if !c.OK() {
			return false
		}
		p.client(&hello, r)
	case serverHello:
		hello := wire.ParseServerHello(&c, wire.TLS)
		if !c.OK() {
			return false
		}
		p.server(&hello, r)
	case certificate:
		names, ok := wire.ParseCertificate(&c)
		if ok && m.From == flow.FromServer {
			names.Describe(r.Attribute)
		}
		return ok
	case helloRequest, serverHelloDone:
		return len(body) == 0
	}
	return true
}

func (p *parser) client(h *wire.ClientHello, r *dissect.Report) {
	r.Bits, r.Weak = helloBits, false
	if !p.offer.seen { // one after a HelloRetryRequest says nothing new
		h.Describe('t', true, r.Attribute)
	}
	p.offer = offer{
		seen: true, suites: h.CipherSuites, session: h.SessionID, alpn: h.SoleALPN(),
	}
}

func (p *parser) server(h *wire.ServerHello, r *dissect.Report) {
	r.Bits, r.Weak = helloBits, false
	r.Answers = p.offer.has(h.CipherSuite)
	h.Describe(r.Attribute)
	if h.Retry {
		p.retried = true
		r.Signature, r.Reason = "tls.hello-retry-request", "hello retry request"
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

func (o *offer) has(suite uint16) bool {
	for _, s := range o.suites {
		if s == suite {
			return true
		}
	}
	return false
}

// name is the signature and the reason for a handshake message.
func name(t byte) (signature, reason string) {
	switch t {
	case clientHello:
		return "tls.client-hello", "client hello"
	case serverHello:
		return "tls.server-hello", "server hello"
	case certificate:
		return "tls.certificate", "certificate message"
	}
	return "tls.handshake", "handshake message"
}
