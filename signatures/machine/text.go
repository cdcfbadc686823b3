package machine

import (
	"encoding/binary"
	"net/netip"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sniffid/sniffid/signatures/lang"
)

// text reads a field whose value is text made from its bytes.
func (x *run) text(f *lang.Field) []byte {
	start := len(x.scratch)
	switch f.Kind {
	case lang.UTF16, lang.UTF16Z:
		x.utf16(f)
	case lang.UUID:
		x.uuid(f)
	case lang.DNSName:
		x.dnsName()
	case lang.NBName:
		x.nbName()
	case lang.IPv4, lang.IPv6:
		if b := x.take(uint64(f.Width)); b != nil {
			a, _ := netip.AddrFromSlice(b)
			x.scratch = a.AppendTo(x.scratch)
		}
	case lang.MAC:
		for i, c := range x.take(6) {
			if i > 0 {
				x.scratch = append(x.scratch, ':')
			}
			x.scratch = append(x.scratch, hexDigits[c>>4], hexDigits[c&15])
		}
	default:
		x.fail()
	}
	if x.st != going {
		return nil
	}
	return x.since(start)
}

func (x *run) utf16(f *lang.Field) {
	var b []byte
	if f.Kind == lang.UTF16Z {
		w, complete := x.window(f.Max)
		n := -1
		for i := 0; i+1 < len(w); i += 2 {
			if w[i] == 0 && w[i+1] == 0 {
				n = i
				break
			}
		}
		switch {
		case n >= 0:
			b = w[:n]
			x.pos += n + 2
		case complete:
			x.fail()
		default:
			x.more()
		}
	} else if n, ok := x.length(f); ok {
		if n%2 != 0 {
			x.fail()
			return
		}
		b = x.take(n)
	}
	for ; len(b) >= 2; b = b[2:] {
		r := rune(binary.LittleEndian.Uint16(b))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if len(b) >= 4 {
				low = rune(binary.LittleEndian.Uint16(b[2:]))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				b = b[2:]
			}
		}
		x.scratch = utf8.AppendRune(x.scratch, r)
	}
}

// uuid writes the canonical form; in little-endian order the first three parts
// are integers (C706, appendix A).
func (x *run) uuid(f *lang.Field) {
	b := x.take(16)
	if b == nil {
		return
	}
	order := [16]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	if f.Order == lang.Little || f.Order == lang.Current && x.little {
		order = [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}
	}
	for i, j := range order {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			x.scratch = append(x.scratch, '-')
		}
		x.scratch = append(x.scratch, hexDigits[b[j]>>4], hexDigits[b[j]&15])
	}
}

// maxName is the longest domain name, in bytes as sent (RFC 1035 §2.3.4).
const maxName = 255

// dnsName reads a name of RFC 1035 §3.1 and §4.1.4. A pointer must lead
// backwards, so that every name ends.
func (x *run) dnsName() {
	at, limit, jumped, total := x.pos, x.end, false, 0
	start := len(x.scratch)
	for {
		if !x.reach(at, 1, limit) {
			return
		}
		c := int(x.data[at])
		switch {
		case c == 0:
			if !jumped {
				x.pos = at + 1
				x.bits += lang.One * 2
			}
			if len(x.scratch) == start {
				x.scratch = append(x.scratch, '.') // the root
			}
			return
		case c >= 0xC0:
			if !x.reach(at, 2, limit) {
				return
			}
			to := (c&0x3F)<<8 | int(x.data[at+1])
			if !jumped {
				x.pos = at + 2
			}
			if to >= at {
				x.fail()
				return
			}
			at, limit, jumped = to, at, true
		case c >= 0x40:
			x.fail()
			return
		default:
			if total += c + 1; total > maxName {
				x.fail()
				return
			}
			if !x.reach(at, uint64(c)+1, limit) {
				return
			}
			if len(x.scratch) > start {
				x.scratch = append(x.scratch, '.')
			}
			x.scratch = append(x.scratch, x.data[at+1:at+1+c]...)
			at += c + 1
		}
	}
}

// nbName reads a name of RFC 1002 §4.1: 32 letters of the first-level encoding
// (RFC 1001 §14.1), its scope as labels, or a pointer to such a name.
func (x *run) nbName() {
	at, end := x.pos, -1
	if !x.reach(at, 1, x.end) {
		return
	}
	if x.data[at] >= 0xC0 {
		if !x.reach(at, 2, x.end) {
			return
		}
		to := int(x.data[at]&0x3F)<<8 | int(x.data[at+1])
		if to >= at {
			x.fail()
			return
		}
		end, at = at+2, to
		if !x.reach(at, 1, x.end) {
			return
		}
	}
	if x.data[at] != 0x20 {
		x.fail()
		return
	}
	if !x.reach(at, 33, x.end) {
		return
	}
	var name [16]byte
	for i := range name {
		hi, lo := x.data[at+1+2*i]-'A', x.data[at+2+2*i]-'A'
		if hi > 15 || lo > 15 {
			x.fail()
			return
		}
		name[i] = hi<<4 | lo
	}
	n := 15
	for n > 0 && (name[n-1] == ' ' || name[n-1] == 0) {
		n--
	}
	x.scratch = append(x.scratch, name[:n]...)
	x.scratch = append(x.scratch, '<', hexDigits[name[15]>>4], hexDigits[name[15]&15], '>')
	// The scope, and the NUL at the end.
	x.pos = at + 33
	scope := len(x.scratch)
	x.dnsName()
	if x.st != going {
		return
	}
	if string(x.scratch[scope:]) == "." {
		x.scratch = x.scratch[:scope]
	} else {
		x.scratch = append(x.scratch, 0)
		copy(x.scratch[scope+1:], x.scratch[scope:])
		x.scratch[scope] = '.'
	}
	if end >= 0 {
		x.pos = end
	}
}
