package machine

import "github.com/sniffid/sniffid/signatures/lang"

// block runs statements until one ends the message's reading.
func (x *run) block(body []lang.Stmt) {
	for _, s := range body {
		if !x.spend(1) {
			return
		}
		x.exec(s)
		if x.st != going {
			return
		}
	}
}

func (x *run) exec(s lang.Stmt) {
	switch s := s.(type) {
	case *lang.Field:
		x.field(s)
	case *lang.Require:
		x.require(s)
	case *lang.Let:
		x.let(s)
	case *lang.SetOrder:
		x.setOrder(s)
	case *lang.Frame:
		x.frame(s)
	case *lang.Move:
		x.move(s)
	case *lang.End:
		x.atEnd()
	case *lang.When:
		x.when(s)
	case *lang.Either:
		x.either(s)
	case *lang.Optional:
		x.optional(s)
	case *lang.Repeat:
		x.repeat(s)
	case *lang.Within:
		x.within(s)
	case *lang.Sure:
		x.sure = true
	case *lang.Stop:
		x.st = stopped
	default:
		x.effect(s)
	}
}

func (x *run) require(s *lang.Require) {
	if x.truth(s.Expr) != s.Want && x.st == going {
		x.fail()
	}
	if x.st != going {
		return
	}
	x.bits += s.Bits + x.measured(s.Expr, s.Want)
	x.verified = x.verified || s.Verify
	if s.Bits > 0 {
		x.proved = max(x.proved, x.pos)
	}
}

func (x *run) let(s *lang.Let) {
	switch s.Expr.Type {
	case lang.Int:
		x.set(s.Slot, x.num(s.Expr), nil)
	case lang.Bytes:
		x.set(s.Slot, 0, x.str(s.Expr))
	case lang.Bool:
		n := uint64(0)
		if x.truth(s.Expr) {
			n = 1
		}
		x.set(s.Slot, n, nil)
	}
}

func (x *run) setOrder(s *lang.SetOrder) {
	order := s.First
	if s.Cond != nil && !x.truth(s.Cond) {
		order = s.Second
	}
	x.little = order == lang.Little
}

func (x *run) frame(s *lang.Frame) {
	n := x.num(s.Expr)
	if x.st != going {
		return
	}
	if n > maxLength || int(n) < x.pos {
		x.fail()
		return
	}
	length := int(n)
	if !x.m.Open {
		if length > x.m.Size || length != x.m.Size && !s.Within {
			x.fail()
			return
		}
		if !s.Within {
			x.bits += s.Bits
		}
	}
	x.framed, x.limit = true, length
	x.end = min(x.end, length)
}

func (x *run) move(s *lang.Move) {
	pos := x.pos
	switch {
	case s.Align > 0:
		pos = (pos + s.Align - 1) / s.Align * s.Align
	default:
		n := x.num(s.Expr)
		if x.st != going {
			return
		}
		if n > maxLength {
			x.fail()
			return
		}
		if s.At {
			pos = int(n)
		} else {
			pos += int(n)
		}
	}
	if pos > x.end || pos > maxLength {
		x.fail()
		return
	}
	x.pos = pos
	x.lens = max(x.lens, s.Len)
}

// known reports whether the region's end is known; an open stream without frame
// has none.
func (x *run) known() bool {
	if x.end == unbounded {
		x.fail()
		return false
	}
	return true
}

func (x *run) atEnd() {
	if !x.known() {
		return
	}
	if x.pos != x.end {
		x.fail()
		return
	}
	x.equation()
}

// equation counts that lengths add up to a region's end.
func (x *run) equation() {
	if x.lens > 0 {
		x.proved = max(x.proved, min(x.pos, len(x.data)))
	}
	x.bits += x.lens
	x.lens = 0
}

func (x *run) when(s *lang.When) {
	taken := x.truth(s.Cond)
	switch {
	case x.st != going:
	case taken:
		x.block(s.Then)
	default:
		x.block(s.Else)
	}
}

func (x *run) either(s *lang.Either) {
	for _, b := range s.Blocks {
		c := x.mark()
		x.block(b)
		if x.st != failed {
			x.keep()
			x.bits = max(c.bits, x.bits-s.Cost)
			return
		}
		if !x.drop(c) {
			return
		}
	}
	x.fail()
}

func (x *run) optional(s *lang.Optional) {
	c := x.mark()
	x.block(s.Body)
	if x.st != failed {
		x.keep()
		return
	}
	x.drop(c)
}

func (x *run) repeat(s *lang.Repeat) {
	if s.Count == nil {
		x.walk(s)
		return
	}
	n := x.num(s.Count)
	if x.st == going && n > uint64(s.Max) {
		x.fail()
	}
	for ; n > 0 && x.st == going; n-- {
		if x.spend(1) {
			x.block(s.Body)
		}
	}
}

func (x *run) walk(s *lang.Repeat) {
	if !x.known() {
		return
	}
	for range s.Max {
		if x.pos == x.end {
			x.equation()
			return
		}
		before := x.pos
		if !x.spend(1) {
			return
		}
		x.block(s.Body)
		if x.st != going {
			return
		}
		if x.pos <= before {
			x.fail() // a round that reads nothing would never end
			return
		}
	}
	x.pos = x.end
}

func (x *run) within(s *lang.Within) {
	n := x.num(s.Length)
	if x.st != going {
		return
	}
	if n > maxLength || x.pos > x.end || int(n) > x.end-x.pos {
		x.fail()
		return
	}
	outer := x.end
	x.end = x.pos + int(n)
	inner := x.end
	x.block(s.Body)
	x.end = min(outer, x.limit)
	if x.st == going {
		x.pos = inner
		if x.pos > x.end {
			x.fail()
			return
		}
		x.lens = max(x.lens, s.Len)
	}
}
