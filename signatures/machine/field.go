package machine

import (
	"bytes"

	"github.com/sniffid/sniffid/signatures/lang"
	"github.com/sniffid/sniffid/signatures/lang/regex"
)

// field reads a field, tests its constraint and notes what it reports.
func (x *run) field(f *lang.Field) {
	at := x.pos
	if f.Idle && f.Kind == lang.Raw {
		x.pass(f)
		if x.st == going {
			x.note(f, at)
		}
		return
	}
	n, b := x.read(f)
	if x.st != going {
		return
	}
	x.set(f.Slot, n, b)
	if f.Check != nil && !x.truth(f.Check) && x.st == going {
		x.fail()
	}
	if x.st != going {
		return
	}
	if f.Bits > 0 {
		x.bits += f.Bits
		if f.Check != nil {
			x.bits += x.measured(f.Check, true)
		}
		x.proved = max(x.proved, x.pos)
	}
	x.lens = max(x.lens, f.Len)
	x.note(f, at)
}

// note records a field and its attribute, for the case of a match.
func (x *run) note(f *lang.Field, at int) {
	if x.record && f.Name != "" {
		x.effects = append(x.effects, effect{kind: record, stmt: f, value: x.fieldValue(f), off: at, length: x.pos - at})
	}
	if f.Attr != "" {
		x.effects = append(x.effects, effect{kind: attribute, stmt: f, value: x.fieldValue(f)})
	}
}

func (x *run) fieldValue(f *lang.Field) value {
	if f.Slot < 0 {
		return value{}
	}
	return value{x.slots[f.Slot].n, x.slots[f.Slot].b}
}

// pass moves over bytes that nobody looks at. Where the message's length is
// known, they need not be at hand.
func (x *run) pass(f *lang.Field) {
	n, ok := x.length(f)
	if !ok {
		return
	}
	if !x.m.Open {
		if n > maxLength || int(n) > x.end-x.pos {
			x.fail()
			return
		}
		x.pos += int(n)
	} else if x.take(n) == nil && x.st != going {
		return
	}
	x.lens = max(x.lens, f.Len)
}

// length is the N of bytes N and its like.
func (x *run) length(f *lang.Field) (n uint64, ok bool) {
	if f.Rest {
		if !x.known() {
			return 0, false
		}
		return uint64(x.end - x.pos), true
	}
	n = x.num(f.N)
	return n, x.st == going
}

// read reads a field's value and moves over it.
func (x *run) read(f *lang.Field) (n uint64, b []byte) {
	switch f.Kind {
	case lang.Uint:
		if b := x.take(uint64(f.Width)); b != nil {
			return x.integer(b, f.Order), nil
		}
	case lang.Raw, lang.Text:
		if n, ok := x.length(f); ok {
			return 0, x.take(n)
		}
	case lang.Magic:
		return 0, x.magic(f)
	case lang.ZStr, lang.Until, lang.Line, lang.Token:
		return 0, x.delimited(f)
	case lang.Dec, lang.HexDigits:
		return x.digits(f), nil
	case lang.RegexField:
		return 0, x.regex(f)
	case lang.HeaderLines:
		return 0, x.headers(f)
	case lang.VarLEB, lang.VarMQTT, lang.VarQUIC:
		return x.varint(f.Kind), nil
	case lang.BER:
		return x.ber(f), nil
	case lang.BERInt:
		return x.berInt(), nil
	case lang.BERStr:
		return 0, x.berStr()
	default:
		return 0, x.text(f)
	}
	return 0, nil
}

// magic compares with as many bytes as are there, so that one wrong byte is
// enough to reject.
func (x *run) magic(f *lang.Field) []byte {
	if len(f.Lit) > x.end-x.pos {
		x.fail()
		return nil
	}
	have := f.Lit
	if n := max(0, len(x.data)-x.pos); n < len(have) {
		have = have[:n]
	}
	if len(have) > 0 {
		b := x.data[x.pos : x.pos+len(have)]
		if !bytes.Equal(b, have) && (!f.Fold || !equalFold(b, have)) {
			x.fail()
			return nil
		}
	}
	return x.take(uint64(len(f.Lit)))
}

// delimited reads up to a delimiter.
func (x *run) delimited(f *lang.Field) []byte {
	b, complete := x.window(f.Max)
	n, skip := -1, 0
	switch f.Kind {
	case lang.ZStr:
		n, skip = bytes.IndexByte(b, 0), 1
	case lang.Until:
		n, skip = bytes.Index(b, f.Lit), len(f.Lit)
	case lang.Token:
		n = bytes.IndexAny(b, " \t\r\n")
		if n == 0 {
			x.fail()
			return nil
		}
	case lang.Line:
		if n, skip = bytes.IndexByte(b, '\n'), 1; n > 0 && b[n-1] == '\r' {
			n, skip = n-1, 2
		}
	}
	if n >= 0 {
		x.pos += n + skip
		return b[:n]
	}
	if !complete {
		x.more()
		return nil
	}
	// A line and a token may end with the region.
	atEnd := x.pos+len(b) == x.end
	if atEnd && (f.Kind == lang.Line || f.Kind == lang.Token && len(b) > 0) {
		x.pos += len(b)
		return b
	}
	x.fail()
	return nil
}

func (x *run) digits(f *lang.Field) (value uint64) {
	b, complete := x.window(f.Max)
	base := uint64(10)
	if f.Kind == lang.HexDigits {
		base = 16
	}
	n := 0
	for n < len(b) {
		d, ok := number(b[n:n+1], base)
		if !ok {
			break
		}
		value = value*base + d
		n++
	}
	switch {
	case n == len(b) && !complete:
		x.more()
	case n < f.Min:
		x.fail()
	default:
		x.pos += n
	}
	return value
}

func (x *run) regex(f *lang.Field) []byte {
	b, complete := x.window(f.Max)
	if !x.spend(len(b) / 8) {
		return nil
	}
	n, st := f.Regex.Match(b, complete)
	switch {
	case st == regex.Undecided:
		x.more()
		return nil
	case st == regex.No:
		x.fail()
		return nil
	}
	if f.Groups != nil {
		if need := 2 * len(f.Groups); cap(x.spans) < need {
			x.spans = make([]int, need)
		}
		spans := x.spans[:2*len(f.Groups)]
		x.work = f.Regex.Find(b, n, spans, x.work)
		for i, slot := range f.Groups {
			if lo, hi := spans[2*i], spans[2*i+1]; slot >= 0 && lo >= 0 && hi >= lo {
				x.set(slot, 0, b[lo:hi])
			}
		}
	}
	x.pos += n
	return b[:n]
}
