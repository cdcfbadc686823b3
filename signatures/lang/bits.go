package lang

import (
	"math"
	"math/bits"
)

// Bits is an amount of evidence in sixteenths of a bit: random bytes pass with
// a chance of 2^-(Bits/16).
type Bits int32

// One is one bit.
const One Bits = 16

// maxEquation is what an equation between parts of the message counts at most.
const maxEquation = 16

func bitsOf(b float64) Bits {
	return Bits(math.Floor(math.Min(math.Max(b, 0), 4096)*float64(One) + 1e-9))
}

// Int returns whole bits.
func (b Bits) Int() int { return int(b / One) }

// exprWidth is how many bits of the message an integer depends on, at most:
// those of an equation with it.
func exprWidth(e *Expr) int {
	if e == nil {
		return 0
	}
	switch e.Op {
	case OpSlot:
		return e.Width
	case OpLoad:
		return 8 * e.Width
	case OpAnd:
		if e.B.Op == OpInt {
			return min(bits.OnesCount64(e.B.N), exprWidth(e.A))
		}
		if e.A.Op == OpInt {
			return min(bits.OnesCount64(e.A.N), exprWidth(e.B))
		}
	case OpShr:
		if e.B.Op == OpInt {
			return max(0, exprWidth(e.A)-int(min(e.B.N, 64)))
		}
	case OpMod:
		if e.B.Op == OpInt {
			return min(bitLen(e.B.N)-1, exprWidth(e.A))
		}
	case OpPick:
		return min(exprWidth(e.Args[0]), exprWidth(e.Args[1]))
	case OpCall:
		switch e.Fn {
		case FnLen, FnNumber:
			return 8
		case FnChecksum:
			return e.Width
		case FnPPID:
			return 32
		case FnIPChecksum:
			return 16
		}
		return 0
	case OpRecall:
		return maxEquation
	}
	return max(exprWidth(e.A), exprWidth(e.B))
}

// lenBits is what an equation of a length with the end of its region counts.
func lenBits(e *Expr) Bits { return Bits(min(exprWidth(e), maxEquation)) * One }

// exprBits is how many bits a condition verifies.
func exprBits(e *Expr) float64 {
	switch e.Op {
	case OpBoth:
		return exprBits(e.A) + exprBits(e.B)
	case OpEither:
		return union([]float64{exprBits(e.A), exprBits(e.B)})
	case OpEq:
		w := max(exprWidth(e.A), exprWidth(e.B))
		if !e.A.Const() && !e.B.Const() && !hasChecksum(e) {
			w = min(w, maxEquation)
		}
		return float64(w)
	case OpLt, OpLe, OpGt, OpGe:
		return orderedBits(e)
	case OpIn:
		return setBits(e)
	case OpSame:
		return sameBits(e.A, e.B)
	case OpOneOf:
		var each []float64
		for _, t := range e.Args {
			each = append(each, sameBits(e.A, t))
		}
		return union(each)
	case OpMatch:
		b := e.Regex.Bits()
		if !e.Regex.Anchored() {
			b = math.Max(0, b-8)
		}
		return b
	case OpSeen:
		return float64(min(exprWidth(e.A), maxEquation))
	case OpCall:
		return callBits(e)
	}
	return 0
}

// union adds chances.
func union(each []float64) float64 {
	chance := 0.0
	for _, b := range each {
		chance += math.Exp2(-b)
	}
	return math.Max(0, -math.Log2(chance))
}

func hasChecksum(e *Expr) (found bool) {
	e.walk(func(x *Expr) { found = found || x.Op == OpCall && (x.Fn == FnChecksum || x.Fn == FnIPChecksum) })
	return found
}

func orderedBits(e *Expr) float64 {
	op, x, c := e.Op, e.A, e.B
	if x.Op == OpInt {
		op = map[Op]Op{OpLt: OpGt, OpLe: OpGe, OpGt: OpLt, OpGe: OpLe}[op]
		x, c = c, x
	}
	w := exprWidth(x)
	if w == 0 {
		return 0
	}
	if c.Op != OpInt {
		return 1
	}
	total := math.Exp2(float64(w))
	n := float64(c.N)
	switch op {
	case OpLe:
		n++
	case OpGt:
		n = total - n - 1
	case OpGe:
		n = total - n
	}
	return math.Max(0, float64(w)-math.Log2(math.Max(1, math.Min(n, total))))
}

func setBits(e *Expr) float64 {
	w := exprWidth(e.A)
	n := 0.0
	for _, r := range e.Ranges {
		if r.Lo.Op != OpInt || r.Hi != nil && r.Hi.Op != OpInt {
			w = min(w, maxEquation)
			if r.Hi != nil {
				return 0
			}
			n++
			continue
		}
		n++
		if r.Hi != nil {
			n += float64(r.Hi.N - r.Lo.N)
		}
	}
	return math.Max(0, float64(w)-math.Log2(n))
}

// sameBits is for strings; what is known from outside the message proves
// nothing.
func sameBits(a, b *Expr) float64 {
	if a.Op == OpBytes {
		a, b = b, a
	}
	if a.Op == OpCall && a.Fn >= FnClientAddr || b.Op == OpCall && b.Fn >= FnClientAddr {
		return 0
	}
	if b.Op != OpBytes {
		return 8
	}
	n := 8 * len(b.S)
	if a.Width > 0 {
		n = min(n, a.Width)
	}
	return float64(n)
}

func foldBits(s []byte) float64 {
	n := 0.0
	for _, c := range s {
		n += 8
		if isLetter(c) && c != '_' {
			n--
		}
	}
	return n
}

func callBits(e *Expr) float64 {
	var lit []byte
	if n := len(e.Args); n == 2 && e.Args[1].Op == OpBytes {
		lit = e.Args[1].S
	}
	switch e.Fn {
	case FnStarts, FnEnds:
		return 8 * float64(len(lit))
	case FnIStarts, FnIEnds, FnIEqual:
		return foldBits(lit)
	case FnContains:
		return math.Max(0, 8*float64(len(lit))-8)
	case FnIContains:
		return math.Max(0, foldBits(lit)-8)
	case FnHas:
		return math.Min(24, foldBits(lit))
	case FnDistinct:
		return 4
	}
	return 0
}

// own is what a field proves by its kind alone.
func (f *Field) own() float64 {
	switch f.Kind {
	case Magic:
		if f.Fold {
			return foldBits(f.Lit)
		}
		return 8 * float64(len(f.Lit))
	case Until:
		return math.Max(0, 8*float64(len(f.Lit))-10)
	case Dec:
		return float64(f.Min) * math.Log2(256/10.0)
	case HexDigits:
		return float64(f.Min) * math.Log2(256/22.0)
	case BER:
		n := 0.0
		for _, t := range f.Tags {
			n += float64(t.Hi - t.Lo + 1)
		}
		return math.Max(0, 8-math.Log2(n))
	case BERInt:
		return 11
	case BERStr:
		return 4
	case DNSName:
		return 2
	case NBName:
		return 40
	case RegexField:
		return f.Regex.Bits()
	case HeaderLines:
		return 16
	}
	return 0
}

// PrintableBits is what n printable bytes prove, see printable in the language.
func PrintableBits(n int) Bits { return min(Bits(n)*One*2/5, 16*One) }
