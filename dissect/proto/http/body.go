package http

import (
	"bytes"
	"strings"

	"github.com/sniffid/sniffid/dissect"
)

// bodyKind is how the end of a body is found (RFC 9112 §6.3).
type bodyKind uint8

const (
	bodyNone bodyKind = iota
	bodyLength
	bodyChunked
	bodyUntilClose
)

type body struct {
	kind   bodyKind
	length int64 // bytes, of bodyLength
}

func requestBody(h *head) body {
	switch {
	case h.transferEncoding != nil && chunkedLast(h.transferEncoding):
		return body{kind: bodyChunked}
	case h.transferEncoding != nil, h.length == lengthInvalid:
		return body{kind: bodyUntilClose} // an error; nothing after it can be found
	case h.length > 0:
		return body{kind: bodyLength, length: h.length}
	}
	return body{}
}

func responseBody(line *statusLine, h *head, request requestKind) body {
	switch {
	case request == headRequest, line.code < 200, line.code == 204, line.code == 304:
		return body{}
	case h.transferEncoding != nil && chunkedLast(h.transferEncoding):
		return body{kind: bodyChunked}
	case h.transferEncoding != nil, h.length < 0:
		return body{kind: bodyUntilClose}
	case h.length > 0:
		return body{kind: bodyLength, length: h.length}
	}
	return body{}
}

// chunkedLast reports whether "chunked" is the last of the transfer codings.
func chunkedLast(codings []byte) bool {
	last := codings[bytes.LastIndexByte(codings, ',')+1:]
	return fold(bytes.TrimSpace(last), "chunked")
}

const (
	maxChunkLine = 1 << 10 // bytes, extensions included
	maxTrailer   = 8 << 10 // bytes, all trailer fields
	maxChunk     = 1 << 30 // bytes, so that offsets can't overflow
)

// parseChunk reads one chunk, or the last one with the trailer section behind
// it, as a message (RFC 9112 §7.1).
func (d *direction) parseChunk(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	c, o := readChunk(m.Data)
	if o != dissect.Match {
		return o
	}
	r.Signature, r.Reason = "http.chunk", "chunk of a body"
	r.EvidenceLength = c.data
	r.Bits = 16 // the line end; the digits before it are not counted
	if c.size > 0 {
		r.Length = c.end
		return dissect.Match
	}
	end, complete := trailerEnd(m.Data, c.data)
	switch {
	case complete:
		r.Length = end
	case !m.Ended && len(m.Data)-c.data < maxTrailer:
		return dissect.NeedMore
	}
	d.chunks = false
	return dissect.Match
}

// chunk delimits one chunk, in bytes from its first digit on.
type chunk struct {
	size      int // of the data; 0: the last chunk
	data, end int // where the data begins; where the next chunk begins
}

// readChunk reads a chunk's line and, where it is at hand, the line end behind
// its data. The data themselves may be missing.
func readChunk(b []byte) (chunk, dissect.Outcome) {
	var c chunk
	n := 0
	for n < len(b) && hexValue(b[n]) >= 0 {
		c.size = c.size<<4 | hexValue(b[n])
		n++
		if c.size > maxChunk {
			return chunk{}, dissect.Reject
		}
	}
	if n == len(b) && n < maxChunkLine {
		return chunk{}, dissect.NeedMore
	}
	if n == 0 || n >= maxChunkLine || strings.IndexByte(" \t;\r\n", b[n]) < 0 {
		return chunk{}, dissect.Reject
	}
	eol := bytes.IndexByte(b[:min(len(b), maxChunkLine)], '\n')
	if eol < 0 {
		if len(b) >= maxChunkLine {
			return chunk{}, dissect.Reject
		}
		return chunk{}, dissect.NeedMore
	}
	c.data = eol + 1
	tail := 1
	if b[eol-1] == '\r' {
		tail = 2
	}
	c.end = c.data + c.size + tail
	if c.size > 0 && c.end <= len(b) && b[c.end-1] != '\n' {
		return chunk{}, dissect.Reject
	}
	return c, dissect.Match
}

// trailerEnd finds the end of the trailer section that begins at offset at.
func trailerEnd(b []byte, at int) (end int, complete bool) {
	limit := b[:min(len(b), at+maxTrailer)]
	for {
		n := bytes.IndexByte(limit[at:], '\n')
		if n < 0 {
			return 0, false
		}
		empty := len(bytes.TrimSuffix(b[at:at+n], []byte("\r"))) == 0
		at += n + 1
		if empty {
			return at, true
		}
	}
}

// unchunk returns a copy of the head, which ends at offset end, with up to limit
// bytes of the chunks' data behind it, and whether the last chunk was reached.
func unchunk(b []byte, end, limit int) (whole []byte, ended bool) {
	whole = append(whole, b[:end]...)
	for at := end; len(whole)-end < limit; {
		c, o := readChunk(b[at:])
		if o != dissect.Match {
			return whole, o == dissect.Reject
		}
		if c.size == 0 {
			return whole, true
		}
		data := b[at+c.data : min(len(b), at+c.data+c.size)]
		whole = append(whole, data[:min(len(data), limit-(len(whole)-end))]...)
		at += c.end
		if at > len(b) {
			return whole, false
		}
	}
	return whole, false
}

func hexValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
