package lang

// The statements that remember and report.

func (p *parser) remember(pos Pos) Stmt {
	e := p.expr()
	p.expect("as")
	name := p.ident("a name")
	if e.Type != Int && e.Type != Bytes {
		fail(e.Pos, "%s can't be remembered", e.Type)
	}
	m := p.env.memory(name.text)
	if m.typed && m.Type != e.Type {
		fail(name.pos, "%s is remembered as %s elsewhere", name.text, m.Type)
	}
	m.Type, m.typed = e.Type, true
	return &Remember{Pos: pos, Expr: e, Memory: m.Index}
}

func (p *parser) answers(pos Pos) Stmt {
	name := p.ident("a remembered name")
	m := p.env.memory(name.text)
	p.expect("==")
	e := p.expr()
	p.uses = append(p.uses, memoryUse{m: m, typ: e.Type, pos: name.pos})
	return &Answers{Pos: pos, Expr: e, Memory: m.Index}
}

func (p *parser) payload(pos Pos) Stmt {
	s := &Payload{Pos: pos}
	if !p.rest() {
		s.Length = p.size()
	}
	for {
		switch {
		case p.accept("stream"):
			s.Stream = true
		case p.accept("channel"):
			s.Channel = p.size()
		case p.accept("as"):
			s.Protocols = p.labels()
		default:
			return s
		}
	}
}

func (p *parser) labels() []string {
	names := []string{p.label("a protocol")}
	for p.accept(",") {
		names = append(names, p.label("a protocol"))
	}
	return names
}

// via reads "via TABLE".
func (p *parser) via() *Table {
	if !p.accept("via") {
		return nil
	}
	t := p.next()
	table := p.env.Tables[t.text]
	if table == nil {
		var names []string
		for n := range p.env.Tables {
			names = append(names, n)
		}
		fail(t.pos, "unknown table %s%s", t.text, suggest(t.text, names))
	}
	return table
}

func (p *parser) layer(pos Pos) Stmt {
	s := &Layer{Pos: pos, Expr: p.expr()}
	s.Via = p.via()
	if s.Via == nil {
		mustBe(s.Expr, Bytes)
	}
	if p.accept("else") {
		if s.Via == nil {
			fail(pos, "else goes with via")
		}
		s.Else = p.typed(p.expr(), Bytes)
	}
	return s
}

func (p *parser) become(pos Pos) Stmt {
	s := &Become{Pos: pos}
	for {
		switch {
		case p.accept("onesided"):
			s.OneSided = true
		case p.accept("messages"):
			s.Messages = true
		default:
			return s
		}
	}
}

func (p *parser) expectation(pos Pos) Stmt {
	t := p.ident("tcp or udp")
	if t.text != "tcp" && t.text != "udp" {
		fail(t.pos, "tcp or udp is wanted, not %s", t.text)
	}
	s := &Expect{Pos: pos, Transport: t.text, Port: p.size()}
	if p.accept("at") {
		s.Host = p.typed(p.expr(), Bytes)
	}
	p.expect("as")
	s.Protocols = p.labels()
	s.Opaque = p.accept("opaque")
	if p.accept("for") {
		s.Seconds = p.number(1, 86400)
	}
	return s
}

func (p *parser) attr(pos Pos) Stmt {
	s := &Attr{Pos: pos, Name: p.label("an attribute")}
	p.expect("=")
	s.Expr = p.expr()
	if s.Expr.Type == Headers {
		fail(s.Expr.Pos, "headers are no attribute")
	}
	s.Via = p.via()
	return s
}
