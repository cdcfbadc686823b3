package lang

import "slices"

// condition is one way for a field to satisfy a constraint: the values of its
// bytes, most significant first; bytes behind the end, and those of a nil set, may
// be anything. A list of
// conditions covers every value that satisfies the constraint, and may cover more.
type condition []*Set

var anything = []condition{nil}

// merge puts conditions together.
func merge(cs []condition) condition {
	n := len(cs[0])
	for _, c := range cs {
		n = min(n, len(c))
	}
	out := slices.Clone(cs[0][:n])
	for _, c := range cs[1:] {
		for i := range out {
			out[i] = out[i].or(c[i])
		}
	}
	return out
}

// conditions lists the ways in which e can hold for the field p, on which alone
// it depends.
func conditions(e *Expr, p placed) []condition {
	if p.kind == Uint && p.width == 1 {
		if set, ok := simple(e); ok {
			return []condition{{set.simple()}}
		}
		return []condition{{enumerate(e, p.slot)}}
	}
	switch e.Op {
	case OpBoth:
		var out []condition
		for _, a := range conditions(e.A, p) {
			for _, b := range conditions(e.B, p) {
				out = append(out, intersect(a, b))
			}
		}
		if len(out) > maxRows {
			out = []condition{merge(out)}
		}
		return out
	case OpEither:
		return append(slices.Clone(conditions(e.A, p)), conditions(e.B, p)...)
	}
	if p.kind == Uint {
		return numbers(e, p)
	}
	return texts(e, p)
}

func intersect(a, b condition) condition {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i := range b {
		out[i] = out[i].and(b[i])
	}
	return out
}

// simple knows the commonest constraints of a byte without trying all values.
// The set is the caller's.
func simple(e *Expr) (set Set, ok bool) {
	switch e.Op {
	case OpFalse:
		set, ok = simple(e.A)
		return set.not(), ok
	case OpNe:
		set, ok = equals(e)
		return set.not(), ok
	case OpEq:
		return equals(e)
	case OpIn:
		return within(e)
	case OpLe, OpGe:
		if e.A.Op != OpSlot || e.B.Op != OpInt || e.B.N > 0xFF {
			return set, false
		}
		lo, hi := 0, int(e.B.N)
		if e.Op == OpGe {
			lo, hi = hi, 0xFF
		}
		for b := lo; b <= hi; b++ {
			set.add(byte(b))
		}
		return set, true
	}
	return set, false
}

// equals is for a byte, or a byte masked, that equals a constant.
func equals(e *Expr) (set Set, ok bool) {
	a, mask := e.A, uint64(0xFF)
	if a.Op == OpAnd && a.B.Op == OpInt {
		a, mask = a.A, a.B.N
	}
	if a.Op != OpSlot || e.B.Op != OpInt {
		return set, false
	}
	for b := range uint64(256) {
		if b&mask == e.B.N {
			set.add(byte(b))
		}
	}
	return set, true
}

// within is for a byte among constants.
func within(e *Expr) (set Set, ok bool) {
	if e.A.Op != OpSlot {
		return set, false
	}
	for _, r := range e.Ranges {
		hi := r.Hi
		if hi == nil {
			hi = r.Lo
		}
		if r.Lo.Op != OpInt || hi.Op != OpInt {
			return set, false
		}
		for b := r.Lo.N; b <= min(hi.N, 0xFF); b++ {
			set.add(byte(b))
		}
	}
	return set, true
}

// enumerate tries all values of a byte.
func enumerate(e *Expr, slot int) *Set {
	set := &Set{}
	for b := range 256 {
		if v, ok := evalOne(e, slot, uint64(b)); !ok || v != 0 {
			set.add(byte(b))
		}
	}
	return set.simple()
}

// evalOne evaluates an expression over one integer; ok is false where it can't.
func evalOne(e *Expr, slot int, v uint64) (n uint64, ok bool) {
	switch e.Op {
	case OpInt:
		return e.N, true
	case OpSlot:
		return v, int(e.N) == slot
	case OpFalse:
		a, ok := evalOne(e.A, slot, v)
		return 1 - min(a, 1), ok
	case OpNeg, OpNot:
		a, ok := evalOne(e.A, slot, v)
		if e.Op == OpNeg {
			return -a, ok
		}
		return ^a, ok
	case OpIn:
		return evalIn(e, slot, v)
	case OpBoth, OpEither:
		a, okA := evalOne(e.A, slot, v)
		b, okB := evalOne(e.B, slot, v)
		if e.Op == OpBoth {
			// One known false operand is enough.
			if okA && a == 0 || okB && b == 0 {
				return 0, true
			}
			return 1, okA && okB
		}
		if okA && a != 0 || okB && b != 0 {
			return 1, true
		}
		return 0, okA && okB
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
		a, okA := evalOne(e.A, slot, v)
		b, okB := evalOne(e.B, slot, v)
		if Compare(e.Op, a, b) {
			return 1, okA && okB
		}
		return 0, okA && okB
	case OpAdd, OpSub, OpMul, OpDiv, OpMod, OpShl, OpShr, OpAnd, OpOr, OpXor:
		a, okA := evalOne(e.A, slot, v)
		b, okB := evalOne(e.B, slot, v)
		n, ok := Arith(e.Op, a, b)
		return n, ok && okA && okB
	}
	return 0, false
}

func evalIn(e *Expr, slot int, v uint64) (uint64, bool) {
	a, ok := evalOne(e.A, slot, v)
	for _, r := range e.Ranges {
		lo, okLo := evalOne(r.Lo, slot, v)
		hi := lo
		if r.Hi != nil {
			h, okHi := evalOne(r.Hi, slot, v)
			hi, okLo = h, okLo && okHi
		}
		ok = ok && okLo
		if a >= lo && a <= hi {
			return 1, ok
		}
	}
	return 0, ok
}

// numbers is for integers of more than one byte.
func numbers(e *Expr, p placed) []condition {
	top := ^uint64(0)
	if p.width < 8 {
		top = 1<<(8*p.width) - 1
	}
	isField := func(x *Expr) bool { return x != nil && x.Op == OpSlot }
	switch e.Op {
	case OpEq:
		a, b := e.A, e.B
		if a.Op == OpInt {
			a, b = b, a
		}
		if b.Op != OpInt {
			break
		}
		if isField(a) {
			return []condition{interval(b.N, b.N, p.width)}
		}
		if a.Op == OpAnd && (isField(a.A) && a.B.Op == OpInt || isField(a.B) && a.A.Op == OpInt) {
			mask := a.B
			if mask.Op != OpInt {
				mask = a.A
			}
			return []condition{masked(mask.N, b.N, p.width)}
		}
	case OpLt, OpLe, OpGt, OpGe:
		op, a, b := e.Op, e.A, e.B
		if a.Op == OpInt {
			op = map[Op]Op{OpLt: OpGt, OpLe: OpGe, OpGt: OpLt, OpGe: OpLe}[op]
			a, b = b, a
		}
		if !isField(a) || b.Op != OpInt {
			break
		}
		n := min(b.N, top)
		switch op {
		case OpLt:
			return []condition{interval(0, max(n, 1)-1, p.width)}
		case OpLe:
			return []condition{interval(0, n, p.width)}
		}
		return []condition{interval(n, top, p.width)}
	case OpIn:
		if !isField(e.A) {
			break
		}
		var out []condition
		for _, r := range e.Ranges {
			if r.Lo.Op != OpInt || r.Hi != nil && r.Hi.Op != OpInt {
				return anything
			}
			hi := r.Lo.N
			if r.Hi != nil {
				hi = r.Hi.N
			}
			out = append(out, interval(r.Lo.N, min(hi, top), p.width))
		}
		return out
	}
	return anything
}

// interval covers lo..hi: the common first bytes, and the range of the first
// that differs.
func interval(lo, hi uint64, width int) condition {
	var c condition
	for i := width - 1; i >= 0; i-- {
		l, h := byte(lo>>(8*i)), byte(hi>>(8*i))
		c = append(c, span(l, h))
		if l != h {
			break
		}
	}
	return c
}

func masked(mask, want uint64, width int) condition {
	c := make(condition, width)
	for i := range c {
		m, w := byte(mask>>(8*(width-1-i))), byte(want>>(8*(width-1-i)))
		set := &Set{}
		for b := range 256 {
			if byte(b)&m == w {
				set.add(byte(b))
			}
		}
		c[i] = set.simple()
	}
	return c
}

// texts is for fields whose value are the message's bytes.
func texts(e *Expr, p placed) []condition {
	isField := func(x *Expr) bool { return x != nil && x.Op == OpSlot }
	lit := func(s []byte, fold bool) condition {
		var c condition
		for _, b := range s[:min(len(s), PrefixLen)] {
			c = append(c, letter(b, fold))
		}
		return c
	}
	switch e.Op {
	case OpSame:
		if isField(e.A) && e.B.Op == OpBytes {
			return []condition{lit(e.B.S, false)}
		}
	case OpOneOf:
		var out []condition
		for _, t := range e.Args {
			if t.Op != OpBytes || !isField(e.A) {
				return anything
			}
			out = append(out, lit(t.S, false))
		}
		return out
	case OpMatch:
		if isField(e.A) && e.Regex.Anchored() {
			var c condition
			for _, s := range e.Regex.First(PrefixLen) {
				c = append(c, (*Set)(&s).simple())
			}
			return []condition{c}
		}
	case OpCall:
		if e.Fn == FnPrintable && isField(e.Args[0]) && (p.kind == Line || p.kind == Token) {
			// Of an empty line the first byte is that of its end.
			set := *span(' ', '~')
			for _, b := range []byte("\t\r\n") {
				set.add(b)
			}
			return []condition{{&set}}
		}
		if len(e.Args) == 2 && isField(e.Args[0]) && e.Args[1].Op == OpBytes {
			switch e.Fn {
			case FnStarts:
				return []condition{lit(e.Args[1].S, false)}
			case FnIStarts, FnIEqual:
				return []condition{lit(e.Args[1].S, true)}
			}
		}
	}
	return anything
}
