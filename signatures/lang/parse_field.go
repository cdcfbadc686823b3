package lang

// field parses the rest of a field's line; name has been read.
func (p *parser) field(name token) Stmt {
	t := p.next()
	typ := fieldTypes[t.text]
	f := &Field{
		Pos: name.pos, Name: name.text, Slot: -1, TagSlot: -1,
		Kind: typ.kind, Width: typ.width, Order: typ.order, Max: typ.max, Type: typ.typ,
	}
	p.arguments(f, t)
	if typ.max > 0 && p.accept("max") {
		f.Max = p.number(1, maxMax)
	}
	p.place(f, name)
	return f
}

// magicField is a magic without a name.
func (p *parser) magicField(pos Pos) Stmt {
	f := &Field{Pos: pos, Slot: -1, TagSlot: -1, Kind: Magic, Type: Bytes}
	p.magic(f)
	p.place(f, token{kind: tIdent, text: "_", pos: pos})
	return f
}

// arguments reads what follows the type's word.
func (p *parser) arguments(f *Field, t token) {
	switch f.Kind {
	case Raw, Text:
		if f.Rest = p.rest(); !f.Rest {
			f.N = p.size()
		}
	case Magic:
		p.magic(f)
	case Until:
		f.Lit = p.literal()
	case Dec, HexDigits:
		p.digits(f)
	case UTF16:
		if z := p.tok(); z.kind == tIdent && z.text == "z" && p.vars["z"] == nil {
			p.next()
			f.Kind = UTF16Z
			return
		}
		f.Max = 0
		if f.Rest = p.rest(); !f.Rest {
			f.N = p.size()
		}
	case UUID:
		switch {
		case p.accept("le"):
			f.Order = Little
		case p.accept("be"):
			f.Order = Big
		}
	case VarLEB:
		w := p.ident("leb, mqtt or quic")
		kinds := map[string]Kind{"leb": VarLEB, "mqtt": VarMQTT, "quic": VarQUIC}
		k, ok := kinds[w.text]
		if !ok {
			fail(w.pos, "leb, mqtt or quic is wanted, not %s", w.text)
		}
		f.Kind = k
	case BER:
		p.tags(f)
	case RegexField:
		f.Regex = p.regex()
	}
}

func (p *parser) literal() []byte {
	t := p.next()
	if t.kind != tString || t.text == "" {
		fail(t.pos, "a string or hex … is wanted, not %s", t.describe())
	}
	return []byte(t.text)
}

func (p *parser) magic(f *Field) {
	f.Fold = p.accept("nocase")
	f.Lit = p.literal()
	f.Width = len(f.Lit)
}

func (p *parser) digits(f *Field) {
	limit := uint64(19)
	if f.Kind == HexDigits {
		limit = 16
	}
	f.Min = p.number(1, limit)
	f.Max = f.Min
	if p.accept("..") {
		f.Max = p.number(uint64(f.Min), limit)
	}
}

func (p *parser) tags(f *Field) {
	one := func() {
		lo := uint64(p.number(0, 0xFFFFFF))
		hi := lo
		if p.accept("..") {
			hi = uint64(p.number(lo, 0xFFFFFF))
		}
		f.Tags = append(f.Tags, TagRange{lo, hi})
	}
	if !p.accept("{") {
		one()
		return
	}
	one()
	for p.accept(",") {
		one()
	}
	p.expect("}")
}

// place gives the field its slot and reads constraint and attribute.
func (p *parser) place(f *Field, name token) {
	var v *variable
	if name.text != "_" {
		v = p.define(name, f.Type, f.bits())
		f.Slot, f.Name = v.slot, name.text
		v.field = f
	} else {
		f.Name = ""
	}
	if f.Kind == BER && f.Name != "" {
		tag := name
		tag.text += ".tag"
		tv := p.define(tag, Int, 8)
		tv.tag, tv.field = true, f
		f.TagSlot = tv.slot
	}
	if f.Regex != nil {
		p.groups(f, name.pos)
	}
	t := p.tok()
	if b, ok := binaries[t.text]; ok && (t.kind == tOp || t.kind == tIdent) && b.prec > precNot {
		if f.Type == Headers {
			fail(t.pos, "headers take no constraint")
		}
		p.hidden(f)
		left := &Expr{Op: OpSlot, Type: f.Type, N: uint64(f.Slot), Width: f.bits(), Pos: name.pos}
		f.Check = p.typed(p.binary(left, precOr), Bool)
	}
	if p.accept("->") {
		if f.Type == Headers {
			fail(t.pos, "headers are no attribute")
		}
		p.hidden(f)
		f.Attr = p.label("an attribute")
		f.Via = p.via()
	}
	if f.Name == "" && f.Check == nil && f.Attr == "" {
		f.Idle = f.Regex == nil
	}
}

// hidden gives a nameless field a slot.
func (p *parser) hidden(f *Field) {
	if f.Slot < 0 {
		v := &variable{slot: p.slots, typ: f.Type, used: true}
		p.list = append(p.list, v)
		f.Slot = p.slots
		p.slots++
	}
}

func (p *parser) groups(f *Field, pos Pos) {
	names := f.Regex.Groups()
	f.Groups = make([]int, len(names))
	named := false
	for i, n := range names {
		f.Groups[i] = -1
		if n != "" {
			v := p.define(token{kind: tIdent, text: n, pos: pos}, Bytes, 0)
			f.Groups[i] = v.slot
			named = true
		}
	}
	if !named {
		f.Groups = nil
	}
}

// bits is the width of the field's value in bits, as far as it is fixed.
func (f *Field) bits() int {
	switch f.Kind {
	case Uint:
		return 8 * f.Width
	case BERInt, Dec, HexDigits, VarLEB, VarMQTT, VarQUIC, BER:
		return 8
	}
	return 0
}
