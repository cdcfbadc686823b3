package lang

import "github.com/sniffid/sniffid/signatures/lang/regex"

// maxDepth bounds the nesting of expressions and blocks.
const maxDepth = 60

// Precedences, as in Go; not binds between and and the comparisons.
const (
	precOr = iota + 1
	precAnd
	precNot
	precCompare
	precAdd
	precMul
	precUnary
)

type operator struct {
	prec int
	op   Op // for integers
	text Op // for strings; 0 where there is none
}

var binaries = map[string]operator{
	"or": {precOr, OpEither, 0}, "and": {precAnd, OpBoth, 0},
	"==": {precCompare, OpEq, OpSame}, "!=": {precCompare, OpNe, OpDiffer},
	"<": {precCompare, OpLt, OpLess}, "<=": {precCompare, OpLe, OpLessEq},
	">": {precCompare, OpGt, OpLess}, ">=": {precCompare, OpGe, OpLessEq},
	"in": {precCompare, OpIn, OpOneOf}, "matches": {precCompare, OpMatch, OpMatch},
	"+": {precAdd, OpAdd, 0}, "-": {precAdd, OpSub, 0}, "|": {precAdd, OpOr, 0}, "^": {precAdd, OpXor, 0},
	"*": {precMul, OpMul, 0}, "/": {precMul, OpDiv, 0}, "%": {precMul, OpMod, 0},
	"&": {precMul, OpAnd, 0}, "<<": {precMul, OpShl, 0}, ">>": {precMul, OpShr, 0},
}

// expr parses a whole expression.
func (p *parser) expr() *Expr { return p.binary(p.unary(precOr), precOr) }

// size parses an expression without comparisons, as lengths are.
func (p *parser) size() *Expr {
	return p.typed(p.binary(p.unary(precAdd), precAdd), Int)
}

// binary continues an expression whose first operand is left, as long as
// operators of at least the precedence low follow.
func (p *parser) binary(left *Expr, low int) *Expr {
	for {
		t := p.tok()
		b, ok := binaries[t.text]
		if !ok || t.kind != tOp && t.kind != tIdent || b.prec < low {
			return left
		}
		p.next()
		switch b.op {
		case OpIn:
			left = p.in(left, t.pos)
		case OpMatch:
			left = p.matches(left, t.pos)
		default:
			right := p.binary(p.unary(b.prec+1), b.prec+1)
			left = combine(t, b, left, right)
		}
		if b.prec == precCompare {
			if n := p.tok(); n.kind == tOp || n.kind == tIdent {
				if m, ok := binaries[n.text]; ok && m.prec == precCompare {
					fail(n.pos, "comparisons can't be chained")
				}
			}
		}
	}
}

func combine(t token, b operator, left, right *Expr) *Expr {
	e := &Expr{Op: b.op, Pos: t.pos, A: left, B: right}
	switch b.prec {
	case precOr, precAnd:
		mustBe(left, Bool)
		mustBe(right, Bool)
		e.Type = Bool
		return e
	case precCompare:
		e.Type = Bool
		mustBe(right, left.Type)
		switch left.Type {
		case Bytes:
			e.Op = b.text
			if t.text == ">" || t.text == ">=" {
				e.A, e.B = right, left
			}
		case Int:
		default:
			fail(t.pos, "%s can't be compared", left.Type)
		}
		return e
	}
	mustBe(left, Int)
	mustBe(right, Int)
	e.Type = Int
	if right.Op == OpInt && right.N == 0 && (b.op == OpDiv || b.op == OpMod) {
		fail(t.pos, "division by zero")
	}
	return fold(e)
}

func mustBe(e *Expr, t Type) {
	if e.Type != t {
		fail(e.Pos, "this is %s, %s is wanted", e.Type, t)
	}
}

func (p *parser) typed(e *Expr, t Type) *Expr {
	mustBe(e, t)
	return e
}

func (p *parser) unary(low int) *Expr {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		fail(p.tok().pos, "expression is nested too deeply")
	}
	t := p.tok()
	switch {
	case t.kind == tIdent && t.text == "not" && low <= precNot:
		p.next()
		return &Expr{Op: OpFalse, Type: Bool, Pos: t.pos, A: p.typed(p.binary(p.unary(precNot), precCompare), Bool)}
	case t.kind == tOp && (t.text == "-" || t.text == "~"):
		p.next()
		op := OpNeg
		if t.text == "~" {
			op = OpNot
		}
		return fold(&Expr{Op: op, Type: Int, Pos: t.pos, A: p.typed(p.unary(precUnary), Int)})
	}
	return p.primary()
}

func (p *parser) primary() *Expr {
	t := p.next()
	switch t.kind {
	case tInt:
		return intConst(t.pos, t.num)
	case tString:
		return &Expr{Op: OpBytes, Type: Bytes, S: []byte(t.text), Pos: t.pos}
	case tOp:
		if t.text == "(" {
			e := p.expr()
			p.expect(")")
			return e
		}
	case tIdent:
		if n := p.tok(); n.kind == tOp && n.text == "(" && p.vars[t.text] == nil {
			return p.call(t)
		}
		return p.name(t)
	case tWord:
		fail(t.pos, "bad number %s", t.text)
	}
	fail(t.pos, "an expression is wanted, not %s", t.describe())
	return nil
}

// name resolves a name: fields and lets before the built-in values.
func (p *parser) name(t token) *Expr {
	if v := p.vars[t.text]; v != nil {
		v.used = true
		return &Expr{Op: OpSlot, Type: v.typ, N: uint64(v.slot), Pos: t.pos, Width: v.width}
	}
	switch t.text {
	case "pos":
		return &Expr{Op: OpPos, Type: Int, Pos: t.pos}
	case "remaining":
		p.needRegion(t.pos, "remaining")
		return &Expr{Op: OpRemaining, Type: Int, Pos: t.pos}
	case "size":
		if !p.framed {
			p.needSized(t.pos, "size")
		}
		return &Expr{Op: OpSize, Type: Int, Pos: t.pos}
	}
	if c, ok := constants[t.text]; ok {
		return &Expr{Op: OpCall, Type: c.result, Fn: c.fn, Pos: t.pos}
	}
	if _, ok := functions[t.text]; ok {
		fail(t.pos, "%s is a function: write %s(…)", t.text, t.text)
	}
	fail(t.pos, "unknown name %s%s", t.text, suggest(t.text, p.names()))
	return nil
}

// in parses the set after "in".
func (p *parser) in(left *Expr, pos Pos) *Expr {
	e := &Expr{Op: OpIn, Type: Bool, A: left, Pos: pos}
	if left.Type == Bytes {
		e.Op = OpOneOf
	} else {
		mustBe(left, Int)
	}
	p.expect("{")
	for !p.op("}") {
		if len(e.Ranges)+len(e.Args) > 0 {
			p.expect(",")
			if p.op("}") {
				break
			}
		}
		v := p.typed(p.binary(p.unary(precAdd), precAdd), left.Type)
		if left.Type == Bytes {
			e.Args = append(e.Args, v)
			continue
		}
		r := Range{Lo: v}
		if p.accept("..") {
			r.Hi = p.size()
			if r.Hi.Op == OpInt && v.Op == OpInt && r.Hi.N < v.N {
				fail(v.Pos, "the range is empty")
			}
		}
		e.Ranges = append(e.Ranges, r)
	}
	p.expect("}")
	if len(e.Ranges)+len(e.Args) == 0 {
		fail(pos, "the set is empty")
	}
	return e
}

func (p *parser) matches(left *Expr, pos Pos) *Expr {
	mustBe(left, Bytes)
	re := p.regex()
	return &Expr{Op: OpMatch, Type: Bool, A: left, Regex: re.Search(), Pos: pos}
}

func (p *parser) regex() *regex.Regexp {
	t := p.next()
	if t.kind != tRegex {
		fail(t.pos, "a regular expression /…/ is wanted, not %s", t.describe())
	}
	re, err := regex.Compile(t.text, t.num&flagFold != 0, t.num&flagDotNL != 0)
	if err != nil {
		fail(t.pos, "%v", err)
	}
	return re
}
