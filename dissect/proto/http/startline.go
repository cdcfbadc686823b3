package http

import (
	"bytes"
	"strings"

	"github.com/sniffid/sniffid/dissect"
)

const (
	maxMethod    = 32       // bytes; the longest registered one has 17
	maxStartLine = 16 << 10 // bytes, line end included; RFC 9112 §3 asks for 8000

	// versionTail is what a request line ends with, before the minor version.
	versionTail = " HTTP/1."
	versionHead = "HTTP/1."

	// The bits that a start line verifies. The request line's fixed text may
	// stand anywhere in the line, which costs log2 of the places.
	requestBits = 8*len(versionTail) + 4 - 13
	statusBits  = 8*len(versionHead) + 4 + 8 + 13
)

type requestLine struct {
	method, target []byte
	size           int // bytes, line end included
}

type statusLine struct {
	code   int
	reason []byte
	size   int
}

// emptyLines counts the bytes of the empty lines that a lax peer sends between
// messages (RFC 9112 §2.2), at most two.
func emptyLines(b []byte) int {
	n := 0
	for range 2 {
		switch {
		case bytes.HasPrefix(b[n:], []byte("\r\n")):
			n += 2
		case bytes.HasPrefix(b[n:], []byte("\n")):
			n++
		}
	}
	return n
}

// parseRequestLine reads method SP target SP HTTP/1.x (RFC 9112 §3). Blanks
// within the target, which attackers and careless clients send, are let pass.
func parseRequestLine(b []byte) (requestLine, dissect.Outcome) {
	n := 0
	for n < len(b) && n <= maxMethod && isToken(b[n]) {
		n++
	}
	switch {
	case n == len(b) && n <= maxMethod:
		if n > 0 && !isLetter(b[0]) {
			return requestLine{}, dissect.Reject
		}
		return requestLine{}, dissect.NeedMore
	case n == 0 || n > maxMethod || b[n] != ' ' || !isLetter(b[0]):
		return requestLine{}, dissect.Reject
	}
	line, size, o := cutLine(b)
	if o != dissect.Match {
		return requestLine{}, o
	}
	rest := line[n+1:]
	end := len(rest) - 1 - len(versionTail)
	if end <= 0 || string(rest[end:len(rest)-1]) != versionTail || !isDigit(rest[len(rest)-1]) || rest[0] == ' ' {
		return requestLine{}, dissect.Reject
	}
	return requestLine{method: b[:n], target: rest[:end], size: size}, dissect.Match
}

// parseStatusLine reads HTTP/1.x SP code SP reason (RFC 9112 §4). The reason
// may be missing, with or without the blank before it.
func parseStatusLine(b []byte) (statusLine, dissect.Outcome) {
	const codeAt = len(versionHead) + 2
	n := min(len(b), len(versionHead))
	if string(b[:n]) != versionHead[:n] {
		return statusLine{}, dissect.Reject
	}
	for i := n; i < min(len(b), codeAt+4); i++ {
		if !statusByte(i-n, b[i]) {
			return statusLine{}, dissect.Reject
		}
	}
	line, size, o := cutLine(b)
	if o != dissect.Match {
		return statusLine{}, o
	}
	if len(line) < codeAt+3 {
		return statusLine{}, dissect.Reject
	}
	s := statusLine{size: size}
	for _, c := range line[codeAt : codeAt+3] {
		s.code = s.code*10 + int(c-'0')
	}
	s.reason = bytes.TrimSpace(line[codeAt+3:])
	return s, dissect.Match
}

// statusByte reports whether c may stand at place i after "HTTP/1.".
func statusByte(i int, c byte) bool {
	switch i {
	case 0: // minor version
		return isDigit(c)
	case 1:
		return c == ' '
	case 2:
		return '1' <= c && c <= '9'
	case 3, 4:
		return isDigit(c)
	default:
		return c == ' ' || c == '\r' || c == '\n'
	}
}

// cutLine returns the first line of b without its end, and its size with it.
// A line holds no control characters but HT.
func cutLine(b []byte) (line []byte, size int, o dissect.Outcome) {
	for i, c := range b[:min(len(b), maxStartLine)] {
		switch {
		case c == '\n':
			return bytes.TrimSuffix(b[:i], []byte("\r")), i + 1, dissect.Match
		case c == '\r' && (i+1 == len(b) || b[i+1] == '\n'), c == '\t':
		case c < ' ', c == 0x7F:
			return nil, 0, dissect.Reject
		}
	}
	if len(b) >= maxStartLine {
		return nil, 0, dissect.Reject
	}
	return nil, 0, dissect.NeedMore
}

// isToken reports whether c is a tchar of RFC 9110 §5.6.2.
func isToken(c byte) bool {
	return isLetter(c) || isDigit(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
