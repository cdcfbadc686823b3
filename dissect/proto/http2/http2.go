// Package http2 follows HTTP/2 conversations in the clear: the client's preface,
// the settings that each side begins with, and the frames that chain by their
// lengths, also from the middle of a connection. Where the beginning was seen,
// header blocks are decompressed for their attributes.
//
// Sources: RFC 9113 (HTTP/2), RFC 7541 (HPACK), RFC 8441 (WebSocket over
// HTTP/2), the gRPC over HTTP/2 specification.
package http2

import (
	"strings"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// preface is what a client sends first (RFC 9113 §3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Parser reads both directions of one connection. It is not safe for concurrent
// use.
type Parser struct {
	// sure says that a preface or settings with content were seen: frames that
	// prove little of themselves belong to HTTP/2 then.
	sure bool
	dirs [2]direction
}

// direction is what is remembered of one direction of the connection.
type direction struct {
	prefaced bool   // the client's preface was seen
	limit    int    // bytes of the longest payload; 0: the default
	block    uint32 // the stream whose header block is unfinished; 0: none
	headers  decoder
}

// New returns a parser for one connection.
func New() dissect.Parser { return new(Parser) }

// Parse implements [dissect.Parser].
func (p *Parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	d := &p.dirs[m.From]
	if m.From == flow.FromClient && m.First && !d.prefaced && len(m.Data) > 0 && m.Data[0] == preface[0] {
		return p.parsePreface(m, r)
	}
	limit := max(d.limit, defaultFrame)
	if len(m.Data) < headerLen {
		if len(m.Data) > 0 && !possible(m.Data, m.From, limit) {
			return dissect.Reject
		}
		r.Need = headerLen
		return dissect.NeedMore
	}
	h := parseHeader(m.Data)
	u, known := ruleOf(h.typ)
	switch {
	case !u.permits(h, m.From, limit), !known && !p.sure:
		return dissect.Reject
	case d.block != 0 && (h.typ != typeContinuation || h.stream != d.block):
		return dissect.Reject // RFC 9113 §6.2: a block is not interrupted
	case d.block == 0 && h.typ == typeContinuation && p.sure:
		return dissect.Reject
	}
	return p.parseFrame(m, r, h, u)
}

func (p *Parser) parsePreface(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	n := min(len(m.Data), len(preface))
	switch {
	case string(m.Data[:n]) != preface[:n]:
		return dissect.Reject
	case n < len(preface):
		return dissect.NeedMore
	}
	p.sure = true
	d := &p.dirs[flow.FromClient]
	d.prefaced = true
	d.headers.start()
	r.Signature, r.Reason = "http2.preface", "connection preface"
	r.Bits, r.Length = 8*len(preface), len(preface)
	return dissect.Match
}

// parseFrame reads the payload behind a header that was found to be right.
func (p *Parser) parseFrame(m *dissect.Message, r *dissect.Report, h header, u rule) dissect.Outcome {
	d := &p.dirs[m.From]
	payload := m.Data[headerLen:min(len(m.Data), h.size())]
	complete := len(payload) == h.length
	r.Signature, r.Reason = "http2."+u.name, u.name+" frame"
	r.Bits, r.Length = u.bits(h, max(d.limit, defaultFrame)), h.size()
	r.EvidenceLength = headerLen
	r.Weak = !p.sure && !telling(h)

	switch h.typ {
	case typeHeaders, typePushPromise, typeContinuation:
		if !complete && !m.Ended {
			r.Incomplete, r.Need = true, h.size()
			return dissect.Match
		}
		d.readBlock(r, h, payload, complete)
	case typeSettings:
		if !complete {
			r.Need = h.size()
			return dissect.NeedMore
		}
		return p.parseSettings(m, r, h, payload)
	case typeWindowUpdate:
		if len(payload) > 0 && payload[0]>>7 != 0 {
			return dissect.Reject
		}
	case typeData:
		if start, n, ok := unpad(h, payload); ok && n > 0 {
			r.Payloads = append(r.Payloads, dissect.Payload{
				Offset: headerLen + start, Length: n, Stream: true, Channel: uint64(h.stream),
			})
		}
	}
	return dissect.Match
}

// telling reports whether a frame's header is unlike those of other binary
// protocols: mostly zeros are common.
func telling(h header) bool {
	switch h.typ {
	case typeData, typeHeaders, typeContinuation:
		return false
	case typeSettings:
		return h.length > 0
	}
	return true
}

func (p *Parser) parseSettings(m *dissect.Message, r *dissect.Report, h header, payload []byte) dissect.Outcome {
	if h.flags&flagAck != 0 {
		return dissect.Match
	}
	s, ok := parseSettings(payload)
	if !ok {
		return dissect.Reject
	}
	p.sure = p.sure || s.known > 0
	if m.From == flow.FromServer && m.First { // RFC 9113 §3.4: a server's first frame
		p.dirs[flow.FromServer].headers.start()
	}
	if s.frameSize > 0 {
		p.dirs[m.From.Reverse()].limit = s.frameSize
	}
	return dissect.Match
}

// readBlock passes a fragment of a header block to the decoder (RFC 9113 §4.3).
func (d *direction) readBlock(r *dissect.Report, h header, payload []byte, complete bool) {
	d.block = h.stream
	if h.flags&flagEndHeaders != 0 {
		d.block = 0
	}
	start, n, ok := unpad(h, payload)
	if h.typ == typeContinuation {
		start, n, ok = 0, len(payload), true
	}
	skip := 0
	switch {
	case h.typ == typePushPromise:
		skip = 4
	case h.typ == typeHeaders && h.flags&flagPriority != 0:
		skip = 5
	}
	if !ok || !complete || n < skip {
		d.headers.stop()
		return
	}
	fields, done := d.headers.write(payload[start+skip:start+n], d.block == 0)
	if done && h.typ != typePushPromise {
		describe(r, fields)
	}
}

// unpad finds what is not padding in the payload of a DATA, HEADERS or
// PUSH_PROMISE frame (RFC 9113 §6.1); the payload may be cut.
func unpad(h header, payload []byte) (start, length int, ok bool) {
	if h.flags&flagPadded == 0 {
		return 0, h.length, true
	}
	if len(payload) == 0 || int(payload[0]) >= h.length {
		return 0, 0, false
	}
	return 1, h.length - 1 - int(payload[0]), true
}

// describe reports what a request's or a response's header fields say.
func describe(r *dissect.Report, fields *fields) {
	for i, name := range attributeNames {
		r.Attribute(name, fields[i])
	}
	if t := fields[fieldContentType]; t == "application/grpc" || strings.HasPrefix(t, "application/grpc+") {
		r.Layer("grpc")
	}
	if fields[fieldContentType] == "application/dns-message" { // RFC 8484 §6
		r.Layer("doh")
	}
	if fields[fieldProtocol] == "websocket" { // RFC 8441 §4
		r.Layer("websocket")
	}
}
