package lang

// Follows reports whether the layout can match only after an earlier message of
// the conversation was remembered: such a message never begins one, and the
// index need not know it.
func (l *Layout) Follows() bool {
	for _, s := range l.Body {
		r, ok := s.(*Require)
		if ok && r.Want && remembers(r.Expr) {
			return true
		}
	}
	return false
}

// remembers reports whether e can't be true unless something was remembered.
func remembers(e *Expr) bool {
	switch e.Op {
	case OpSeen:
		return true
	case OpBoth:
		return remembers(e.A) || remembers(e.B)
	case OpEither:
		return remembers(e.A) && remembers(e.B)
	}
	return false
}
