package lang

import "slices"

// PrefixLen is how many first bytes are described.
const PrefixLen = 32

// decideLen bounds Layout.Min, and is how many first bytes tell rows apart.
const decideLen = 16

// maxLeast bounds Layout.Least.
const maxLeast = 1 << 16

// maxRows is how many rows one layout may have before they are put together.
const maxRows = 32

// Row is one way in which messages begin: every byte at hand lies in its set; a
// nil set permits all.
type Row struct{ Prefix [PrefixLen]*Set }

// join makes r permit what t does, too, if the first bytes of both are the same.
func (r *Row) join(t *Row) bool {
	for i := range decideLen {
		if !r.Prefix[i].equal(t.Prefix[i]) {
			return false
		}
	}
	for i := decideLen; i < PrefixLen; i++ {
		r.Prefix[i] = r.Prefix[i].or(t.Prefix[i])
	}
	return true
}

// front is the state of one path through a layout.
type front struct {
	row   Row
	pos   int  // -1: not known
	low   int  // position at least
	need  int  // bytes wanted up to here
	least int  // of the message's size, beside need
	most  int  // 0: not known
	inner bool // the region is not the whole of a datagram
	order Order
	sure  bool
	done  bool
	slots []placed
}

// placed is a field at a known offset.
type placed struct {
	slot, off, width int
	order            Order
	kind             Kind
}

// derive computes a layout's rows and minimum. It reports false for a layout
// that nothing can match.
func derive(l *Layout) bool {
	fronts := follow(l.Body, []front{{order: Big}})
	l.Least, l.Min = maxLeast, decideLen
	for i := range fronts {
		f := &fronts[i]
		l.Least, l.Min = min(l.Least, max(f.need, f.least)), min(l.Min, f.need)
		if i == 0 {
			l.Most = f.most
		}
		l.Most = eitherMost(l.Most, f.most)
		known := false
		for j := range l.Rows {
			known = known || l.Rows[j].join(&f.row)
		}
		if !known {
			l.Rows = append(l.Rows, f.row)
		}
	}
	return len(fronts) > 0
}

// eitherMost is the larger of two bounds, 0 if one says nothing.
func eitherMost(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

// follow runs statements on every path.
func follow(body []Stmt, in []front) []front {
	var out []front
	for _, s := range body {
		out = out[:0]
		for i := range in {
			if in[i].done {
				out = append(out, in[i])
			} else {
				out = in[i].step(s, out)
			}
		}
		in, out = limit(out), in
	}
	return in
}

// limit puts paths together when they are too many: first those that stand at the same
// place and have begun alike, and if that is not enough, all. Those that have come to
// their end stay apart from those that go on.
func limit(fs []front) []front {
	if len(fs) <= maxRows {
		return fs
	}
	var alike [][]front
next:
	for i := range fs {
		for j := range alike {
			if alike[j][0].alike(&fs[i]) {
				alike[j] = append(alike[j], fs[i])
				continue next
			}
		}
		alike = append(alike, fs[i:i+1:i+1])
	}
	if len(alike) <= maxRows/2 {
		var out []front
		for _, group := range alike {
			out = append(out, joined(group)...)
		}
		return out
	}
	var done, on []front
	for _, f := range fs {
		if f.done {
			done = append(done, f)
		} else {
			on = append(on, f)
		}
	}
	return append(joined(done), joined(on)...)
}

// alike reports whether two paths stand at the same place behind the same first bytes.
func (f *front) alike(g *front) bool {
	return f.pos == g.pos && f.done == g.done && f.inner == g.inner &&
		slices.EqualFunc(f.row.Prefix[:decideLen], g.row.Prefix[:decideLen], (*Set).equal)
}

func joined(fs []front) []front {
	if len(fs) == 0 {
		return nil
	}
	sum := fs[0]
	for _, f := range fs[1:] {
		for i := range sum.row.Prefix {
			sum.row.Prefix[i] = sum.row.Prefix[i].or(f.row.Prefix[i])
		}
		if f.pos != sum.pos {
			sum.pos = -1
		}
		if f.order != sum.order {
			sum.order = Current
		}
		sum.low, sum.need = min(sum.low, f.low), min(sum.need, f.need)
		sum.sure = sum.sure || f.sure
		sum.least = min(sum.least, f.least)
		sum.most = eitherMost(sum.most, f.most)
		sum.inner = sum.inner || f.inner
	}
	sum.slots = nil
	return []front{sum}
}

// step appends the paths that lead on from f over s. It may change f.
func (f *front) step(s Stmt, out []front) []front {
	switch s := s.(type) {
	case *Field:
		return f.field(s, out)
	case *Require:
		return f.assume(s.Expr, s.Want, out)
	case *SetOrder:
		if s.Cond == nil {
			f.order = s.First
			break
		}
		n := len(out)
		out = f.assume(s.Cond, true, out)
		m := len(out)
		out = f.assume(s.Cond, false, out)
		for i := n; i < len(out); i++ {
			out[i].order = s.First
			if i >= m {
				out[i].order = s.Second
			}
		}
		return out
	case *Let:
		f.forget(&Field{Slot: s.Slot})
	case *Move:
		f.move(s)
	case *When:
		out = append(out, follow(s.Then, f.assume(s.Cond, true, nil))...)
		return append(out, follow(s.Else, f.assume(s.Cond, false, nil))...)
	case *Either:
		for _, b := range s.Blocks {
			out = append(out, follow(b, []front{*f})...)
		}
		return out
	case *Optional:
		return append(append(out, *f), follow(s.Body, []front{*f})...)
	case *Repeat:
		return append(out, f.repeat(s)...)
	case *Within:
		return append(out, f.region(s)...)
	case *Payload:
		f.advance(constant(s.Length), false)
	case *Sure:
		f.sure = true
	case *Stop:
		f.done = true
	case *Frame:
		f.inner = f.inner || s.Within
	case *End:
		if !f.inner && f.pos >= 0 {
			f.sized(f.pos, f.pos)
		}
	}
	return append(out, *f)
}

// constant returns a constant's value, or -1.
func constant(e *Expr) int {
	if e == nil || e.Op != OpInt || e.N > 1<<20 {
		return -1
	}
	return int(e.N)
}

// advance moves over n bytes, -1 for unknown; they must be there if wanted.
func (f *front) advance(n int, wanted bool) {
	if n < 0 {
		f.pos = -1
		return
	}
	if f.pos >= 0 {
		f.pos += n
	}
	f.low += n
	if wanted && !f.sure {
		f.need = max(f.need, f.low)
	}
}

func (f *front) move(s *Move) {
	n := constant(s.Expr)
	switch {
	case s.Align > 0:
		if f.pos >= 0 {
			f.pos = (f.pos + s.Align - 1) / s.Align * s.Align
		}
	case !s.At:
		f.advance(n, false)
	case n >= 0:
		f.pos, f.low = n, n
	default:
		f.pos, f.low = -1, 0
	}
}

func (f *front) repeat(s *Repeat) []front {
	if n := constant(s.Count); n >= 0 && n <= 4 {
		out := []front{*f}
		for range n {
			out = follow(s.Body, out)
		}
		return out
	}
	// At least what one round says, or no round at all; behind it nothing is
	// known.
	out := append(follow(s.Body, []front{*f}), *f)
	for i := range out {
		out[i].pos = -1
		out[i].low, out[i].need, out[i].sure, out[i].order = f.low, f.need, f.sure, Current
		out[i].done = false
	}
	return out
}

// sized says that the message has at least and at most so many bytes, most 0 for
// any number.
func (f *front) sized(least, most int) {
	if f.sure {
		return // what is missing does not matter any more
	}
	f.least = max(f.least, least)
	if most > 0 && (f.most == 0 || most < f.most) {
		f.most = most
	}
}

func (f *front) region(s *Within) []front {
	pos, low, inner := f.pos, f.low, f.inner
	f.inner = true
	n := constant(s.Length)
	out := follow(s.Body, []front{*f})
	for i := range out {
		out[i].pos, out[i].inner = -1, inner
		if n >= 0 {
			if pos >= 0 {
				out[i].pos = pos + n
			}
			out[i].low = max(out[i].low, low+n)
		} else {
			out[i].low = max(out[i].low, low)
		}
	}
	return out
}
