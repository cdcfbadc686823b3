package http

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/sniffid/sniffid/dissect"
)

const (
	maxMethod    = 32       // bytes; the longest registered one has 17
	maxStartLine = 16 << 10 // bytes, line end included; RFC 9112 §3 asks for 8000
	maxLead      = 64       // bytes of blanks and line ends before a start line
	maxStray     = 64       // bytes of one stray line before a status line

	versionName = "http/" // RFC 9112 §2.3; the case is not insisted on

	// The bits that a start line verifies: the name, of which case is let pass,
	// a digit, a dot and a digit. The request line's version may stand anywhere
	// in the line, which costs log2 of the places.
	versionBits = 8*len(versionName) - 4 + 4 + 8 + 4
	requestBits = 8 + versionBits - 13
	statusBits  = versionBits + 8 + 13 // a blank and three digits
	simpleBits  = 8 * len("GET /")
)

type requestLine struct {
	method, target []byte
	size           int  // bytes, line end included
	simple         bool // HTTP/0.9: no version
}

type statusLine struct {
	code   int // 0: not three digits
	reason []byte
	size   int
	broken bool // what follows can't be framed with confidence
}

// leading counts the blanks and line ends before a start line, which peers are
// told or known to skip (RFC 9112 §2.2).
func leading(b []byte) int {
	n := 0
	for n < min(len(b), maxLead) && (isBlank(b[n]) || b[n] == '\r' || b[n] == '\n') {
		n++
	}
	return n
}

// stray counts the bytes of one line of something else before a status line,
// the remains of a body or of a script's output, that clients pass over. There
// is none unless the version follows at once.
func stray(b []byte) int {
	n := bytes.IndexByte(b[:min(len(b), maxStray)], '\n') + 1
	if n == 0 || versionLen(b[n:]) <= 0 || versionLen(b) != 0 {
		return 0
	}
	return n
}

// strayBegun reports whether b may turn out to begin with a stray line.
func strayBegun(b []byte) bool {
	head := b[:min(len(b), maxStray)]
	n := bytes.IndexByte(head, '\n') + 1
	if n == 0 {
		return len(b) > 0 && len(b) < maxStray && versionLen(b) == 0 && bytes.IndexFunc(head, notText) < 0
	}
	return versionLen(b[n:]) < 0
}

func notText(r rune) bool { return r != '\r' && r != '\t' && unicode.IsControl(r) }

// versionLen measures HTTP-version at the start of b, with as many digits as
// there are. It is 0 for something else and -1 when more bytes are wanted.
func versionLen(b []byte) int {
	n := min(len(b), len(versionName))
	if !fold(b[:n], versionName[:n]) {
		return 0
	}
	major := digits(b[n:])
	n += major
	switch {
	case n == len(b):
		return -1
	case major == 0 || b[n] != '.':
		return 0
	}
	n++
	minor := digits(b[n:])
	switch {
	case minor > 0:
		return n + minor
	case n == len(b):
		return -1
	}
	return 0
}

// digits counts the digits at the start of b, up to four.
func digits(b []byte) int {
	n := 0
	for n < min(len(b), 4) && isDigit(b[n]) {
		n++
	}
	return n
}

// parseRequestLine reads method SP target SP HTTP-version (RFC 9112 §3). Blanks
// within the target and more than one between the parts, which attackers and
// careless clients send, are let pass. GET with a path alone is HTTP/0.9.
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
	case n == 0 || n > maxMethod || !isBlank(b[n]) || !isLetter(b[0]):
		return requestLine{}, dissect.Reject
	}
	text, size, o := cutLine(b)
	if o != dissect.Match {
		return requestLine{}, o
	}
	line := requestLine{method: b[:n], size: size}
	rest := bytes.Trim(text[n:], " \t")
	at := bytes.LastIndexAny(rest, " \t")
	version := rest[at+1:]
	switch {
	case at > 0 && versionLen(version) == len(version) && !isPreface(text):
		line.target = bytes.TrimRight(rest[:at], " \t")
	case at < 0 && fold(line.method, "get") && len(rest) > 0 && rest[0] == '/':
		line.target, line.simple = rest, true
	default:
		return requestLine{}, dissect.Reject
	}
	return line, dissect.Match
}

// isPreface recognises what HTTP/2 begins with, made to look like a request
// (RFC 9113 §3.4).
func isPreface(line []byte) bool { return string(line) == "PRI * HTTP/2.0" }

// parseStatusLine reads HTTP-version SP code SP reason (RFC 9112 §4). The
// version decides: a line whose code is no code, or in which a bare CR or NUL
// stands for a blank, is broken but nobody else's.
func parseStatusLine(b []byte) (statusLine, dissect.Outcome) {
	n := versionLen(b)
	switch {
	case n == 0:
		return statusLine{}, dissect.Reject
	case n < 0:
		return statusLine{}, dissect.NeedMore
	}
	eol := bytes.IndexByte(b[:min(len(b), maxStartLine)], '\n')
	if eol < 0 {
		if len(b) >= maxStartLine {
			return statusLine{}, dissect.Reject
		}
		return statusLine{}, dissect.NeedMore
	}
	line := bytes.TrimSuffix(b[n:eol], []byte("\r"))
	s := statusLine{size: eol + 1, broken: bytes.IndexByte(line, '\r') >= 0}
	rest := bytes.TrimLeft(line, " \t\r\x00")
	if digits(rest) != 3 || len(rest) == len(line) || rest[0] == '0' || len(rest) > 3 && rest[3] > ' ' {
		s.broken = true
		return s, dissect.Match
	}
	for _, c := range rest[:3] {
		s.code = s.code*10 + int(c-'0')
	}
	s.reason = bytes.TrimSpace(rest[3:])
	return s, dissect.Match
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

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
