package lang

// Offsets returns, for each line of the layout's text that reads bytes at an
// offset that does not depend on the message, that offset. Lines count from 1.
func (l *Layout) Offsets() map[int]int {
	o := offsets{}
	o.walk(l.Body, 0)
	return o
}

type offsets map[int]int

// walk enters the statements' offsets, from pos on, and returns the position
// behind them; -1 stands for an unknown one.
func (o offsets) walk(body []Stmt, pos int) int {
	for _, s := range body {
		switch s := s.(type) {
		case *Field:
			o.enter(s.Pos, pos)
			n, _ := s.extent()
			pos = plus(pos, n)
		case *Payload:
			o.enter(s.Pos, pos)
			pos = plus(pos, constant(s.Length))
		case *Move:
			pos = moved(pos, s)
		case *When:
			pos = same(o.walk(s.Then, pos), o.walk(s.Else, pos))
		case *Either:
			end := o.walk(s.Blocks[0], pos)
			for _, b := range s.Blocks[1:] {
				end = same(end, o.walk(b, pos))
			}
			pos = end
		case *Optional:
			pos = same(pos, o.walk(s.Body, pos))
		case *Repeat:
			o.walk(s.Body, -1)
			pos = -1
		case *Within:
			o.walk(s.Body, pos)
			pos = plus(pos, constant(s.Length))
		}
	}
	return pos
}

// enter notes an offset that is known.
func (o offsets) enter(at Pos, pos int) {
	if pos >= 0 {
		o[at.Line] = pos
	}
}

func plus(pos, n int) int {
	if pos < 0 || n < 0 {
		return -1
	}
	return pos + n
}

func same(a, b int) int {
	if a != b {
		return -1
	}
	return a
}

func moved(pos int, s *Move) int {
	switch {
	case s.Align > 0 && pos >= 0:
		return (pos + s.Align - 1) / s.Align * s.Align
	case s.Align > 0:
		return -1
	case s.At:
		return constant(s.Expr)
	}
	return plus(pos, constant(s.Expr))
}
