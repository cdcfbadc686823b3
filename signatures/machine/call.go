package machine

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"net/netip"
	"strconv"

	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/signatures/lang"
)

func (x *run) callInt(e *lang.Expr) uint64 {
	if e.Fn == lang.FnLen && e.Args[0].Type == lang.Headers {
		return uint64(len(x.slot(e.Args[0].N).b))
	}
	if e.Fn == lang.FnPPID {
		return uint64(x.m.PPID)
	}
	s := x.str(e.Args[0])
	if x.st != going {
		return 0
	}
	switch e.Fn {
	case lang.FnLen:
		return uint64(len(s))
	case lang.FnCount:
		t := x.str(e.Args[1])
		if len(t) == 0 || !x.spend(len(s)/8) {
			return 0
		}
		return uint64(bytes.Count(s, t))
	case lang.FnNumber:
		base := uint64(10)
		if len(e.Args) > 1 {
			base = x.num(e.Args[1])
		}
		n, ok := number(s, base)
		if !ok {
			x.fail()
		}
		return n
	case lang.FnIPChecksum:
		return x.ipChecksum(s, x.num(e.Args[1]))
	case lang.FnChecksum:
		if !x.spend(len(s) / 8) {
			return 0
		}
		return lang.Checksums[e.N].Sum(s)
	}
	x.fail()
	return 0
}

func (x *run) ipChecksum(s []byte, proto uint64) uint64 {
	c := x.m.Context
	if c == nil || !c.Client.IsValid() || !c.Server.IsValid() {
		x.fail()
		return 0
	}
	if x.st != going || !x.spend(len(s)/8) {
		return 0
	}
	return lang.IPChecksum(c.Client, c.Server, proto, s)
}

// number reads digits and nothing else; an overflow is no number.
func number(s []byte, base uint64) (n uint64, ok bool) {
	if len(s) == 0 || len(s) > 64 || base < 2 || base > 36 {
		return 0, false
	}
	for _, c := range s {
		d := uint64(255)
		switch {
		case c >= '0' && c <= '9':
			d = uint64(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			d = uint64(c|0x20-'a') + 10
		}
		if d >= base || n > (1<<64-1-d)/base {
			return 0, false
		}
		n = n*base + d
	}
	return n, true
}

func (x *run) callBool(e *lang.Expr) bool {
	switch e.Fn {
	case lang.FnHas:
		_, ok := x.header(e)
		return ok
	case lang.FnFromClient:
		return x.m.From == flow.FromClient
	case lang.FnFromServer:
		return x.m.From == flow.FromServer
	}
	s := x.str(e.Args[0])
	if x.st != going || !x.spend(len(s)/8) {
		return false
	}
	if len(e.Args) == 2 {
		t := x.str(e.Args[1])
		return x.st == going && stringTest(e.Fn, s, t)
	}
	switch e.Fn {
	case lang.FnDistinct:
		return distinct(s)
	case lang.FnPrintable:
		return printable(s)
	case lang.FnMulticast:
		a, ok := address(s)
		return ok && a.IsMulticast()
	}
	x.fail()
	return false
}

func stringTest(fn lang.Func, s, t []byte) bool {
	switch fn {
	case lang.FnStarts:
		return bytes.HasPrefix(s, t)
	case lang.FnEnds:
		return bytes.HasSuffix(s, t)
	case lang.FnContains:
		return bytes.Contains(s, t)
	case lang.FnIStarts:
		return len(s) >= len(t) && equalFold(s[:len(t)], t)
	case lang.FnIEnds:
		return len(s) >= len(t) && equalFold(s[len(s)-len(t):], t)
	case lang.FnIEqual:
		return len(s) == len(t) && equalFold(s, t)
	case lang.FnIContains:
		for i := 0; i+len(t) <= len(s); i++ {
			if equalFold(s[i:i+len(t)], t) {
				return true
			}
		}
	}
	return false
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c |= 0x20
	}
	return c
}

// equalFold compares strings of one length, ASCII letters in either case.
func equalFold(s, t []byte) bool {
	for i := range t {
		if lower(s[i]) != lower(t[i]) {
			return false
		}
	}
	return true
}

func distinct(s []byte) bool {
	var seen lang.Set
	for _, c := range s {
		if seen.Has(c) {
			return false
		}
		seen[c>>6] |= 1 << (c & 63)
	}
	return true
}

func printable(s []byte) bool {
	for _, c := range s {
		if (c < 0x20 || c > 0x7E) && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

func address(s []byte) (netip.Addr, bool) {
	if len(s) > 45 { // longest text of an IPv6 address
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(string(s))
	return a, err == nil
}

func (x *run) callBytes(e *lang.Expr) []byte {
	start := len(x.scratch)
	switch e.Fn {
	case lang.FnSlice:
		return x.slice(e)
	case lang.FnHeader:
		v, ok := x.header(e)
		if !ok && x.st == going {
			x.fail()
		}
		return v
	case lang.FnText:
		x.scratch = strconv.AppendUint(x.scratch, x.num(e.Args[0]), 10)
	case lang.FnHexStr:
		s := x.str(e.Args[0])
		start = len(x.scratch) // s may itself be there
		for _, c := range s {
			x.scratch = append(x.scratch, hexDigits[c>>4], hexDigits[c&15])
		}
	case lang.FnMD5:
		s := x.str(e.Args[0])
		if x.st != going || !x.spend(len(s)/8) {
			return nil
		}
		start = len(x.scratch)
		sum := md5.Sum(s)
		for _, c := range sum {
			x.scratch = append(x.scratch, hexDigits[c>>4], hexDigits[c&15])
		}
	case lang.FnBase64:
		return x.base64(x.str(e.Args[0]))
	case lang.FnIP:
		a, ok := netip.AddrFromSlice(x.str(e.Args[0]))
		if !ok {
			x.fail()
			return nil
		}
		x.scratch = a.AppendTo(x.scratch)
	case lang.FnConcat:
		return x.concat(e)
	default:
		return x.context(e)
	}
	return x.since(start)
}

// base64 decodes RFC 4648 §4 with padding; what is none is no match.
func (x *run) base64(s []byte) []byte {
	if x.st != going || !x.spend(len(s)/8) {
		return nil
	}
	b, err := base64.StdEncoding.AppendDecode(x.scratch[len(x.scratch):], s)
	if err != nil {
		x.fail()
		return nil
	}
	start := len(x.scratch)
	x.scratch = append(x.scratch, b...)
	return x.since(start)
}

const hexDigits = "0123456789abcdef"

// maxScratch bounds the memory for computed strings, in bytes.
const maxScratch = 256 << 10

// since returns what was written to the scratch memory from start on.
func (x *run) since(start int) []byte {
	if len(x.scratch) > maxScratch {
		x.fail()
		return nil
	}
	return x.scratch[start:len(x.scratch):len(x.scratch)]
}

func (x *run) slice(e *lang.Expr) []byte {
	at, n := x.num(e.Args[0]), x.num(e.Args[1])
	if x.st != going {
		return nil
	}
	if at > maxLength {
		x.fail()
		return nil
	}
	if !x.reach(int(at), n, x.limit) {
		return nil
	}
	return x.data[at : at+n]
}

func (x *run) concat(e *lang.Expr) []byte {
	var parts [16][]byte
	if len(e.Args) > len(parts) {
		x.fail()
		return nil
	}
	for i, a := range e.Args {
		parts[i] = x.str(a)
	}
	start := len(x.scratch)
	for _, p := range parts[:len(e.Args)] {
		x.scratch = append(x.scratch, p...)
	}
	return x.since(start)
}

// context answers what is known from outside the message.
func (x *run) context(e *lang.Expr) []byte {
	c := x.m.Context
	if c == nil {
		x.fail()
		return nil
	}
	start := len(x.scratch)
	var a netip.Addr
	switch e.Fn {
	case lang.FnTransport:
		x.scratch = append(x.scratch, c.Transport...)
		return x.since(start)
	case lang.FnClientAddr:
		a = c.Client
	case lang.FnServerAddr:
		a = c.Server
	case lang.FnToAddr:
		a = c.Server
		if x.m.From == flow.FromServer {
			a = c.Client
		}
	case lang.FnFromAddr:
		a = c.Client
		if x.m.From == flow.FromServer {
			a = c.Server
		}
	}
	if !a.IsValid() {
		x.fail()
		return nil
	}
	x.scratch = a.AppendTo(x.scratch)
	return x.since(start)
}

// measured is the evidence that depends on the values: printable strings.
func (x *run) measured(e *lang.Expr, want bool) lang.Bits {
	if !want {
		return 0
	}
	switch {
	case e.Op == lang.OpBoth:
		return x.measured(e.A, true) + x.measured(e.B, true)
	case e.Op == lang.OpCall && e.Fn == lang.FnPrintable:
		return lang.PrintableBits(len(x.str(e.Args[0])))
	}
	return 0
}
