package lang

import (
	"math/bits"

	"github.com/sniffid/sniffid/signatures/lang/regex"
)

// Op is an expression's operation.
type Op uint8

// The operations. A and B are operands, N and S constants.
const (
	OpInt   Op = iota // constant N
	OpBytes           // constant S
	OpSlot            // field or let in slot N
	OpPos             // position
	OpRemaining
	OpSize
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpMod
	OpShl
	OpShr
	OpAnd // bits
	OpOr
	OpXor
	OpNeg
	OpNot // ~
	OpEq  // integers, as the next five
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpSame // strings equal
	OpDiffer
	OpLess // strings in byte order
	OpLessEq
	OpBoth   // and
	OpEither // or
	OpFalse  // not
	OpIn     // A within one of Ranges
	OpOneOf  // A among Args
	OpMatch  // A matches Regex
	OpPick   // Args[0] if A else Args[1]
	OpLoad   // integer of Width bytes at offset A, byte order Order
	OpCall   // function Fn of Args
	OpSeen   // memory N [== A]
	OpRecall // memory N
)

// Order is a byte order.
type Order uint8

// The byte orders; Current is the one set by an order statement.
const (
	Current Order = iota
	Big
	Little
)

// Range is a closed interval of integers whose ends are expressions; Hi is nil
// for a single value.
type Range struct{ Lo, Hi *Expr }

// Expr is a checked expression.
type Expr struct {
	Op     Op
	Type   Type
	Order  Order
	Width  int // OpLoad: bytes
	Pos    Pos
	N      uint64
	S      []byte
	A, B   *Expr
	Args   []*Expr
	Ranges []Range
	Fn     Func
	Regex  *regex.Regexp
}

// Const reports whether e is a constant integer or string.
func (e *Expr) Const() bool { return e.Op == OpInt || e.Op == OpBytes }

func intConst(pos Pos, n uint64) *Expr { return &Expr{Op: OpInt, Type: Int, Pos: pos, N: n} }

// fold replaces an operation on constant integers by its value.
func fold(e *Expr) *Expr {
	if e.A == nil || e.A.Op != OpInt || e.B != nil && e.B.Op != OpInt {
		return e
	}
	a := e.A.N
	if e.B == nil {
		switch e.Op {
		case OpNeg:
			return intConst(e.Pos, -a)
		case OpNot:
			return intConst(e.Pos, ^a)
		}
		return e
	}
	if n, ok := Arith(e.Op, a, e.B.N); ok {
		return intConst(e.Pos, n)
	}
	return e
}

// Arith computes a binary operation on integers; ok is false where the result
// is impossible: a division by zero, a subtraction below zero.
func Arith(op Op, a, b uint64) (n uint64, ok bool) {
	switch op {
	case OpAdd:
		return a + b, true
	case OpSub:
		return a - b, a >= b
	case OpMul:
		return a * b, true
	case OpDiv:
		if b == 0 {
			return 0, false
		}
		return a / b, true
	case OpMod:
		if b == 0 {
			return 0, false
		}
		return a % b, true
	case OpShl:
		return a << b, true
	case OpShr:
		return a >> b, true
	case OpAnd:
		return a & b, true
	case OpOr:
		return a | b, true
	case OpXor:
		return a ^ b, true
	}
	return 0, false
}

// Compare computes a comparison of integers.
func Compare(op Op, a, b uint64) bool {
	switch op {
	case OpEq:
		return a == b
	case OpNe:
		return a != b
	case OpLt:
		return a < b
	case OpLe:
		return a <= b
	case OpGt:
		return a > b
	case OpGe:
		return a >= b
	}
	return false
}

// walk calls f for e and everything below it.
func (e *Expr) walk(f func(*Expr)) {
	if e == nil {
		return
	}
	f(e)
	e.A.walk(f)
	e.B.walk(f)
	for _, a := range e.Args {
		a.walk(f)
	}
	for _, r := range e.Ranges {
		r.Lo.walk(f)
		r.Hi.walk(f)
	}
}

// bitLen returns how many bits a value below n needs.
func bitLen(n uint64) int { return bits.Len64(n) }
