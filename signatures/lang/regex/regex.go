// Package regex matches regular expressions against bytes that may not all be
// there yet.
//
// The syntax is RE2's (regexp/syntax), read over single bytes: a byte is the
// character of the same number, so that \xff is the byte FF and [^\r\n] any
// byte but two. Matching is leftmost-first as in package regexp, by an automaton
// that is built while it runs; it costs a table look-up a byte and never
// backtracks. Unlike package regexp it can say "undecided": what is there fits,
// and more bytes may change the answer.
package regex

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"sync"
	"sync/atomic"
)

// Limits of a compiled expression and of its automaton.
const (
	maxInst   = 4000
	maxStates = 512
)

// Regexp is a compiled expression; it is safe for concurrent use.
type Regexp struct {
	src    string
	tree   *syntax.Regexp
	groups []string
	search bool

	// The automaton is made on first use.
	once     sync.Once
	prog     *syntax.Prog
	classes  [256]uint8 // byte -> class
	nclasses int
	anyOf    []byte // class -> one byte of it
	mu       sync.Mutex
	cache    map[string]*state
	scratch  scratch
	start    atomic.Pointer[state]
}

// Status is the answer of Match.
type Status uint8

// The answers.
const (
	No        Status = iota
	Yes              // matched, and no further byte can change it
	Undecided        // more bytes are wanted
)

// Compile reads an expression. With fold, letters match either case; with
// dotNL, a dot matches LF.
func Compile(expr string, fold, dotNL bool) (*Regexp, error) {
	flags := syntax.Perl
	if fold {
		flags |= syntax.FoldCase
	}
	if dotNL {
		flags |= syntax.DotNL
	}
	tree, err := syntax.Parse(expr, flags)
	if err != nil {
		return nil, fmt.Errorf("regular expression: %w", err)
	}
	if size(tree) > maxInst {
		return nil, errors.New("regular expression is too large")
	}
	return &Regexp{src: expr, tree: tree, groups: tree.CapNames()}, nil
}

// Search returns an expression that matches anywhere in its input, for Test.
func (re *Regexp) Search() *Regexp {
	return &Regexp{src: re.src, tree: re.tree, groups: re.groups, search: true}
}

func (re *Regexp) String() string { return re.src }

// Groups are the names of the groups; index 0 is the whole match, unnamed
// groups are "".
func (re *Regexp) Groups() []string { return re.groups }

// prepare makes the program.
func (re *Regexp) prepare() {
	prog, err := syntax.Compile(re.tree.Simplify())
	if err != nil {
		// Compile has no way to fail on a tree that was parsed; should it find one,
		// nothing matches.
		prog = &syntax.Prog{Inst: []syntax.Inst{{Op: syntax.InstFail}}}
	}
	re.prog = prog
	re.classify()
}

// classify splits the bytes into classes that no instruction tells apart.
func (re *Regexp) classify() {
	sig := [256]uint64{} // hash of the instructions that accept the byte
	for i := range re.prog.Inst {
		inst := &re.prog.Inst[i]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			var set [4]uint64
			collect(inst, &set)
			for b := range 256 {
				if set[b>>6]&(1<<(b&63)) != 0 {
					sig[b] = (sig[b] + uint64(i) + 1) * 0x9E3779B97F4A7C15
				}
			}
		}
	}
	seen := map[[2]uint64]uint8{}
	for b := range 256 {
		kind := uint64(0)
		if b == '\n' {
			kind = 1
		} else if syntax.IsWordChar(rune(b)) {
			kind = 2
		}
		key := [2]uint64{sig[b], kind}
		c, ok := seen[key]
		if !ok {
			c = uint8(len(seen))
			seen[key] = c
			re.anyOf = append(re.anyOf, byte(b))
		}
		re.classes[b] = c
	}
	re.nclasses = len(seen)
}

func accepts(inst *syntax.Inst, b byte) bool {
	switch inst.Op {
	case syntax.InstRune, syntax.InstRune1:
		return inst.MatchRune(rune(b))
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return b != '\n'
	}
	return false
}

// Match matches the expression at the start of b. It returns the match's
// length. complete says that b is all that there will ever be; without it the
// answer may be Undecided.
func (re *Regexp) Match(b []byte, complete bool) (int, Status) {
	last, n := -1, 0
	s := re.initial()
	for {
		if s.final {
			return n, Yes
		}
		if n == len(b) {
			break
		}
		t := re.step(s, b[n])
		if t.matched {
			last = n
		}
		if t.next == nil {
			return result(last)
		}
		s = t.next
		n++
	}
	if !complete {
		return 0, Undecided
	}
	if s.atEnd {
		last = n
	}
	return result(last)
}

func result(n int) (int, Status) {
	if n < 0 {
		return 0, No
	}
	return n, Yes
}

// Test reports whether b, complete, contains a match; re must come from Search.
func (re *Regexp) Test(b []byte) bool {
	s := re.initial()
	for _, c := range b {
		if s.final || s.accept {
			return true
		}
		t := re.step(s, c)
		if t.matched {
			return true
		}
		if t.next == nil {
			return false
		}
		s = t.next
	}
	return s.final || s.accept || s.atEnd
}
