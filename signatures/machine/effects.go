package machine

import (
	"math"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/wire"
	"github.com/sniffid/sniffid/signatures/lang"
)

type effectKind uint8

const (
	record effectKind = iota
	attribute
	payload
	layer
	announce
	hold
	handOver
	token
)

// effect is what a statement reports or remembers, if the message matches.
type effect struct {
	kind        effectKind
	stmt        lang.Stmt
	value       value
	extra       []byte // layer's else, expect's host
	off, length int
}

// effect runs the statements that report and remember.
func (x *run) effect(s lang.Stmt) {
	e := effect{stmt: s}
	switch s := s.(type) {
	case *lang.Remember:
		e.kind, e.value = hold, x.any(s.Expr)
	case *lang.Answers:
		x.answers(s)
		return
	case *lang.Payload:
		x.payload(s)
		return
	case *lang.Layer:
		e.kind, e.value = layer, x.any(s.Expr)
		if s.Else != nil {
			e.extra = x.str(s.Else)
		}
	case *lang.Become:
		e.kind = handOver
	case *lang.Expect:
		e.kind, e.value.n = announce, x.num(s.Port)
		if s.Host != nil {
			e.extra = x.str(s.Host)
		}
	case *lang.Attr:
		e.kind, e.value = attribute, x.any(s.Expr)
	case *lang.GSSAPI:
		e.kind, e.value.b = token, x.str(s.Expr)
	}
	if x.st == going {
		x.effects = append(x.effects, e)
	}
}

// any evaluates an expression of any type; a truth value is 0 or 1.
func (x *run) any(e *lang.Expr) (v value) {
	switch e.Type {
	case lang.Int:
		v.n = x.num(e)
	case lang.Bytes:
		v.b = x.str(e)
	case lang.Bool:
		if x.truth(e) {
			v.n = 1
		}
	}
	return v
}

func (x *run) answers(s *lang.Answers) {
	v := x.any(s.Expr)
	if x.st != going {
		return
	}
	r := x.mem.ring(s.Memory, x.m.From.Reverse())
	switch {
	case r == nil:
	case r.find(v) >= 0:
		x.answered = true
		x.bits += s.Bits
		x.proved = max(x.proved, x.pos)
	case !r.forgot:
		x.fail()
	}
}

func (x *run) payload(s *lang.Payload) {
	e := effect{kind: payload, stmt: s, off: x.pos}
	var n uint64
	if s.Length != nil {
		n = x.num(s.Length)
	} else if x.known() {
		n = uint64(x.end - x.pos)
	}
	if s.Channel != nil {
		e.value.n = x.num(s.Channel)
	}
	if x.st != going {
		return
	}
	if n > maxLength || x.pos > x.end || int(n) > x.end-x.pos || x.pos > maxLength {
		x.fail()
		return
	}
	e.length = int(n)
	x.pos += int(n)
	x.lens = max(x.lens, s.Len)
	if x.m.Open && !x.m.Ended && x.pos > len(x.data) {
		x.incomplete = true
	}
	if n > 0 {
		x.effects = append(x.effects, e)
	}
}

// commit reports a match and keeps what it remembers.
func (x *run) commit(msg *message, r *dissect.Report) {
	r.Signature, r.Reason = msg.Signature, msg.Reason
	r.Bits = x.bits.Int()
	if msg.MaxBits >= 0 {
		r.Bits = min(r.Bits, msg.MaxBits)
	}
	r.Verified, r.Answers, r.Weak = x.verified, x.answered, msg.Weak
	r.EvidenceLength = min(x.proved, len(x.data))
	r.Incomplete = x.incomplete
	switch {
	case x.st == stopped:
		r.Length = 0
	case x.limit != unbounded:
		r.Length = x.limit
	case x.st == short:
		r.Length = 0
	default:
		r.Length = x.pos
	}
	if x.incomplete {
		r.Need = x.need // 0 for a payload: each of its bytes counts
	}
	for i := range x.effects {
		x.report(&x.effects[i], r)
	}
}

func (x *run) report(e *effect, r *dissect.Report) {
	switch s := e.stmt.(type) {
	case *lang.Field:
		if e.kind == record {
			r.Field(s.Name, e.off, e.length, recorded(s, e.value))
			return
		}
		r.Attribute(s.Attr, e.value.name(s.Type, s.Via))
	case *lang.Attr:
		r.Attribute(s.Name, e.value.name(s.Expr.Type, s.Via))
	case *lang.GSSAPI:
		wire.GSSAPI(e.value.b, r.Attribute)
	case *lang.Payload:
		r.Payloads = append(r.Payloads, dissect.Payload{
			Offset: e.off, Length: e.length, Stream: s.Stream, Channel: e.value.n, Protocols: s.Protocols,
		})
	case *lang.Layer:
		x.layer(e, s, r)
	case *lang.Become:
		r.Transition = &dissect.Transition{Offset: r.Length, OneSided: s.OneSided, Messages: s.Messages}
	case *lang.Expect:
		x.announce(e, s, r)
	case *lang.Remember:
		x.mem.add(x.names, s.Memory, x.m.From, e.value)
	}
}

func (x *run) layer(e *effect, s *lang.Layer, r *dissect.Report) {
	name := string(e.value.b)
	if s.Via != nil {
		var ok bool
		if name, ok = e.value.lookup(s.Expr.Type, s.Via); !ok {
			name = string(e.extra)
		}
	}
	if name != "" {
		r.Layer(name)
	}
}

// announce leaves out what can't be a flow: a false port or address.
func (x *run) announce(e *effect, s *lang.Expect, r *dissect.Report) {
	if e.value.n == 0 || e.value.n > math.MaxUint16 {
		return
	}
	exp := dissect.Expectation{
		Transport: s.Transport, Port: uint16(e.value.n), Protocols: s.Protocols,
		Opaque: s.Opaque, Seconds: s.Seconds,
	}
	if s.Host != nil {
		a, ok := address(e.extra)
		if !ok {
			return
		}
		exp.Host = a
	}
	r.Expect(exp)
}

func (v value) lookup(t lang.Type, via *lang.Table) (string, bool) {
	if t == lang.Bytes {
		return via.Text(v.b)
	}
	return via.Int(v.n)
}

// name is a value in words: by the table, or as it is.
func (v value) name(t lang.Type, via *lang.Table) string {
	if via != nil {
		if s, ok := v.lookup(t, via); ok {
			return s
		}
	}
	switch t {
	case lang.Int:
		return strconv.FormatUint(v.n, 10)
	case lang.Bool:
		return strconv.FormatBool(v.n != 0)
	}
	return strings.ToValidUTF8(string(v.b), "\uFFFD")
}

// recorded is a field's value for the record: integers and text that is made
// from the bytes.
func recorded(f *lang.Field, v value) string {
	switch f.Kind {
	case lang.Raw, lang.HeaderLines, lang.Magic:
		return ""
	}
	if f.Slot < 0 {
		return ""
	}
	return v.name(f.Type, f.Via)
}
