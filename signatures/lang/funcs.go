package lang

// Func is a function of the language.
type Func uint8

// The functions; see the table in docs/signature-language.md.
const (
	FnLen Func = iota
	FnSlice
	FnStarts
	FnEnds
	FnContains
	FnIStarts
	FnIEnds
	FnIContains
	FnIEqual
	FnHas
	FnHeader
	FnNumber
	FnDistinct
	FnPrintable
	FnCount
	FnText
	FnHexStr
	FnMD5
	FnBase64
	FnIP
	FnConcat
	FnIPChecksum
	FnChecksum // Expr.N is the index into [Checksums]
	FnClientAddr
	FnServerAddr
	FnToAddr
	FnFromAddr
	FnMulticast
	FnTransport
	FnFromClient
	FnFromServer
	FnPPID
)

type signature struct {
	fn       Func
	params   []Type
	optional int // how many of params may be left out
	variadic bool
	result   Type
}

var functions = map[string]signature{
	"len":         {FnLen, []Type{Bytes}, 0, false, Int},
	"slice":       {FnSlice, []Type{Int, Int}, 0, false, Bytes},
	"starts":      {FnStarts, []Type{Bytes, Bytes}, 0, false, Bool},
	"ends":        {FnEnds, []Type{Bytes, Bytes}, 0, false, Bool},
	"contains":    {FnContains, []Type{Bytes, Bytes}, 0, false, Bool},
	"istarts":     {FnIStarts, []Type{Bytes, Bytes}, 0, false, Bool},
	"iends":       {FnIEnds, []Type{Bytes, Bytes}, 0, false, Bool},
	"icontains":   {FnIContains, []Type{Bytes, Bytes}, 0, false, Bool},
	"iequal":      {FnIEqual, []Type{Bytes, Bytes}, 0, false, Bool},
	"has":         {FnHas, []Type{Headers, Bytes}, 0, false, Bool},
	"header":      {FnHeader, []Type{Headers, Bytes}, 0, false, Bytes},
	"number":      {FnNumber, []Type{Bytes, Int}, 1, false, Int},
	"distinct":    {FnDistinct, []Type{Bytes}, 0, false, Bool},
	"printable":   {FnPrintable, []Type{Bytes}, 0, false, Bool},
	"count":       {FnCount, []Type{Bytes, Bytes}, 0, false, Int},
	"text":        {FnText, []Type{Int}, 0, false, Bytes},
	"hexstr":      {FnHexStr, []Type{Bytes}, 0, false, Bytes},
	"md5":         {FnMD5, []Type{Bytes}, 0, false, Bytes},
	"base64":      {FnBase64, []Type{Bytes}, 0, false, Bytes},
	"ip":          {FnIP, []Type{Bytes}, 0, false, Bytes},
	"concat":      {FnConcat, []Type{Bytes}, 0, true, Bytes},
	"ip_checksum": {FnIPChecksum, []Type{Bytes, Int}, 0, false, Int},
	"multicast":   {FnMulticast, []Type{Bytes}, 0, false, Bool},
}

// names that are values rather than functions.
var constants = map[string]signature{
	"client_addr": {fn: FnClientAddr, result: Bytes},
	"server_addr": {fn: FnServerAddr, result: Bytes},
	"to_addr":     {fn: FnToAddr, result: Bytes},
	"from_addr":   {fn: FnFromAddr, result: Bytes},
	"transport":   {fn: FnTransport, result: Bytes},
	"from_client": {fn: FnFromClient, result: Bool},
	"from_server": {fn: FnFromServer, result: Bool},
	"ppid":        {fn: FnPPID, result: Int},
}

// call parses the arguments of the function name, whose "(" is next.
func (p *parser) call(name token) *Expr {
	if typ, ok := fieldTypes[name.text]; ok && typ.kind == Uint {
		p.expect("(")
		off := p.typed(p.expr(), Int)
		p.expect(")")
		return &Expr{Op: OpLoad, Type: Int, Width: typ.width, Order: typ.order, A: off, Pos: name.pos}
	}
	switch name.text {
	case "pick":
		return p.pick(name)
	case "seen", "recall":
		return p.memory(name)
	}
	sig, ok := functions[name.text]
	sum := -1
	if !ok {
		if sum = checksumIndex(name.text); sum < 0 {
			fail(name.pos, "unknown function %s%s", name.text, suggest(name.text, functionNames()))
		}
		sig = signature{fn: FnChecksum, params: []Type{Bytes}, result: Int}
	}
	e := &Expr{Op: OpCall, Type: sig.result, Fn: sig.fn, Pos: name.pos}
	if sum >= 0 {
		e.N = uint64(sum)
		e.Width = Checksums[sum].Bits
	}
	p.expect("(")
	for i := 0; !p.op(")"); i++ {
		if i > 0 {
			p.expect(",")
		}
		want := sig.params[min(i, len(sig.params)-1)]
		if i >= len(sig.params) && !sig.variadic {
			fail(p.tok().pos, "%s takes %d arguments", name.text, len(sig.params))
		}
		arg := p.expr()
		if want == Bytes && arg.Type == Headers && sig.fn == FnLen {
			want = Headers
		}
		e.Args = append(e.Args, p.typed(arg, want))
	}
	p.expect(")")
	if len(e.Args) < len(sig.params)-sig.optional {
		fail(name.pos, "%s takes %d arguments, not %d", name.text, len(sig.params), len(e.Args))
	}
	return e
}

func (p *parser) pick(name token) *Expr {
	p.expect("(")
	cond := p.typed(p.expr(), Bool)
	p.expect(",")
	a := p.expr()
	p.expect(",")
	b := p.typed(p.expr(), a.Type)
	p.expect(")")
	return &Expr{Op: OpPick, Type: a.Type, A: cond, Args: []*Expr{a, b}, Pos: name.pos}
}

// memory parses seen(NAME[, EXPR]) and recall(NAME).
func (p *parser) memory(name token) *Expr {
	p.expect("(")
	what := p.ident("a remembered name")
	m := p.env.memory(what.text)
	e := &Expr{Op: OpSeen, Type: Bool, N: uint64(m.Index), Pos: name.pos}
	if name.text == "recall" {
		if !m.typed {
			panic(postpone{what})
		}
		e.Op, e.Type = OpRecall, m.Type
	} else if p.accept(",") {
		e.A = p.expr()
		p.uses = append(p.uses, memoryUse{m: m, typ: e.A.Type, pos: what.pos})
	}
	p.expect(")")
	if e.A == nil {
		p.uses = append(p.uses, memoryUse{m: m, typ: Headers, pos: what.pos})
	}
	return e
}

func functionNames() []string {
	names := []string{"pick", "seen", "recall"}
	for n := range functions {
		names = append(names, n)
	}
	for _, c := range Checksums {
		names = append(names, c.Name)
	}
	return names
}
