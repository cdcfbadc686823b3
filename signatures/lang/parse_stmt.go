package lang

// statementParser returns the parser of the statement that begins with word, or
// nil. It is a function because blocks lead back to it. A field may still have
// such a name, see isField.
func statementParser(word string) func(*parser, Pos) Stmt {
	switch word {
	case "when":
		return (*parser).when
	case "either":
		return (*parser).either
	case "optional":
		return func(p *parser, pos Pos) Stmt { return &Optional{pos, p.block()} }
	case "repeat", "walk":
		return func(p *parser, pos Pos) Stmt { return p.loop(pos, word == "repeat") }
	case "within":
		return (*parser).withinBlock
	}
	return simpleStatements[word]
}

var simpleStatements = map[string]func(*parser, Pos) Stmt{
	"require":  func(p *parser, pos Pos) Stmt { return p.require(pos, true, false) },
	"reject":   func(p *parser, pos Pos) Stmt { return p.require(pos, false, false) },
	"verify":   func(p *parser, pos Pos) Stmt { return p.require(pos, true, true) },
	"let":      (*parser).let,
	"order":    (*parser).order,
	"frame":    (*parser).frame,
	"at":       func(p *parser, pos Pos) Stmt { return &Move{Pos: pos, Expr: p.size(), At: true} },
	"skip":     func(p *parser, pos Pos) Stmt { return &Move{Pos: pos, Expr: p.size()} },
	"align":    (*parser).align,
	"end":      (*parser).end,
	"sure":     func(_ *parser, pos Pos) Stmt { return &Sure{pos} },
	"stop":     func(_ *parser, pos Pos) Stmt { return &Stop{pos} },
	"remember": (*parser).remember,
	"answers":  (*parser).answers,
	"payload":  (*parser).payload,
	"layer":    (*parser).layer,
	"become":   (*parser).become,
	"expect":   (*parser).expectation,
	"attr":     (*parser).attr,
	"gssapi":   func(p *parser, pos Pos) Stmt { return &GSSAPI{pos, p.typed(p.expr(), Bytes)} },
	"magic":    func(p *parser, pos Pos) Stmt { return p.magicField(pos) },
}

// statements parses one line and the blocks below it. After a mistake it goes
// on at the next line.
func (p *parser) statements() (out []Stmt) {
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bailout)
			if !ok {
				panic(r)
			}
			p.errs = append(p.errs, b.err)
			p.recover()
		}
	}()
	t := p.next()
	switch {
	case t.kind == tIndent:
		fail(t.pos, "this line is indented, and the line before does not end in a colon")
	case t.kind != tIdent:
		fail(t.pos, "a statement is wanted, not %s", t.describe())
	}
	var s Stmt
	if p.isField(t) {
		s = p.field(t)
	} else if parse := statementParser(t.text); parse != nil {
		s = parse(p, t.pos)
	} else if t.text == "else" || t.text == "or" {
		fail(t.pos, "%s without its block before", t.text)
	} else if _, ok := fieldTypes[t.text]; ok {
		fail(t.pos, "a field needs a name: write _ %s for one without", t.text)
	} else {
		fail(t.pos, "unknown statement or type: a line is NAME TYPE, or a statement%s", p.suggestion(t))
	}
	if last := p.toks[p.i-1]; last.kind != tDedent && last.kind != tNewline {
		if n := p.tok(); n.kind != tNewline {
			fail(n.pos, "unexpected %s", n.describe())
		}
		p.next()
	}
	return append(out, s)
}

func (p *parser) suggestion(t token) string {
	if n := p.tok(); n.kind == tIdent {
		var types []string
		for name := range fieldTypes {
			types = append(types, name)
		}
		if s := suggest(n.text, types); s != "" {
			return s
		}
	}
	words := []string{"when", "either", "optional", "repeat", "walk", "within"}
	for w := range simpleStatements {
		words = append(words, w)
	}
	return suggest(t.text, words)
}

// recover skips the rest of a bad line, the block below it and its other
// branches.
func (p *parser) recover() {
	for p.skipBlock() {
		t := p.tok()
		if t.kind != tIdent || t.text != "else" && t.text != "or" {
			return
		}
	}
}

// skipBlock skips a line's rest and the block below it; it reports whether
// there was a block.
func (p *parser) skipBlock() bool {
	if p.i > 0 && p.toks[p.i-1].kind != tNewline {
		for k := p.tok().kind; k != tNewline && k != tEOF && k != tDedent; k = p.tok().kind {
			p.next()
		}
		if p.tok().kind == tNewline {
			p.next()
		}
	}
	if p.tok().kind != tIndent {
		return false
	}
	for depth := 0; p.tok().kind != tEOF; {
		switch p.next().kind {
		case tIndent:
			depth++
		case tDedent:
			depth--
		}
		if depth <= 0 {
			return true
		}
	}
	return false
}

// isField reports whether the line that begins with t is a field: its second
// word is a type that is not called as a function.
func (p *parser) isField(t token) bool {
	n := p.tok()
	if n.kind != tIdent {
		return false
	}
	if _, ok := fieldTypes[n.text]; !ok {
		return false
	}
	if statementParser(t.text) == nil {
		return true
	}
	after := p.toks[p.i+1]
	if after.kind == tOp && after.text == "(" {
		return false
	}
	// "skip u8" may read a field's name or make one: a field of that name decides.
	return p.vars[n.text] == nil
}

// block parses ":" and the indented statements below.
func (p *parser) block() []Stmt {
	p.expect(":")
	if t := p.next(); t.kind != tNewline {
		fail(t.pos, "a block begins on the next line")
	}
	if t := p.tok(); t.kind != tIndent {
		fail(t.pos, "an indented block is wanted")
	}
	p.next()
	p.blocks++
	defer func() { p.blocks-- }()
	if p.blocks > maxDepth {
		fail(p.tok().pos, "blocks are nested too deeply")
	}
	var out []Stmt
	for p.tok().kind != tDedent && p.tok().kind != tEOF {
		out = append(out, p.statements()...)
	}
	if p.tok().kind == tDedent {
		p.next()
	}
	return out
}

func (p *parser) when(pos Pos) Stmt {
	s := &When{Pos: pos, Cond: p.typed(p.expr(), Bool)}
	s.Then = p.block()
	if t := p.tok(); t.kind == tIdent && t.text == "else" {
		p.next()
		s.Else = p.block()
	}
	return s
}

func (p *parser) either(pos Pos) Stmt {
	s := &Either{Pos: pos}
	s.Blocks = append(s.Blocks, p.block())
	for t := p.tok(); t.kind == tIdent && t.text == "or"; t = p.tok() {
		p.next()
		s.Blocks = append(s.Blocks, p.block())
	}
	if len(s.Blocks) < 2 {
		fail(pos, "either needs an or: block")
	}
	return s
}

func (p *parser) loop(pos Pos, counted bool) Stmt {
	s := &Repeat{Pos: pos, Max: 64}
	if counted {
		s.Count = p.size()
	} else {
		p.needRegion(pos, "walk")
	}
	if p.accept("max") {
		s.Max = p.number(1, 4096)
	}
	s.Body = p.block()
	return s
}

func (p *parser) withinBlock(pos Pos) Stmt {
	s := &Within{Pos: pos, Length: p.size()}
	p.within++
	defer func() { p.within-- }()
	s.Body = p.block()
	return s
}

// number reads a constant between lo and hi.
func (p *parser) number(lo, hi uint64) int {
	t := p.next()
	if t.kind != tInt {
		fail(t.pos, "a number is wanted, not %s", t.describe())
	}
	if t.num < lo || t.num > hi {
		fail(t.pos, "%d is not between %d and %d", t.num, lo, hi)
	}
	return int(t.num)
}

func (p *parser) require(pos Pos, want, verify bool) Stmt {
	return &Require{Pos: pos, Expr: p.typed(p.expr(), Bool), Want: want, Verify: verify}
}

func (p *parser) let(pos Pos) Stmt {
	name := p.ident("a name")
	p.expect("=")
	e := p.expr()
	if e.Type == Headers {
		fail(e.Pos, "headers can't be given another name")
	}
	v := p.define(name, e.Type, exprWidth(e))
	v.let = true
	return &Let{Pos: pos, Name: name.text, Slot: v.slot, Expr: e}
}

func (p *parser) byteOrder() Order {
	t := p.ident("little or big")
	switch t.text {
	case "little":
		return Little
	case "big":
		return Big
	}
	fail(t.pos, "little or big is wanted, not %s", t.text)
	return Big
}

func (p *parser) order(pos Pos) Stmt {
	s := &SetOrder{Pos: pos, First: p.byteOrder()}
	if p.accept("if") {
		s.Cond = p.typed(p.expr(), Bool)
		p.expect("else")
		s.Second = p.byteOrder()
	}
	return s
}

func (p *parser) frame(pos Pos) Stmt {
	s := &Frame{Pos: pos, Expr: p.size()}
	s.Within = p.accept("within")
	p.framed = true
	return s
}

func (p *parser) align(pos Pos) Stmt { return &Move{Pos: pos, Align: p.number(2, 4096)} }

func (p *parser) end(pos Pos) Stmt {
	p.needRegion(pos, "end")
	return &End{pos}
}

// rest reports whether the word rest follows, and reads it.
func (p *parser) rest() bool {
	t := p.tok()
	if t.kind != tIdent || t.text != "rest" || p.vars["rest"] != nil {
		return false
	}
	p.needRegion(t.pos, "rest")
	p.next()
	return true
}
