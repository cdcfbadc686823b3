package regex

import "regexp/syntax"

// Find fills spans with the begin and end of each group of the match of
// length n at the start of b, as Match found it; -1 where a group took no part.
// spans has two entries a group. work is reused memory, returned grown.
func (re *Regexp) Find(b []byte, n int, spans []int, work []uint64) []uint64 {
	re.once.Do(re.prepare)
	for i := range spans {
		spans[i] = -1
	}
	words := (len(re.prog.Inst)*(n+1) + 63) / 64
	if cap(work) < words {
		work = make([]uint64, words)
	}
	work = work[:words]
	clear(work)
	f := finder{re: re, b: b, n: n, spans: spans, visited: work}
	f.run(uint32(re.prog.Start), 0)
	return work
}

// finder backtracks over the bytes of a known match; visited bounds the work to
// one visit per instruction and offset.
type finder struct {
	re      *Regexp
	b       []byte
	n       int
	spans   []int
	visited []uint64
}

func (f *finder) context(i int) syntax.EmptyOp {
	before, after := rune(-1), rune(-1)
	if i > 0 {
		before = rune(f.b[i-1])
	}
	if i < len(f.b) {
		after = rune(f.b[i])
	}
	return syntax.EmptyOpContext(before, after)
}

func (f *finder) run(pc uint32, i int) bool {
	for {
		bit := int(pc)*(f.n+1) + i
		if f.visited[bit/64]&(1<<(bit%64)) != 0 {
			return false
		}
		f.visited[bit/64] |= 1 << (bit % 64)
		inst := &f.re.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstMatch:
			return i == f.n
		case syntax.InstFail:
			return false
		case syntax.InstAlt, syntax.InstAltMatch:
			if f.run(inst.Out, i) {
				return true
			}
			pc = inst.Arg
		case syntax.InstNop:
			pc = inst.Out
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^f.context(i) != 0 {
				return false
			}
			pc = inst.Out
		case syntax.InstCapture:
			slot := int(inst.Arg)
			if slot >= len(f.spans) {
				pc = inst.Out
				continue
			}
			old := f.spans[slot]
			f.spans[slot] = i
			if f.run(inst.Out, i) {
				return true
			}
			f.spans[slot] = old
			return false
		default:
			if i == f.n || !accepts(inst, f.b[i]) {
				return false
			}
			pc = inst.Out
			i++
		}
	}
}
