// Package http follows HTTP/1.x conversations: it reads start lines and header
// fields, frames the bodies so that every message of a connection is found, and
// tells where a connection turns into another protocol (CONNECT, Upgrade, RPC
// over HTTP).
//
// Sources: RFC 9110 (semantics), RFC 9112 (HTTP/1.1 messages), MS-RPCH (RPC
// over HTTP). Start lines are read as robustly as clients and servers do (§2.2, §4
// of RFC 9112). Of HTTP/0.9 only a GET that is answered with HTML is taken. SIP,
// RTSP, ICAP and ICY messages have start lines of their own and are rejected.
package http

import (
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

const (
	// maxHead bounds the start line and header fields of one message, in
	// bytes; a longer head still counts as HTTP but ends the direction.
	maxHead = 32 << 10
	// bodyPrefix is how much of a body the next layer gets to see before the
	// message is given up as decided, in bytes.
	bodyPrefix = 1 << 10
	// maxEarly is how many bytes of a tunnel the client may send before its
	// opening counts as lost.
	maxEarly = 1 << 10
)

// Parser reads both directions of one HTTP/1.x connection. It is not safe for
// concurrent use.
type Parser struct {
	dirs    [2]direction
	pending queue
	// tunnelled says that the client sent bytes that are not HTTP after a
	// request for a tunnel.
	tunnelled bool
	// accept is the answer to the client's WebSocket key that is due.
	accept string
}

// direction is what is remembered of one direction of the connection.
type direction struct {
	chunks    bool // the next bytes are a chunk of the message before
	described bool // the first message's attributes were reported
	counted   bool // the message now being read is in the queue already
}

// New returns a parser for one connection.
func New() dissect.Parser { return new(Parser) }

// Parse implements [dissect.Parser].
func (p *Parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	d := &p.dirs[m.From]
	if d.chunks {
		if o := d.parseChunk(m, r); o != dissect.Reject {
			return o
		}
	}
	lead := leading(m.Data)
	if m.From == flow.FromServer {
		if lead < maxLead {
			lead += stray(m.Data[lead:])
		}
		o := p.parseResponse(m, r, lead)
		if o == dissect.Reject && p.tunnelled {
			return tunnel(r)
		}
		if o == dissect.Reject && m.First && m.Open && !m.Ended && p.asked() && strayBegun(m.Data[lead:]) {
			return dissect.NeedMore
		}
		return o
	}
	o := p.parseRequest(m, r, lead)
	if o != dissect.Reject || !m.Open || !p.pending.tunnel() {
		return o
	}
	// The answer to CONNECT or Upgrade decides whose bytes these are. Where it
	// does not come, it was lost: nobody talks into a tunnel that is not there.
	p.tunnelled = true
	if m.Ended || len(m.Data) >= maxEarly {
		return tunnel(r)
	}
	return dissect.NeedMore
}

// asked reports whether the client waits for an answer in HTTP.
func (p *Parser) asked() bool {
	_, asked := p.pending.front()
	return asked && !p.pending.tunnel()
}

// tunnel reports that the tunnel has begun with the message's first byte.
func tunnel(r *dissect.Report) dissect.Outcome {
	r.Signature, r.Reason, r.Weak = "http.tunnel", "bytes within a tunnel, whose opening was not captured", true
	r.EvidenceLength = 1
	r.Transition = &dissect.Transition{}
	return dissect.Match
}

func (p *Parser) parseRequest(m *dissect.Message, r *dissect.Report, lead int) dissect.Outcome {
	line, o := parseRequestLine(m.Data[lead:])
	if o != dissect.Match {
		return o
	}
	r.Signature, r.Reason, r.Bits = "http.request", "request line", requestBits
	r.EvidenceOffset, r.EvidenceLength = lead, line.size
	if line.simple {
		r.Reason, r.Bits, r.Weak = "request line without a version", simpleBits, true
	}
	h, complete := parseHead(m.Data, lead+line.size)
	if !complete && !line.simple {
		return unfinished(m, r)
	}

	d := &p.dirs[m.From]
	kind := kindOf(line.method, &h)
	if !d.counted {
		p.pending.push(kind)
		p.accept = acceptOf(h.key)
		d.counted = true
	}
	b := requestBody(&h)
	if !d.described {
		describeRequest(r, &line, &h)
	}
	describeAuth(r, &h)
	if line.simple {
		return dissect.Match // nothing more comes in this direction
	}
	switch {
	case kind == rpcInData && b.kind == bodyLength && b.length > maxEcho:
		// MS-RPCH §2.1.2.1.1: the body is the stream of PDUs to the server.
		r.Transition = &dissect.Transition{Offset: h.end}
	case (kind == rpcInData || kind == rpcOutData) && b.kind == bodyLength && b.length > 0:
		// MS-RPCH §2.1.2.1.2: the body holds one RTS PDU.
		r.Payloads = append(r.Payloads, dissect.Payload{Offset: h.end, Length: int(b.length), Stream: true})
	}
	d.finish(m, r, &h, b, lead)
	return dissect.Match
}

func (p *Parser) parseResponse(m *dissect.Message, r *dissect.Report, lead int) dissect.Outcome {
	line, o := parseStatusLine(m.Data[lead:])
	if _, asked := p.pending.front(); o == dissect.Reject && asked && m.First {
		return parseSimpleResponse(m.Data, lead, r)
	}
	if o != dissect.Match {
		return o
	}
	r.Signature, r.Reason, r.Bits = "http.response", "status line", statusBits
	r.EvidenceOffset, r.EvidenceLength = lead, line.size
	if line.code == 0 {
		r.Reason, r.Bits = "status line with a broken code", versionBits
	}
	if line.broken {
		return dissect.Match // no more of this direction can be framed
	}
	h, complete := parseHead(m.Data, lead+line.size)
	if !complete {
		return unfinished(m, r)
	}

	d := &p.dirs[m.From]
	request, known := p.pending.front()
	r.Answers = known
	if !d.described {
		describeResponse(r, &line, &h)
	}
	describeAuth(r, &h)
	b := responseBody(&line, &h, request)
	switch {
	case line.code == 101: // RFC 9110 §7.8: what follows is the new protocol
		r.Transition = &dissect.Transition{Offset: h.end}
		if p.accept != "" && string(h.accept) == p.accept && fold(h.upgrade, "websocket") {
			r.Verified = true
			r.Layer("websocket")
		}
	case opensTunnel(&line, &h, request, known): // RFC 9110 §9.3.6
		r.Transition = &dissect.Transition{Offset: h.end}
	case request == rpcOutData && line.code == 200 && (b.kind != bodyLength || b.length > maxEcho):
		// MS-RPCH §2.1.2.1.4: the body is the stream of PDUs from the server.
		r.Transition = &dissect.Transition{Offset: h.end}
	}
	d.finish(m, r, &h, b, lead)
	final := line.code >= 200 || line.code == 101
	if !r.Incomplete && final {
		p.pending.pop()
	}
	return dissect.Match
}

// parseSimpleResponse reads the answer of a server without a head: HTML, as in
// HTTP/0.9.
func parseSimpleResponse(b []byte, lead int, r *dissect.Report) dissect.Outcome {
	o := dissect.Reject
	for _, tag := range [...]string{"<html", "<!doctype html", "<head", "<body"} {
		n := min(len(b)-lead, len(tag))
		switch {
		case !fold(b[lead:lead+n], tag[:n]):
		case n < len(tag):
			o = dissect.NeedMore
		default:
			r.Signature, r.Reason = "http.simple", "HTML without a head, as in HTTP/0.9"
			r.EvidenceOffset, r.EvidenceLength = lead, n
			r.Bits, r.Weak, r.Answers = 7*len(tag), true, true
			r.Payload(0, len(b))
			return dissect.Match
		}
	}
	return o
}

// unfinished reports a message whose start line is sure and whose header
// fields are still arriving.
func unfinished(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	r.Incomplete = m.Open && !m.Ended && len(m.Data) < maxHead
	return dissect.Match
}

// finish sets the message's length, hands it, from its start line at offset lead
// on, to the next layer and remembers
// how the direction goes on. The report stays incomplete while more of the body
// would be of use to the next layer.
func (d *direction) finish(m *dissect.Message, r *dissect.Report, h *head, b body, lead int) {
	have := int64(len(m.Data) - h.end)
	switch {
	case r.Transition != nil || b.kind == bodyNone:
		r.Length = h.end
		r.Payload(lead, h.end-lead)
	case b.kind == bodyLength:
		r.Length = h.end + int(b.length)
		if len(r.Payloads) == 0 {
			// What is at hand is all that the next layer will see of it.
			r.Payload(lead, min(r.Length, len(m.Data))-lead)
		}
		r.Incomplete = have < min(b.length, bodyPrefix)
	case b.kind == bodyChunked:
		r.Length = h.end // the chunks follow as messages of their own
		whole, ended := unchunk(m.Data[lead:], h.end-lead, bodyPrefix)
		r.Payloads = append(r.Payloads, dissect.Payload{Offset: lead, Length: len(whole), Data: whole})
		r.Incomplete = !ended && len(whole)-(h.end-lead) < bodyPrefix
	default: // until the connection closes
		r.Payload(lead, len(m.Data)-lead)
		r.Incomplete = have < bodyPrefix
	}
	if m.Ended || !m.Open {
		r.Incomplete = false
	}
	if r.Incomplete {
		return
	}
	d.chunks = b.kind == bodyChunked && r.Transition == nil
	d.described, d.counted = true, false
}
