package lang

import "slices"

// field steps over a field: its kind's bytes, then its constraint.
func (f *front) field(s *Field, out []front) []front {
	at := f.pos
	f.literal(s)
	n, least := s.extent()
	f.forget(s)
	if s.Slot >= 0 && at >= 0 && (s.Kind == Uint || s.Type == Bytes && s.raw()) {
		order := s.Order
		if order == Current {
			order = f.order
		}
		f.slots = append(f.slots[:len(f.slots):len(f.slots)], placed{s.Slot, at, s.Width, order, s.Kind})
	}
	if n >= 0 {
		f.advance(n, !s.Idle || s.Kind != Raw)
	} else {
		f.advance(-1, true)
		f.low += least
		if !f.sure {
			f.need = max(f.need, f.low)
		}
	}
	if s.Check == nil {
		return append(out, *f)
	}
	return f.assume(s.Check, true, out)
}

// forget drops what is known of values that the field replaces. The list is
// shared between paths, so it is copied.
func (f *front) forget(s *Field) {
	for i, p := range f.slots {
		if p.slot == s.Slot || slices.Contains(s.Groups, p.slot) {
			f.slots = slices.Delete(slices.Clone(f.slots), i, i+1)
			f.forget(s)
			return
		}
	}
}

// raw reports whether the field's value are the message's own bytes from the
// field's offset on.
func (s *Field) raw() bool {
	switch s.Kind {
	case Raw, Text, ZStr, Line, Token, Until, RegexField:
		return true
	}
	return false
}

// extent returns the field's length, or -1 and the fewest bytes it takes.
func (s *Field) extent() (n, least int) {
	switch s.Kind {
	case Uint, Magic, UUID, IPv4, IPv6, MAC:
		return s.Width, 0
	case Raw, Text, UTF16:
		if n := constant(s.N); n >= 0 && !s.Rest {
			return n, 0
		}
		return -1, 0
	case Dec, HexDigits:
		if s.Min == s.Max {
			return s.Min, 0
		}
		return -1, s.Min
	case ZStr, Token, DNSName, VarLEB, VarMQTT, VarQUIC:
		return -1, 1
	case Until:
		return -1, len(s.Lit)
	case UTF16Z, BER, BERStr, NBName:
		return -1, 2
	case BERInt:
		return -1, 3
	case RegexField:
		return -1, s.Regex.MinLen()
	}
	return -1, 0
}

// literal enters what the field's kind fixes.
func (f *front) literal(s *Field) {
	if f.pos < 0 {
		return
	}
	switch s.Kind {
	case Magic:
		for i, c := range s.Lit {
			f.meet(f.pos+i, letter(c, s.Fold))
		}
	case Dec:
		for i := range s.Min {
			f.meet(f.pos+i, span('0', '9'))
		}
	case HexDigits:
		hex := span('0', '9')
		hex = hex.or(span('a', 'f'))
		hex = hex.or(span('A', 'F'))
		for i := range s.Min {
			f.meet(f.pos+i, hex)
		}
	case BER:
		set := &Set{}
		for _, t := range s.Tags {
			for b := int(firstTagByte(t.Lo)); b <= int(firstTagByte(t.Hi)); b++ {
				set.add(byte(b))
			}
		}
		f.meet(f.pos, set.simple())
	case BERInt:
		f.meet(f.pos, one(0x02).or(one(0x0A)))
		f.meet(f.pos+1, span(1, 8))
	case DNSName:
		labels := span(0, 63)
		f.meet(f.pos, labels.or(span(0xC0, 0xFF)))
	case NBName:
		f.meet(f.pos, span(0xC0, 0xFF).or(one(0x20)))
	case RegexField:
		for i, set := range s.Regex.First(PrefixLen - min(f.pos, PrefixLen)) {
			f.meet(f.pos+i, (*Set)(&set).simple())
		}
	}
}

func firstTagByte(tag uint64) byte {
	for tag > 0xFF {
		tag >>= 8
	}
	return byte(tag)
}

func (f *front) meet(off int, s *Set) {
	if off < PrefixLen {
		f.row.Prefix[off] = f.row.Prefix[off].and(s)
	}
}

// assume appends the paths on which e has the truth value want.
func (f *front) assume(e *Expr, want bool, out []front) []front {
	p, ok := f.placed(e)
	if !ok {
		switch {
		case e.Op == OpBoth && want || e.Op == OpEither && !want:
			for _, g := range f.assume(e.A, want, nil) {
				out = g.assume(e.B, want, out)
			}
			return out
		case e.Op == OpEither && want || e.Op == OpBoth && !want:
			return f.assume(e.B, want, f.assume(e.A, want, out))
		case e.Op == OpFalse:
			return f.assume(e.A, !want, out)
		case want:
			g := *f
			g.measure(e)
			return append(out, g)
		}
		return append(out, *f)
	}
	if !want {
		e = &Expr{Op: OpFalse, Type: Bool, A: e}
	}
	cases := conditions(e, p)
	if len(cases) > maxRows {
		cases = []condition{merge(cases)}
	}
	for _, c := range cases {
		n := len(out)
		out = append(out, *f)
		if !out[n].satisfy(p, c) {
			out = out[:n]
		}
	}
	return out
}

// measure notes what a comparison says of the message's size.
func (f *front) measure(e *Expr) {
	if e.A == nil || e.B == nil || e.B.Op != OpInt || e.B.N > maxLeast {
		return
	}
	n, before := int(e.B.N), 0
	switch {
	case f.inner:
		return
	case e.A.Op == OpSize:
	case e.A.Op == OpRemaining:
		if before = f.low; f.pos < 0 && e.Op != OpGe && e.Op != OpGt {
			return
		}
	default:
		return
	}
	switch e.Op {
	case OpEq:
		f.sized(before+n, before+n)
	case OpGe:
		f.sized(before+n, 0)
	case OpGt:
		f.sized(before+n+1, 0)
	case OpLe:
		f.sized(0, before+n)
	case OpLt:
		f.sized(0, max(1, before+n-1))
	}
}

// placed finds the field on which alone e depends, if its place is known and
// its byte order, too.
func (f *front) placed(e *Expr) (placed, bool) {
	slot, ok := onlySlot(e)
	if !ok {
		return placed{}, false
	}
	for _, p := range f.slots {
		if p.slot == slot {
			return p, p.off < PrefixLen && (p.kind != Uint || p.width == 1 || p.order != Current)
		}
	}
	return placed{}, false
}

// satisfy enters a condition; it reports false where that leaves no value.
func (f *front) satisfy(p placed, c condition) bool {
	for i, s := range c {
		at := p.off + i
		if p.kind == Uint && p.order == Little {
			at = p.off + p.width - 1 - i
		}
		f.meet(at, s)
		if at < PrefixLen && f.row.Prefix[at].empty() {
			return false
		}
	}
	return true
}

// onlySlot returns the slot that an expression depends on, if it depends on
// nothing else.
func onlySlot(e *Expr) (slot int, ok bool) {
	slot, ok = -1, true
	e.walk(func(x *Expr) {
		switch x.Op {
		case OpSlot:
			if slot >= 0 && slot != int(x.N) {
				ok = false
			}
			slot = int(x.N)
		case OpPos, OpRemaining, OpSize, OpLoad, OpSeen, OpRecall:
			ok = false
		case OpCall:
			ok = ok && x.Fn < FnClientAddr
		}
	})
	return slot, ok && slot >= 0
}
