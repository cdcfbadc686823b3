package regex

import (
	"math"
	"regexp/syntax"
)

// Bits returns the bits that a match at a fixed place proves: random bytes match
// with a chance of at most 2^-Bits. Repetitions count as often as they must
// occur, less the choice of places that they give to what follows; alternatives
// count by the sum of their chances.
func (re *Regexp) Bits() float64 { return math.Max(0, treeBits(re.tree)) }

// Anchored reports whether the expression begins with ^ or \A.
func (re *Regexp) Anchored() bool {
	return re.prog.StartCond()&syntax.EmptyBeginText != 0
}

func treeBits(t *syntax.Regexp) float64 {
	switch t.Op {
	case syntax.OpLiteral:
		sum := 0.0
		for _, r := range t.Rune {
			if t.Flags&syntax.FoldCase != 0 && (r|0x20 >= 'a' && r|0x20 <= 'z') {
				sum += 7
			} else {
				sum += 8
			}
		}
		return sum
	case syntax.OpCharClass:
		set := classBytes(t)
		n := 0
		for b := range 256 {
			if set[b>>6]&(1<<(b&63)) != 0 {
				n++
			}
		}
		return 8 - math.Log2(float64(max(n, 1)))
	case syntax.OpConcat:
		sum := 0.0
		for _, sub := range t.Sub {
			sum += treeBits(sub)
		}
		return sum
	case syntax.OpAlternate:
		chance := 0.0
		for _, sub := range t.Sub {
			chance += math.Exp2(-treeBits(sub))
		}
		return -math.Log2(chance)
	case syntax.OpCapture:
		return treeBits(t.Sub[0])
	case syntax.OpStar:
		return -choice(t.Sub[0])
	case syntax.OpPlus:
		return treeBits(t.Sub[0]) - choice(t.Sub[0])
	case syntax.OpQuest:
		return -math.Log2(1 + math.Exp2(-treeBits(t.Sub[0])))
	case syntax.OpRepeat:
		b := float64(t.Min) * treeBits(t.Sub[0])
		if t.Max != t.Min {
			b -= choice(t.Sub[0])
		}
		return b
	}
	return 0
}

// maxChoice is the choice among the bytes of the window that a field looks at
// by default, in bits.
const maxChoice = 9

// choice is how many bits a free number of repetitions gives away: what follows
// may match behind any of them, each of which has the chance p of the one before.
func choice(t *syntax.Regexp) float64 {
	p := math.Exp2(-math.Max(0, treeBits(t)))
	if p >= 1 {
		return maxChoice
	}
	return math.Min(maxChoice, -math.Log2(1-p))
}

func classBytes(t *syntax.Regexp) (set [4]uint64) {
	for i := 0; i+1 < len(t.Rune); i += 2 {
		for r := t.Rune[i]; r <= min(t.Rune[i+1], 255); r++ {
			set[r>>6] |= 1 << (r & 63)
		}
	}
	return set
}

// First returns the sets of values that each of the first n bytes of a match
// can have. It stops where a match may end.
func (re *Regexp) First(n int) [][4]uint64 {
	var out [][4]uint64
	pcs := []uint32{uint32(re.prog.Start)}
	const all = syntax.EmptyOp(0xff)
	for range n {
		var set [4]uint64
		var next []uint32
		for _, pc := range re.closure(pcs, all) {
			inst := &re.prog.Inst[pc]
			if inst.Op == syntax.InstMatch {
				return out
			}
			collect(inst, &set)
			next = append(next, inst.Out)
		}
		if set == ([4]uint64{}) {
			return out
		}
		out = append(out, set)
		pcs = next
	}
	return out
}

// collect adds the bytes that an instruction accepts.
func collect(inst *syntax.Inst, set *[4]uint64) {
	add := func(lo, hi rune) {
		for r := lo; r <= min(hi, 255); r++ {
			set[r>>6] |= 1 << (r & 63)
		}
	}
	switch {
	case inst.Op == syntax.InstRuneAny:
		add(0, 255)
	case inst.Op == syntax.InstRuneAnyNotNL:
		add(0, '\n'-1)
		add('\n'+1, 255)
	case len(inst.Rune) == 1: // perhaps of either case
		for b := range rune(256) {
			if inst.MatchRune(b) {
				add(b, b)
			}
		}
	default:
		for i := 0; i+1 < len(inst.Rune); i += 2 {
			add(inst.Rune[i], inst.Rune[i+1])
		}
	}
}

// MinLen returns the fewest bytes of a match, at most 1<<16.
func (re *Regexp) MinLen() int { return min(treeLen(re.tree), 1<<16) }

func treeLen(t *syntax.Regexp) int {
	switch t.Op {
	case syntax.OpLiteral:
		return len(t.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpConcat:
		n := 0
		for _, sub := range t.Sub {
			n += treeLen(sub)
		}
		return n
	case syntax.OpAlternate:
		n := treeLen(t.Sub[0])
		for _, sub := range t.Sub[1:] {
			n = min(n, treeLen(sub))
		}
		return n
	case syntax.OpCapture, syntax.OpPlus:
		return treeLen(t.Sub[0])
	case syntax.OpRepeat:
		return t.Min * treeLen(t.Sub[0])
	}
	return 0
}
