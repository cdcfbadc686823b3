package lang

import (
	"fmt"
	"slices"
	"sort"
	"strings"
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
	// Min is the fewest bytes with which the layout can decide, up to sure and
	// to at most PrefixLen.
	Min int
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

type variable struct {
	name  string
	slot  int
	typ   Type
	width int // bits
	used  bool
	let   bool
	tag   bool
	pos   Pos
	field *Field
}

type memoryUse struct {
	m   *Memory
	typ Type // Headers: none
	pos Pos
}

// postpone asks for the unit to be compiled after the others: it recalls a
// value whose type is not known yet.
type postpone struct{ name token }

type parser struct {
	env    *Env
	toks   []token
	i      int
	vars   map[string]*variable
	list   []*variable
	slots  int
	depth  int
	blocks int // depth of blocks
	within int // depth of within blocks
	framed bool
	uses   []memoryUse
	errs   []*Error
}

// Compile reads the layouts of one protocol. On any mistake it returns Errors.
func Compile(env Env, units []Unit) (*Program, error) {
	prog := &Program{Layouts: make([]*Layout, len(units))}
	var errs Errors
	var uses []memoryUse
	todo := make([]int, len(units))
	for i := range units {
		todo[i] = i
	}
	unitOf := map[int]int{}
	for len(todo) > 0 {
		var later []int
		var why []*Error
		for _, i := range todo {
			l, u, es, wait := compile(&env, units[i])
			if wait != nil {
				later = append(later, i)
				why = append(why, &Error{i, wait.name.pos, "nothing is remembered as " + wait.name.text})
				continue
			}
			prog.Layouts[i] = l
			for range u {
				unitOf[len(unitOf)] = i
			}
			uses = append(uses, u...)
			for _, e := range es {
				e.Unit = i
				errs = append(errs, e)
			}
		}
		if len(later) == len(todo) {
			errs = append(errs, why...)
			break
		}
		todo = later
	}
	for k, u := range uses {
		switch {
		case !u.m.typed:
			errs = append(errs, &Error{unitOf[k], u.pos, "nothing is remembered as " + u.m.Name})
		case u.typ != Headers && u.typ != u.m.Type:
			errs = append(errs, &Error{unitOf[k], u.pos, fmt.Sprintf("%s is remembered as %s", u.m.Name, u.m.Type)})
		}
	}
	if len(errs) > 0 {
		sort.SliceStable(errs, func(i, j int) bool {
			a, b := errs[i], errs[j]
			if a.Unit != b.Unit {
				return a.Unit < b.Unit
			}
			return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
		})
		return nil, errs
	}
	prog.Memories = env.memories
	return prog, nil
}

func compile(env *Env, u Unit) (l *Layout, uses []memoryUse, errs []*Error, wait *postpone) {
	toks, err := lex(u.Text)
	if err != nil {
		return nil, nil, []*Error{err}, nil
	}
	p := &parser{env: env, toks: toks, vars: map[string]*variable{}}
	defer func() {
		if r := recover(); r != nil {
			w, ok := r.(postpone)
			if !ok {
				panic(r)
			}
			l, uses, errs, wait = nil, nil, nil, &w
		}
	}()
	l = &Layout{Name: u.Name, Text: u.Text}
	for p.tok().kind != tEOF {
		l.Body = append(l.Body, p.statements()...)
	}
	if len(l.Body) == 0 && len(p.errs) == 0 {
		p.errs = append(p.errs, &Error{Pos: Pos{1, 1}, Msg: "the layout is empty"})
	}
	p.finish()
	l.Slots = p.slots
	l.Names = make([]string, p.slots)
	for _, v := range p.list {
		l.Names[v.slot] = v.name
	}
	if len(p.errs) == 0 && !analyse(l, env.Open) {
		p.errs = append(p.errs, &Error{Pos: l.Body[0].Position(), Msg: "nothing can match this layout: its constraints exclude each other"})
	}
	return l, p.uses, p.errs, nil
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

func (p *parser) tok() token { return p.toks[p.i] }

func (p *parser) next() token {
	t := p.toks[p.i]
	if t.kind != tEOF {
		p.i++
	}
	return t
}

func (p *parser) op(text string) bool {
	t := p.tok()
	return t.kind == tOp && t.text == text
}

func (p *parser) accept(text string) bool {
	t := p.tok()
	if (t.kind == tOp || t.kind == tIdent) && t.text == text {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		fail(p.tok().pos, "%s is wanted, not %s", text, p.tok().describe())
	}
}

func (p *parser) ident(what string) token {
	t := p.next()
	if t.kind != tIdent {
		fail(t.pos, "%s is wanted, not %s", what, t.describe())
	}
	return t
}

// label reads a name that may have hyphens and begin with a digit: protocols
// and attributes.
func (p *parser) label(what string) string {
	t := p.next()
	if t.kind == tString {
		return t.text
	}
	if t.kind != tIdent && t.kind != tWord {
		fail(t.pos, "%s is wanted, not %s", what, t.describe())
	}
	s := t.text
	for {
		n := p.tok()
		if !n.glued || n.kind != tOp && n.kind != tIdent && n.kind != tWord && n.kind != tInt || n.kind == tOp && n.text != "-" {
			return s
		}
		s += p.next().text
	}
}

func (t token) describe() string {
	switch t.kind {
	case tEOF:
		return "the end"
	case tNewline:
		return "the line's end"
	case tIndent:
		return "indentation"
	case tDedent:
		return "the block's end"
	case tString:
		return fmt.Sprintf("%q", t.text)
	case tRegex:
		return "/" + t.text + "/"
	}
	return t.text
}

func (p *parser) needSized(pos Pos, what string) {
	if !p.env.Sized {
		fail(pos, "%s has no meaning in a stream before frame", what)
	}
}

// needRegion checks that the region's end is known.
func (p *parser) needRegion(pos Pos, what string) {
	if p.within == 0 && !p.framed {
		p.needSized(pos, what)
	}
}

// define makes a slot for a name. A name may be given again in another block,
// with the same type.
func (p *parser) define(t token, typ Type, width int) *variable {
	name := t.text
	if v := p.vars[name]; v != nil {
		if v.typ != typ {
			fail(t.pos, "%s is %s already", name, v.typ)
		}
		v.width = max(v.width, width)
		return &variable{name: name, slot: v.slot, typ: typ, used: true, pos: t.pos}
	}
	v := &variable{name: name, slot: p.slots, typ: typ, width: width, pos: t.pos}
	p.slots++
	p.vars[name] = v
	p.list = append(p.list, v)
	return v
}

func (p *parser) names() []string {
	names := []string{"pos", "remaining", "size"}
	for n := range p.vars {
		names = append(names, n)
	}
	for n := range constants {
		names = append(names, n)
	}
	return names
}

// suggest returns ", did you mean X?" for the candidate nearest to a wrong word.
func suggest(word string, from []string) string {
	slices.Sort(from)
	best, bestDist := "", 3
	for _, c := range from {
		if d := distance(word, c); d < bestDist && d < len(word) {
			best, bestDist = c, d
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + best + "?"
}

// distance is the edit distance of two short words.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diag, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diag+cost)
		}
	}
	return row[len(b)]
}
