package regex

import (
	"math"
	"math/bits"
	"regexp/syntax"
)

// Bits returns the bits that a match at a fixed place proves: random bytes match
// with a chance of at most 2^-Bits. Repetitions count as often as they must
// occur, less the choice of places that they give to what follows; alternatives
// count by the sum of their chances.
func (re *Regexp) Bits() float64 { return math.Max(0, treeBits(re.tree)) }

// Anchored reports whether the expression begins with ^ or \A.
func (re *Regexp) Anchored() bool {
	t := re.tree
	for t.Op == syntax.OpConcat || t.Op == syntax.OpCapture {
		t = t.Sub[0]
	}
	return t.Op == syntax.OpBeginText
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

func classBytes(t *syntax.Regexp) (set Set) {
	for i := 0; i+1 < len(t.Rune); i += 2 {
		for r := t.Rune[i]; r <= min(t.Rune[i+1], 255); r++ {
			set[r>>6] |= 1 << (r & 63)
		}
	}
	return set
}

// Set is a set of byte values.
type Set = [4]uint64

// First returns the sets of values that each of the first n bytes of a match
// can have, n at most 63. It stops where a match may end.
func (re *Regexp) First(n int) []Set {
	h := head{sets: make([]Set, n)}
	end := bits.TrailingZeros64(h.over(re.tree, 1) | 1<<n)
	return h.sets[:end]
}

// head collects what the first bytes can be. A set of offsets is a word with a
// bit for each; that of len(sets) stands for all from there on.
type head struct{ sets []Set }

// over adds what t accepts from any of the offsets on, and returns the offsets
// at which it may end.
func (h *head) over(t *syntax.Regexp, starts uint64) (ends uint64) {
	switch t.Op {
	case syntax.OpNoMatch:
		return 0
	case syntax.OpLiteral:
		for _, r := range t.Rune {
			starts = h.accept(literal(r, t.Flags&syntax.FoldCase != 0), starts)
		}
		return starts
	case syntax.OpCharClass:
		return h.accept(classBytes(t), starts)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return h.accept(Set{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}, starts)
	case syntax.OpCapture:
		return h.over(t.Sub[0], starts)
	case syntax.OpStar:
		return h.times(t.Sub[0], starts, 0, -1)
	case syntax.OpPlus:
		return h.times(t.Sub[0], starts, 1, -1)
	case syntax.OpQuest:
		return h.times(t.Sub[0], starts, 0, 1)
	case syntax.OpRepeat:
		return h.times(t.Sub[0], starts, t.Min, t.Max)
	case syntax.OpConcat:
		for _, sub := range t.Sub {
			starts = h.over(sub, starts)
		}
		return starts
	case syntax.OpAlternate:
		for _, sub := range t.Sub {
			ends |= h.over(sub, starts)
		}
		return ends
	}
	return starts // an assertion, which takes no byte
}

// times is over for least to most repetitions, most below 0 for any number.
func (h *head) times(t *syntax.Regexp, starts uint64, least, most int) (ends uint64) {
	beyond := uint64(1) << len(h.sets)
	n := 0
	for ; n < least && starts != beyond; n++ {
		starts = h.over(t, starts)
	}
	ends = starts
	for ; most < 0 || n < most; n++ {
		starts = h.over(t, starts) &^ ends
		if starts == 0 {
			break
		}
		ends |= starts
	}
	return ends
}

// accept moves over a byte of a set.
func (h *head) accept(set Set, starts uint64) (ends uint64) {
	for i := range h.sets {
		if starts&(1<<i) != 0 {
			for w := range set {
				h.sets[i][w] |= set[w]
			}
		}
	}
	beyond := uint64(1) << len(h.sets)
	return starts<<1&(beyond<<1-1) | starts&beyond
}

func literal(r rune, fold bool) (set Set) {
	if r > 255 {
		return set
	}
	set[r>>6] |= 1 << (r & 63)
	if l := r | 0x20; fold && l >= 'a' && l <= 'z' {
		r ^= 0x20
		set[r>>6] |= 1 << (r & 63)
	}
	return set
}

// size estimates the instructions that a tree takes.
func size(t *syntax.Regexp) int {
	n := 1 + len(t.Rune)/2
	if t.Op == syntax.OpLiteral {
		n = len(t.Rune)
	}
	for _, sub := range t.Sub {
		n += size(sub)
		if n > maxInst {
			return n
		}
	}
	if t.Op == syntax.OpRepeat {
		n *= max(t.Min, t.Max, 1)
	}
	return n
}

// collect adds the bytes that an instruction accepts.
func collect(inst *syntax.Inst, set *Set) {
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
