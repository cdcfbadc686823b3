package http

import (
	"bytes"
	"crypto/sha1" // #nosec G505 -- what RFC 6455 asks for
	"encoding/base64"
	"strconv"

	"github.com/sniffid/sniffid/dissect"
)

// requestKind is what of a request its response's framing depends on.
type requestKind uint8

const (
	otherRequest requestKind = iota
	headRequest
	connectRequest
	upgradeRequest
	rpcInData  // MS-RPCH §2.1.2.1.1
	rpcOutData // MS-RPCH §2.1.2.1.2
)

// maxEcho is the longest body of an RPC over HTTP echo request or response,
// which carries no PDU stream, in bytes (MS-RPCH §2.1.2.1.5, §2.1.2.1.6).
const maxEcho = 1 << 10

func kindOf(method []byte, h *head) requestKind {
	switch string(method) {
	case "HEAD":
		return headRequest
	case "CONNECT":
		return connectRequest
	case "RPC_IN_DATA":
		return rpcInData
	case "RPC_OUT_DATA":
		return rpcOutData
	}
	if len(h.upgrade) > 0 {
		return upgradeRequest
	}
	return otherRequest
}

// opensTunnel reports whether a response makes the connection a tunnel. Where
// the request was not captured, only the reason that proxies give tells.
func opensTunnel(line *statusLine, h *head, request requestKind, known bool) bool {
	if line.code < 200 || line.code > 299 {
		return false
	}
	if known {
		return request == connectRequest
	}
	return h.length <= 0 && h.transferEncoding == nil && fold(line.reason, "connection established")
}

// acceptOf computes what a server answers to a WebSocket key (RFC 6455 §4.2.2);
// "" without a key.
func acceptOf(key []byte) string {
	if len(key) == 0 {
		return ""
	}
	sum := sha1.Sum(append(key[:len(key):len(key)], "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// queue holds the kinds of the requests that are waiting for their responses.
// When more are pipelined than it holds, the oldest are forgotten.
type queue struct {
	kinds [16]requestKind
	n     int
}

func (q *queue) push(k requestKind) {
	if q.n == len(q.kinds) {
		copy(q.kinds[:], q.kinds[1:])
		q.n--
	}
	q.kinds[q.n] = k
	q.n++
}

func (q *queue) front() (k requestKind, known bool) { return q.kinds[0], q.n > 0 }

func (q *queue) pop() {
	if q.n > 0 {
		copy(q.kinds[:], q.kinds[1:q.n])
		q.n--
	}
	q.kinds[q.n] = otherRequest
}

// tunnel reports whether a request is waiting whose response may turn the
// connection into another protocol.
func (q *queue) tunnel() bool {
	for _, k := range q.kinds[:q.n] {
		if k == connectRequest || k == upgradeRequest {
			return true
		}
	}
	return false
}

const (
	maxURI   = 256 // bytes of http.request.uri
	maxValue = 256 // bytes of any other attribute
)

func describeRequest(r *dissect.Report, line *requestLine, h *head) {
	r.Field("http.request.method", 0, len(line.method), string(line.method))
	r.Attribute("http.request.method", string(line.method))
	host, path := splitTarget(line.target)
	if len(h.host) > 0 {
		host = h.host
	}
	r.Attribute("http.host", text(host, maxValue))
	r.Attribute("http.request.uri", text(path, maxURI))
	r.Attribute("http.user_agent", text(h.userAgent, maxValue))
	r.Attribute("http.content_type", text(h.contentType, maxValue))
}

func describeResponse(r *dissect.Report, line *statusLine, h *head) {
	r.Attribute("http.response.code", strconv.Itoa(line.code))
	r.Attribute("http.server", text(h.server, maxValue))
	r.Attribute("http.x_powered_by", text(h.poweredBy, maxValue))
	r.Attribute("http.content_type", text(h.contentType, maxValue))
}

// splitTarget returns the authority and the path of a request target, without
// the query, in any of the four forms of RFC 9112 §3.2.
func splitTarget(target []byte) (authority, path []byte) {
	path, _, _ = bytes.Cut(target, []byte("?"))
	if path = bytes.TrimSpace(path); len(path) == 0 || path[0] == '/' || path[0] == '*' {
		return nil, path
	}
	_, rest, absolute := bytes.Cut(path, []byte("://"))
	if !absolute {
		return path, nil // authority-form
	}
	n := bytes.IndexByte(rest, '/')
	if n < 0 {
		return rest, []byte("/")
	}
	return rest[:n], rest[n:]
}

// text makes a string of at most limit bytes of b, with a dot for whatever is
// not printable ASCII.
func text(b []byte, limit int) string {
	s := append([]byte(nil), b[:min(len(b), limit)]...)
	for i, c := range s {
		if c < ' ' || c > '~' {
			s[i] = '.'
		}
	}
	return string(s)
}
