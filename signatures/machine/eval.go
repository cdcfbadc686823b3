package machine

import (
	"bytes"

	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/signatures/lang"
)

// num evaluates an integer. When it can't, the status says so and the value is
// of no use.
func (x *run) num(e *lang.Expr) uint64 {
	switch e.Op {
	case lang.OpInt:
		return e.N
	case lang.OpSlot:
		return x.slot(e.N).n
	case lang.OpPos:
		return uint64(x.pos)
	case lang.OpRemaining:
		if !x.known() {
			return 0
		}
		return uint64(x.end - x.pos)
	case lang.OpSize:
		if x.limit == unbounded {
			x.fail()
			return 0
		}
		return uint64(x.limit)
	case lang.OpNeg:
		return -x.num(e.A)
	case lang.OpNot:
		return ^x.num(e.A)
	case lang.OpLoad:
		return x.load(e)
	case lang.OpPick:
		return x.num(x.pick(e))
	case lang.OpCall:
		return x.callInt(e)
	case lang.OpRecall:
		return x.recall(int(e.N)).n
	}
	a := x.num(e.A)
	b := x.num(e.B)
	n, ok := lang.Arith(e.Op, a, b)
	if !ok && x.st == going {
		x.fail()
	}
	return n
}

// str evaluates a string. It aliases the message, a constant or scratch memory.
func (x *run) str(e *lang.Expr) []byte {
	switch e.Op {
	case lang.OpBytes:
		return e.S
	case lang.OpSlot:
		return x.slot(e.N).b
	case lang.OpPick:
		return x.str(x.pick(e))
	case lang.OpCall:
		return x.callBytes(e)
	case lang.OpRecall:
		return x.recall(int(e.N)).b
	}
	x.fail()
	return nil
}

// truth evaluates a truth value.
func (x *run) truth(e *lang.Expr) bool {
	switch e.Op {
	case lang.OpEq, lang.OpNe, lang.OpLt, lang.OpLe, lang.OpGt, lang.OpGe:
		a := x.num(e.A)
		return lang.Compare(e.Op, a, x.num(e.B))
	case lang.OpIn:
		return x.in(e)
	case lang.OpSame:
		return bytes.Equal(x.str(e.A), x.str(e.B))
	case lang.OpDiffer:
		return !bytes.Equal(x.str(e.A), x.str(e.B))
	case lang.OpLess:
		return bytes.Compare(x.str(e.A), x.str(e.B)) < 0
	case lang.OpLessEq:
		return bytes.Compare(x.str(e.A), x.str(e.B)) <= 0
	case lang.OpOneOf:
		s := x.str(e.A)
		for _, t := range e.Args {
			if bytes.Equal(s, x.str(t)) {
				return true
			}
		}
		return false
	case lang.OpMatch:
		s := x.str(e.A)
		return x.spend(len(s)/8) && e.Regex.Test(s)
	case lang.OpBoth:
		return x.truth(e.A) && x.st == going && x.truth(e.B)
	case lang.OpEither:
		return x.truth(e.A) || x.st == going && x.truth(e.B)
	case lang.OpFalse:
		return !x.truth(e.A)
	case lang.OpSlot:
		return x.slot(e.N).n != 0
	case lang.OpPick:
		return x.truth(x.pick(e))
	case lang.OpSeen:
		return x.seen(e)
	}
	return x.callBool(e)
}

func (x *run) slot(i uint64) slot {
	s := x.slots[i]
	if !s.set && x.st == going {
		x.fail() // its block was not taken
	}
	return s
}

func (x *run) pick(e *lang.Expr) *lang.Expr {
	if x.truth(e.A) {
		return e.Args[0]
	}
	return e.Args[1]
}

func (x *run) in(e *lang.Expr) bool {
	a := x.num(e.A)
	for _, r := range e.Ranges {
		lo := x.num(r.Lo)
		hi := lo
		if r.Hi != nil {
			hi = x.num(r.Hi)
		}
		if a >= lo && a <= hi {
			return true
		}
	}
	return false
}

// load reads an integer at an offset of the message.
func (x *run) load(e *lang.Expr) uint64 {
	at := x.num(e.A)
	if x.st != going {
		return 0
	}
	if at > maxLength {
		x.fail()
		return 0
	}
	if !x.reach(int(at), uint64(e.Width), x.limit) {
		return 0
	}
	return x.integer(x.data[at:int(at)+e.Width], e.Order)
}

// integer decodes b in the given or current byte order.
func (x *run) integer(b []byte, order lang.Order) (n uint64) {
	if order == lang.Little || order == lang.Current && x.little {
		for i := len(b) - 1; i >= 0; i-- {
			n = n<<8 | uint64(b[i])
		}
		return n
	}
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// seen looks into both directions' memory.
func (x *run) seen(e *lang.Expr) bool {
	v := value{}
	if e.A != nil {
		if e.A.Type == lang.Int {
			v.n = x.num(e.A)
		} else {
			v.b = x.str(e.A)
		}
	}
	for _, d := range [...]flow.Direction{flow.FromClient, flow.FromServer} {
		r := x.mem.ring(int(e.N), d)
		if r != nil && (e.A == nil || r.find(v) >= 0) {
			return true
		}
	}
	return false
}

func (x *run) recall(name int) value {
	v, ok := x.mem.latest(name)
	if !ok {
		x.fail()
	}
	return v
}
