package machine

import (
	"bytes"

	"github.com/sniffid/sniffid/signatures/lang"
)

// headers reads "Name: value" lines up to and including the empty line (RFC 9110
// §5). A delimited message may end without that line. The value is the lines.
func (x *run) headers(f *lang.Field) []byte {
	b, complete := x.window(f.Max)
	for i := 0; ; {
		nl := bytes.IndexByte(b[i:], '\n')
		line := b[i:]
		if nl >= 0 {
			line = bytes.TrimSuffix(line[:nl], []byte{'\r'})
		}
		if nl >= 0 && len(line) == 0 {
			x.pos += i + nl + 1
			return b[:i]
		}
		if !headerLine(line, i > 0, nl >= 0) {
			x.fail()
			return nil
		}
		if nl < 0 {
			if !complete {
				x.more()
				return nil
			}
			if len(line) > 0 || i == 0 || x.pos+len(b) != x.end {
				x.fail()
				return nil
			}
			x.pos += len(b)
			return b
		}
		i += nl + 1
	}
}

// headerLine checks a line; one that has not ended is good as long as it can
// become a header line. Continuation lines (RFC 9112 §5.2) are read over.
func headerLine(line []byte, continued, ended bool) bool {
	if continued && len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		return true
	}
	for i, c := range line {
		if c == ':' {
			return i > 0
		}
		if c == '\r' && i == len(line)-1 && i == 0 && !ended {
			return true
		}
		if !tokenByte(c) {
			return false
		}
	}
	return !ended
}

// tokenByte is tchar of RFC 9110 §5.6.2.
func tokenByte(c byte) bool {
	switch {
	case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z':
		return true
	}
	return bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
}

// header finds a header's value, without the blanks around it.
func (x *run) header(e *lang.Expr) ([]byte, bool) {
	b := x.slot(e.Args[0].N).b
	name := x.str(e.Args[1])
	if x.st != going || !x.spend(len(b)/16) {
		return nil, false
	}
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		if len(line) > len(name) && line[len(name)] == ':' && equalFold(line[:len(name)], name) {
			return bytes.TrimSpace(line[len(name)+1:]), true
		}
	}
	return nil, false
}
