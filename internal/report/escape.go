package report

import (
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// printable writes JSON so that a terminal takes no part of it for an instruction: JSON
// itself escapes the controls of ASCII alone (RFC 8259 §7), this also DEL, those of
// ISO 6429 above it, and what turns the direction of text.
type printable struct{ out io.Writer }

// Write implements [io.Writer]. It takes whole records.
func (p printable) Write(b []byte) (int, error) {
	if _, err := p.out.Write(appendPrintable(nil, b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// appendPrintable appends JSON to dst, which may be the beginning of its own array.
func appendPrintable(dst, b []byte) []byte {
	for len(b) > 0 {
		n := printableASCII(b)
		dst, b = append(dst, b[:n]...), b[n:]
		if len(b) == 0 {
			break
		}
		r, n := utf8.DecodeRune(b)
		switch {
		case r == '\n' || unicode.IsPrint(r):
			dst = append(dst, b[:n]...)
		case r > 0xffff: // a surrogate pair
			high, low := 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		b = b[n:]
	}
	return dst
}

// printableASCII returns how many bytes at the beginning of b are printable ASCII.
func printableASCII(b []byte) int {
	for i, c := range b {
		if c < ' ' || c > '~' {
			return i
		}
	}
	return len(b)
}
