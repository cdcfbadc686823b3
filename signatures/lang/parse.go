package lang

import (
	"fmt"
	"slices"
	"strings"
)

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

// memoryUse is a reference to a remembered value, with the type that it wants.
type memoryUse struct {
	unit int
	m    *Memory
	typ  Type // Headers: any
	pos  Pos
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
	if t.kind == tString && t.text != "" && strings.Trim(strings.ToLower(t.text), "abcdefghijklmnopqrstuvwxyz0123456789_.-") == "" {
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
