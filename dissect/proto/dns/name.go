package dns

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/sniffid/sniffid/dissect/wire"
)

const (
	maxName = 255 // octets of a name on the wire, RFC 1035 §2.3.4
	maxHops = 127 // compression pointers; a name has no more labels
)

// skipName moves past a name; see skipLabels.
func (g *message) skipName(c *wire.Cursor) { skipLabels(c, 0) }

// skipLabels moves past a name, RFC 1035 §4.1.4. A compression pointer must
// point behind the header and before the name itself; base is where the
// cursor's structure begins in the message.
func skipLabels(c *wire.Cursor, base int) {
	start := c.Pos()
	for c.OK() {
		n := int(c.U8())
		switch {
		case n == 0:
			return
		case n < 64:
			c.Skip(n)
			c.Require(c.Pos()-start < maxName)
		case n >= 0xc0:
			target := (n&0x3f)<<8 | int(c.U8())
			c.Require(target >= headerLen && target < base+start)
			return
		default:
			c.Fail() // reserved and bit-string labels, RFC 6891 §5
		}
	}
}

// labels calls f for each label of the name at off, compression resolved, until
// f returns false. It reports whether the name ended well.
func labels(msg []byte, off int, f func(label []byte) bool) bool {
	for start, total, hops := off, 0, 0; off < len(msg); {
		n := int(msg[off])
		off++
		switch {
		case n == 0:
			return true
		case n < 64:
			total += 1 + n
			if n > len(msg)-off || total >= maxName {
				return false
			}
			if !f(msg[off : off+n]) {
				return true
			}
			off += n
		case n >= 0xc0 && off < len(msg):
			target := (n&0x3f)<<8 | int(msg[off])
			if hops++; target >= start || hops > maxHops {
				return false
			}
			start, off = target, target
		default:
			return false
		}
	}
	return false
}

// nameAt is the name at off as text without the final dot, "." for the root and
// "" where it is malformed or cut. Dots and backslashes in labels are escaped,
// and so is what can't be shown, as \DDD (RFC 4343 §2.1).
func nameAt(msg []byte, off int) string {
	text := make([]byte, 0, 64)
	ok := labels(msg, off, func(label []byte) bool {
		if len(text) > 0 {
			text = append(text, '.')
		}
		text = appendLabel(text, label)
		return true
	})
	switch {
	case !ok:
		return ""
	case len(text) == 0:
		return "."
	}
	return string(text)
}

func appendLabel(text, label []byte) []byte {
	for len(label) > 0 {
		r, n := utf8.DecodeRune(label)
		switch {
		case r == '.' || r == '\\':
			text = append(text, '\\', byte(r))
		case r == utf8.RuneError || !unicode.IsPrint(r):
			text = fmt.Appendf(text, "\\%03d", label[0])
			n = 1
		default:
			text = append(text, label[:n]...)
		}
		label = label[n:]
	}
	return text
}

// nameHash is the same for names that differ only in case, RFC 1035 §2.3.3. It
// is FNV-1a.
func nameHash(msg []byte, off int) uint64 {
	h := uint64(14695981039346656037)
	mix := func(b byte) { h = (h ^ uint64(b)) * 1099511628211 }
	labels(msg, off, func(label []byte) bool {
		mix(byte(len(label)))
		for _, b := range label {
			if 'A' <= b && b <= 'Z' {
				b += 'a' - 'A'
			}
			mix(b)
		}
		return true
	})
	return h
}

// netbiosName reports whether the name at off is a NetBIOS name, RFC 1001
// §14.1, of a type that NetBIOS uses: a label of 32 letters from A to P. A few
// other characters, as damage leaves them, do not make it a name of DNS.
func netbiosName(msg []byte, off int, kind uint16) bool {
	if kind != typeNULL && kind != typeNB && kind != typeNBSTAT {
		return false
	}
	letters := 0
	labels(msg, off, func(label []byte) bool {
		for _, b := range label {
			if len(label) == 32 && 'A' <= b && b <= 'P' {
				letters++
			}
		}
		return false
	})
	return letters >= 28
}

// local reports whether the name at off lies in a domain that only multicast
// resolves: local., or the reverse of link-local addresses, RFC 6762 §3 and §4.
func local(msg []byte, off int) bool {
	var last [4]string // the last labels, the last one first
	labels(msg, off, func(label []byte) bool {
		copy(last[1:], last[:3])
		last[0] = string(bytes.ToLower(label))
		return true
	})
	switch {
	case last[0] == "local":
		return true
	case last[0] != "arpa":
		return false
	}
	return last[1] == "in-addr" && last[2] == "169" && last[3] == "254" ||
		last[1] == "ip6" && last[2] == "f" && last[3] == "e"
}
