package lang

import "math"

// analyse computes what a layout proves and how its messages begin. It reports
// false for a layout that nothing can match.
func analyse(l *Layout, open bool) bool {
	m := meter{open: open}
	m.annotate(l.Body)
	m.lens = 0
	l.Bits, _ = m.least(l.Body)
	return derive(l)
}

// meter counts bits. lens is the widest length read since the last equation
// with an end.
type meter struct {
	open bool
	lens Bits
}

// annotate stores each statement's bits.
func (m *meter) annotate(body []Stmt) {
	for _, s := range body {
		switch s := s.(type) {
		case *Field:
			b := s.own()
			if s.Check != nil {
				b += exprBits(s.Check)
			}
			s.Bits = bitsOf(b)
			s.Len = lenBits(s.N)
			switch s.Kind {
			case ZStr, DNSName, VarLEB, VarMQTT, VarQUIC, BERStr, BERInt:
				s.Len = 8 * One
			}
		case *Require:
			b := 0.0
			if s.Want {
				b = exprBits(s.Expr)
			}
			if s.Verify {
				b = math.Min(b, 32)
				if b == 0 {
					b = 16
				}
			}
			s.Bits = bitsOf(b)
		case *Frame:
			s.Bits = lenBits(s.Expr)
		case *Move:
			s.Len = lenBits(s.Expr)
		case *When:
			m.annotate(s.Then)
			m.annotate(s.Else)
		case *Either:
			s.Cost = bitsOf(math.Log2(float64(len(s.Blocks))))
			for _, b := range s.Blocks {
				m.annotate(b)
			}
		case *Optional:
			m.annotate(s.Body)
		case *Repeat:
			m.annotate(s.Body)
		case *Within:
			s.Len = lenBits(s.Length)
			m.annotate(s.Body)
		case *Answers:
			s.Bits = Bits(min(max(exprWidth(s.Expr), 8), maxEquation)) * One
		case *Payload:
			s.Len = lenBits(s.Length)
		}
	}
}

// least is what every match of the statements proves. stopped says that what
// follows them does not run.
func (m *meter) least(body []Stmt) (sum Bits, stopped bool) {
	for _, s := range body {
		switch s := s.(type) {
		case *Field:
			sum += s.Bits
			m.lens = max(m.lens, s.Len)
		case *Require:
			sum += s.Bits
		case *Frame:
			if !m.open && !s.Within {
				sum += s.Bits
			}
		case *Move:
			m.lens = max(m.lens, s.Len)
		case *Payload:
			m.lens = max(m.lens, s.Len)
		case *End:
			sum += m.lens
			m.lens = 0
		case *When:
			a, _ := m.least(s.Then)
			b, _ := m.least(s.Else)
			sum += min(a, b)
		case *Either:
			least := Bits(math.MaxInt32)
			for _, b := range s.Blocks {
				n, _ := m.least(b)
				least = min(least, max(0, n-s.Cost))
			}
			sum += least
		case *Repeat:
			n, _ := m.least(s.Body)
			if s.Count == nil {
				sum += m.lens
				m.lens = 0
			} else if s.Count.Op == OpInt {
				sum += n * Bits(min(s.Count.N, uint64(s.Max)))
			}
		case *Within:
			n, _ := m.least(s.Body)
			sum += n
			m.lens = max(m.lens, s.Len)
		case *Sure, *Stop:
			return sum, true
		}
	}
	return sum, false
}

// Always reports whether every message matches the layout, whatever its bytes.
func (l *Layout) Always() bool { return always(l.Body) }

func always(body []Stmt) bool {
	for _, s := range body {
		switch s := s.(type) {
		case *Attr, *GSSAPI, *Become, *Stop, *Sure, *SetOrder, *Optional:
		case *Layer:
			if !s.Expr.Const() {
				return false
			}
		default:
			return false
		}
	}
	return true
}
