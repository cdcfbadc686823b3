// Package websocket reads the frames of the WebSocket protocol, which begin
// behind an HTTP upgrade, and hands the messages in them to the next layer.
//
// Source: RFC 6455. Messages compressed by an extension (RFC 7692) are framed
// but not read.
package websocket

import (
	"unicode/utf8"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

const (
	// maxMessage is how much of a frame's payload the next layer gets to see,
	// in bytes.
	maxMessage = 2 << 10
	// minCheck is how much of a payload is waited for before the frame is
	// judged, in bytes, so that its evidence does not depend on segments.
	minCheck = 64
	// maxTextBits bounds what the characters of one frame count for.
	maxTextBits = 40
)

// The conversations that the next layer sees: binary frames are the pieces of a
// byte stream, as MQTT (§6) and other streams over WebSocket ask for; a text
// frame is a message.
const (
	binaryChannel = iota
	textChannel
)

// Parser reads both directions of one connection. It is not safe for concurrent
// use.
type Parser struct {
	// open is the frame whose continuations are awaited in each direction; its
	// opcode is 0 when there is none.
	open [2]header
}

// New returns a parser for one connection.
func New() dissect.Parser { return new(Parser) }

// Parse implements [dissect.Parser].
func (p *Parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	if !m.Open {
		return dissect.Reject // frames are a byte stream
	}
	h, o := parseHeader(m.Data, m.From)
	if o != dissect.Match {
		return o
	}
	message := h
	if !h.opcode.control() {
		open := p.open[m.From]
		if (h.opcode == opContinuation) != (open.opcode != 0) {
			return dissect.Reject // RFC 6455 §5.4
		}
		if h.opcode == opContinuation {
			message = open
		}
	}

	r.Length, r.EvidenceLength = h.size+h.length, h.size
	payload := m.Data[h.size:min(len(m.Data), r.Length)]
	want := min(h.length, maxMessage)
	if len(payload) < want && !m.Ended {
		if len(payload) < minCheck {
			r.Need = h.size + min(want, minCheck)
			return dissect.NeedMore
		}
		r.Incomplete, r.Need = true, h.size+want
	}
	payload = h.unmask(payload[:min(len(payload), want)])
	n, ok := check(h, message, payload)
	if !ok {
		return dissect.Reject
	}
	r.Signature, r.Reason = "websocket."+h.opcode.String(), h.opcode.String()+" frame"
	r.Bits = h.bits + n
	if r.Incomplete {
		return dissect.Match
	}
	p.pass(m.From, r, h, message, payload)
	return dissect.Match
}

// pass hands the payload of a frame on and remembers whether more of its
// message follows.
func (p *Parser) pass(from flow.Direction, r *dissect.Report, h, message header, payload []byte) {
	if h.opcode.control() {
		return
	}
	if h.fin {
		p.open[from] = header{}
	} else {
		p.open[from] = message
	}
	if message.compressed || len(payload) == 0 {
		return
	}
	r.Attribute("websocket.opcode", message.opcode.String())
	d := dissect.Payload{Offset: h.size, Length: h.length, Data: payload, Channel: textChannel}
	switch {
	case message.opcode == opBinary:
		d.Stream, d.Channel = true, binaryChannel
	case h.opcode == opContinuation:
		return // the middle of a text is no message
	}
	r.Payloads = append(r.Payloads, d)
}

// check looks at what a frame's payload must be and counts the bits that this
// verifies. The payload, unmasked, may be cut.
func check(h, message header, payload []byte) (bits int, ok bool) {
	switch {
	case h.opcode == opClose:
		return checkClose(h, payload)
	case h.opcode.control() || message.opcode != opText || message.compressed:
		return 0, true
	case h.opcode == opContinuation:
		return 0, true // a character may begin in the frame before
	}
	return checkText(payload, len(payload) == h.length && h.fin)
}

// checkClose checks a Close frame: a status code and a reason in UTF-8, or
// nothing (RFC 6455 §5.5.1, §7.4).
func checkClose(h header, payload []byte) (bits int, ok bool) {
	switch {
	case h.length == 0:
		return 7, true
	case h.length == 1:
		return 0, false
	case len(payload) < 2:
		return 0, true
	}
	code := int(payload[0])<<8 | int(payload[1])
	registered := 1000 <= code && code <= 1014 && (code < 1004 || code > 1006)
	if !registered && (code < 3000 || code > 4999) {
		return 0, false
	}
	bits, ok = checkText(payload[2:], len(payload) == h.length)
	return bits + 5, ok // 2,012 of 65,536 codes
}

// checkText checks for UTF-8; with whole unset the last character may be cut.
// Each character of ASCII is a bit that was not set.
func checkText(b []byte, whole bool) (bits int, ok bool) {
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			bits++
			b = b[1:]
			continue
		}
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			return min(bits, maxTextBits), !whole && !utf8.FullRune(b)
		}
		b = b[n:]
	}
	return min(bits, maxTextBits), true
}
