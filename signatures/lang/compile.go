package lang

import (
	"cmp"
	"slices"
)

// Unit is one layout to be compiled.
type Unit struct{ Name, Text string }

// Env is what the layouts of one protocol share.
type Env struct {
	// Tables are those that "via" may name.
	Tables map[string]*Table
	// Sized says that some carrier delimits messages, so that a layout may ask
	// for the message's size.
	Sized bool
	// Open says that some carrier is a byte stream, so that a frame is not
	// checked against the message's size.
	Open bool

	memories []*Memory
}

// Memory is a name under which values are remembered.
type Memory struct {
	Name  string
	Index int
	Type  Type
	typed bool // some remember was read
}

func (e *Env) memory(name string) *Memory {
	for _, m := range e.memories {
		if m.Name == name {
			return m
		}
	}
	m := &Memory{Name: name, Index: len(e.memories)}
	e.memories = append(e.memories, m)
	return m
}

// Layout is a compiled layout.
type Layout struct {
	Name, Text string
	Body       []Stmt
	// Slots is how many values the layout keeps; Names are their names.
	Slots int
	Names []string
	// Bits is the least that a match proves.
	Bits Bits
	// Least is the fewest bytes of a match, up to sure; Min is the same, but at
	// most 16: with so many a stream's message is worth a try.
	Least, Min int
	// Most is the most bytes of a delimited message, 0 for any number.
	Most int
	// Rows are the values that the first bytes of a message can have: one of
	// them must fit. Empty means anything.
	Rows []Row
}

// Head returns what each of the first bytes can be in any row; nil permits all.
func (l *Layout) Head() (head [PrefixLen]*Set) {
	for i, r := range l.Rows {
		for j := range head {
			if i == 0 {
				head[j] = r.Prefix[j]
			} else {
				head[j] = head[j].or(r.Prefix[j])
			}
		}
	}
	return head
}

// Program is a compiled protocol.
type Program struct {
	Layouts []*Layout
	// Memories are the names of remembered values.
	Memories []*Memory
}

// compiler compiles the layouts of one protocol, which share what is remembered.
type compiler struct {
	env  *Env
	prog *Program
	toks []token // memory for one layout's tokens
	uses []memoryUse
	errs Errors
}

// Compile reads the layouts of one protocol. On any mistake it returns [Errors].
func Compile(env Env, units []Unit) (*Program, error) {
	c := &compiler{env: &env, prog: &Program{Layouts: make([]*Layout, len(units))}}
	todo := make([]int, len(units))
	for i := range units {
		todo[i] = i
	}
	// A layout that recalls a value waits for the one that remembers it.
	for len(todo) > 0 {
		var later []int
		var missing Errors
		for _, i := range todo {
			if why := c.layout(i, units[i]); why != nil {
				later = append(later, i)
				missing = append(missing, why)
			}
		}
		if len(later) == len(todo) {
			c.errs = append(c.errs, missing...)
			break
		}
		todo = later
	}
	c.checkUses()
	if len(c.errs) > 0 {
		slices.SortStableFunc(c.errs, func(a, b *Error) int {
			return cmp.Or(cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, c.errs
	}
	c.prog.Memories = env.memories
	return c.prog, nil
}

// checkUses tests references to remembered values, once all types are known.
func (c *compiler) checkUses() {
	for _, u := range c.uses {
		switch {
		case !u.m.typed:
			c.errs = append(c.errs, &Error{u.unit, u.pos, "nothing is remembered as " + u.m.Name})
		case u.typ != Headers && u.typ != u.m.Type:
			c.errs = append(c.errs, &Error{u.unit, u.pos, u.m.Name + " is remembered as " + u.m.Type.String()})
		}
	}
}

// layout compiles one layout. It returns the reason when the layout must wait
// for another one.
func (c *compiler) layout(i int, u Unit) (missing *Error) {
	toks, err := lex(u.Text, c.toks)
	c.toks = toks
	if err != nil {
		err.Unit = i
		c.errs = append(c.errs, err)
		return nil
	}
	p := &parser{env: c.env, toks: toks, vars: map[string]*variable{}}
	defer func() {
		if r := recover(); r != nil {
			wait, ok := r.(postpone)
			if !ok {
				panic(r)
			}
			missing = &Error{i, wait.name.pos, "nothing is remembered as " + wait.name.text}
		}
	}()
	l := p.layout(u)
	for _, e := range p.errs {
		e.Unit = i
	}
	for k := range p.uses {
		p.uses[k].unit = i
	}
	c.errs = append(c.errs, p.errs...)
	c.uses = append(c.uses, p.uses...)
	c.prog.Layouts[i] = l
	return nil
}

// layout parses and measures a layout; p.errs has its mistakes.
func (p *parser) layout(u Unit) *Layout {
	l := &Layout{Name: u.Name, Text: u.Text}
	for p.tok().kind != tEOF {
		l.Body = append(l.Body, p.statements()...)
	}
	if len(l.Body) == 0 && len(p.errs) == 0 {
		p.errs = append(p.errs, &Error{Pos: Pos{1, 1}, Msg: "the layout is empty"})
	}
	p.unreached(l.Body)
	p.finish()
	l.Slots = p.slots
	l.Names = make([]string, p.slots)
	for _, v := range p.list {
		l.Names[v.slot] = v.name
	}
	if len(p.errs) == 0 && !analyse(l, p.env.Open) {
		p.errs = append(p.errs, &Error{Pos: l.Body[0].Position(), Msg: "nothing can match this layout: its constraints exclude each other"})
	}
	return l
}

// unreached reports statements behind stop.
func (p *parser) unreached(body []Stmt) {
	for i, s := range body {
		switch s := s.(type) {
		case *Stop:
			if i+1 < len(body) {
				p.errs = append(p.errs, &Error{Pos: body[i+1].Position(), Msg: "this is never reached: stop stands before it"})
			}
			return
		case *When:
			p.unreached(s.Then)
			p.unreached(s.Else)
		case *Either:
			for _, b := range s.Blocks {
				p.unreached(b)
			}
		case *Optional:
			p.unreached(s.Body)
		case *Repeat:
			p.unreached(s.Body)
		case *Within:
			p.unreached(s.Body)
		}
	}
}

// finish drops the slots' bookkeeping that nobody needs and reports lets that
// nobody reads.
func (p *parser) finish() {
	for _, v := range p.list {
		switch {
		case v.let && !v.used:
			p.errs = append(p.errs, &Error{Pos: v.pos, Msg: "let " + v.name + " is never used"})
		case v.tag && !v.used:
			v.field.TagSlot = -1
		case v.field != nil && !v.tag && !v.used:
			v.field.Idle = v.field.Check == nil && v.field.Attr == ""
		}
	}
}
