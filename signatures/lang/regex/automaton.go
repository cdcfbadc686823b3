package regex

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"sync/atomic"
)

// state is a set of threads in order of preference, before the empty-width
// steps, which wait for the next byte.
type state struct {
	pcs  []uint32
	prev int16 // class of what came before, as a byte; -1 at the beginning

	final  bool // the most preferred thread has matched: no byte changes it
	accept bool // some thread has matched whatever comes next
	atEnd  bool // a thread matches if nothing comes next

	next []atomic.Pointer[transition] // by class
}

// transition is the step over one byte. matched: a thread matched just before
// that byte; next is nil when no thread is left.
type transition struct {
	next    *state
	matched bool
}

func (re *Regexp) initial() *state {
	if s := re.start.Load(); s != nil {
		return s
	}
	re.once.Do(re.prepare)
	re.mu.Lock()
	defer re.mu.Unlock()
	s := re.intern([]uint32{uint32(re.prog.Start)}, -1)
	re.start.Store(s)
	return s
}

func (re *Regexp) step(s *state, b byte) *transition {
	c := re.classes[b]
	if t := s.next[c].Load(); t != nil {
		return t
	}
	re.mu.Lock()
	defer re.mu.Unlock()
	t := re.build(s, re.anyOf[c])
	s.next[c].Store(t)
	return t
}

// build computes the step of s over b, which stands for its whole class.
func (re *Regexp) build(s *state, b byte) *transition {
	list := re.closure(s.pcs, syntax.EmptyOpContext(rune(s.prev), rune(b)))
	t := &transition{}
	var pcs []uint32
	seen := map[uint32]bool{}
	add := func(pc uint32) {
		if !seen[pc] {
			seen[pc] = true
			pcs = append(pcs, pc)
		}
	}
	for _, pc := range list {
		inst := &re.prog.Inst[pc]
		if inst.Op == syntax.InstMatch {
			t.matched = true
			break
		}
		if accepts(inst, b) {
			add(inst.Out)
		}
	}
	if re.search && !t.matched {
		add(uint32(re.prog.Start))
	}
	if len(pcs) > 0 {
		t.next = re.intern(pcs, int16(b))
	}
	return t
}

// scratch is what the building of states uses again and again.
type scratch struct {
	threads, stack []uint32
	seen           []bool // by instruction
}

// closure follows the steps that take no byte, under the given conditions, and
// returns the threads that take one or match, most preferred first. They are
// valid until the next call.
func (re *Regexp) closure(pcs []uint32, flags syntax.EmptyOp) []uint32 {
	out, stack := re.scratch.threads[:0], re.scratch.stack
	if re.scratch.seen == nil {
		re.scratch.seen = make([]bool, len(re.prog.Inst))
	}
	seen := re.scratch.seen
	clear(seen)
	for _, root := range pcs {
		stack = append(stack[:0], root)
		for len(stack) > 0 {
			pc := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[pc] {
				continue
			}
			seen[pc] = true
			inst := &re.prog.Inst[pc]
			switch inst.Op {
			case syntax.InstAlt, syntax.InstAltMatch:
				stack = append(stack, inst.Arg, inst.Out)
			case syntax.InstNop, syntax.InstCapture:
				stack = append(stack, inst.Out)
			case syntax.InstEmptyWidth:
				if syntax.EmptyOp(inst.Arg)&^flags == 0 {
					stack = append(stack, inst.Out)
				}
			case syntax.InstFail:
			default:
				out = append(out, pc)
			}
		}
	}
	re.scratch.threads, re.scratch.stack = out, stack
	return out
}

// intern returns the one state with these threads.
func (re *Regexp) intern(pcs []uint32, prev int16) *state {
	// Only what kind of byte came before matters to the empty-width steps.
	switch {
	case prev < 0, prev == '\n':
	case syntax.IsWordChar(rune(prev)):
		prev = 'a'
	default:
		prev = ' '
	}
	raw := make([]byte, 0, 4*len(pcs)+1)
	for _, pc := range pcs {
		raw = binary.LittleEndian.AppendUint32(raw, pc)
	}
	key := string(append(raw, byte(prev+1)))
	if s, ok := re.cache[key]; ok {
		return s
	}
	if re.cache == nil || len(re.cache) >= maxStates {
		re.cache = make(map[string]*state)
		re.start.Store(nil) // old states die with their last user
	}
	s := &state{pcs: pcs, prev: prev, next: make([]atomic.Pointer[transition], re.nclasses)}
	before := syntax.EmptyOpContext(rune(prev), -1)
	end := re.closure(pcs, before)
	for _, pc := range end {
		s.atEnd = s.atEnd || re.prog.Inst[pc].Op == syntax.InstMatch
	}
	// Whatever comes next: only what is known from the byte before.
	sure := re.closure(pcs, before&(syntax.EmptyBeginText|syntax.EmptyBeginLine))
	at := slices.IndexFunc(sure, func(pc uint32) bool { return re.prog.Inst[pc].Op == syntax.InstMatch })
	s.accept = at >= 0
	s.final = at == 0 && !re.waits(pcs, before)
	re.cache[key] = s
	return s
}

// waits reports whether a thread before the first match depends on what comes
// next.
func (re *Regexp) waits(pcs []uint32, before syntax.EmptyOp) bool {
	const all = syntax.EmptyBeginLine | syntax.EmptyEndLine | syntax.EmptyBeginText |
		syntax.EmptyEndText | syntax.EmptyWordBoundary | syntax.EmptyNoWordBoundary
	known := before & (syntax.EmptyBeginText | syntax.EmptyBeginLine)
	possible := all &^ (syntax.EmptyBeginText | syntax.EmptyBeginLine)
	list := re.closure(pcs, known|possible)
	return len(list) == 0 || re.prog.Inst[list[0]].Op != syntax.InstMatch
}
