package http

import (
	"bytes"
	"math"
	"strconv"
)

// head is the header section of a message: the few fields that framing and
// naming need. The values alias the message.
type head struct {
	end int // offset of the body

	host, userAgent, server, contentType []byte
	poweredBy, auth                      []byte
	upgrade                              []byte
	key, accept                          []byte // of WebSocket, RFC 6455 §4

	length           int64 // of the body; -1: not given, -2: not understood
	transferEncoding []byte
}

// The values of head.length that are no length.
const (
	lengthMissing = -1
	lengthInvalid = -2
	// maxLength bounds a body, so that offsets can't overflow: no more of one is
	// ever skipped.
	maxLength = math.MaxInt >> 1
)

// parseHead reads the header fields that begin at offset at of a message, up to
// the empty line (RFC 9112 §5). complete is false when that has not come yet.
// Lines that are no fields are passed over: the start line has decided.
func parseHead(b []byte, at int) (h head, complete bool) {
	h = head{length: lengthMissing}
	limit := b[:min(len(b), maxHead)]
	for {
		n := bytes.IndexByte(limit[at:], '\n')
		if n < 0 {
			return h, false
		}
		line := bytes.TrimSuffix(b[at:at+n], []byte("\r"))
		at += n + 1
		if len(line) == 0 {
			h.end = at
			return h, true
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok {
			h.set(name, bytes.TrimSpace(value))
		}
	}
}

// set keeps the value of a field that is of use. Of a repeated field the first
// value stands, except where framing depends on all of them.
func (h *head) set(name, value []byte) {
	switch {
	case fold(name, "host"):
		keep(&h.host, value)
	case fold(name, "user-agent"):
		keep(&h.userAgent, value)
	case fold(name, "server"):
		keep(&h.server, value)
	case fold(name, "content-type"):
		keep(&h.contentType, value)
	case fold(name, "x-powered-by"):
		keep(&h.poweredBy, value)
	case fold(name, "authorization"), fold(name, "www-authenticate"),
		fold(name, "proxy-authorization"), fold(name, "proxy-authenticate"):
		h.setAuth(value)
	case fold(name, "upgrade"):
		keep(&h.upgrade, value)
	case fold(name, "sec-websocket-key"):
		keep(&h.key, value)
	case fold(name, "sec-websocket-accept"):
		keep(&h.accept, value)
	case fold(name, "transfer-encoding"):
		h.transferEncoding = value // the last coding is what delimits
	case fold(name, "content-length"):
		n := parseLength(value)
		if h.length != lengthMissing && h.length != n {
			n = lengthInvalid // RFC 9112 §6.3, item 5
		}
		h.length = n
	}
}

func keep(field *[]byte, value []byte) {
	if *field == nil {
		*field = value
	}
}

// parseLength reads Content-Length; a list of equal values counts as one (RFC
// 9110 §8.6).
func parseLength(value []byte) int64 {
	first, rest, _ := bytes.Cut(value, []byte(","))
	n, err := strconv.ParseUint(string(bytes.TrimSpace(first)), 10, 63)
	if err != nil {
		return lengthInvalid
	}
	for len(rest) > 0 {
		var next []byte
		next, rest, _ = bytes.Cut(rest, []byte(","))
		if !bytes.Equal(bytes.TrimSpace(next), bytes.TrimSpace(first)) {
			return lengthInvalid
		}
	}
	return int64(min(n, maxLength))
}

// fold reports whether name is want, which is in lower case, in any case.
func fold(name []byte, want string) bool {
	if len(name) != len(want) {
		return false
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != want[i] {
			return false
		}
	}
	return true
}
