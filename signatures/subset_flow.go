package signatures

import "strings"

// flow reads a flow collection at offset col of the current line; it may go on
// over lines.
func (s *subset) flow(col int) *node {
	f := &flowReader{s: s, off: col}
	n := f.value()
	if !blank(f.rest()) {
		panic(giveUp{})
	}
	s.at++
	return n
}

// flowReader stands at an offset of the subset's current line.
type flowReader struct {
	s   *subset
	off int
}

func (f *flowReader) rest() string { return f.s.lines[f.s.at][f.off:] }

// next skips blanks, comments and line ends, and returns the next character.
func (f *flowReader) next() byte {
	for {
		t := f.rest()
		trimmed := strings.TrimLeft(t, " ")
		f.off += len(t) - len(trimmed)
		if trimmed != "" && (trimmed[0] != '#' || len(trimmed) == len(t)) {
			return trimmed[0]
		}
		f.s.at++
		f.off = 0
		if f.s.at == len(f.s.lines) {
			panic(giveUp{})
		}
	}
}

func (f *flowReader) value() *node {
	c := f.next()
	n := &node{line: f.s.at + 1, col: f.off + 1}
	switch c {
	case '[', '{':
		f.collection(n, c)
	case '"', '\'':
		t := f.rest()
		text, rest := quotedText(t)
		n.text, n.style = text, quotedScalar
		f.off += len(t) - len(rest)
	default:
		n.text = f.plain()
	}
	return n
}

func (f *flowReader) collection(n *node, open byte) {
	n.kind = sequence
	closing := byte(']')
	if open == '{' {
		n.kind, closing = mapping, '}'
	}
	f.off++
	for f.next() != closing {
		if len(n.items) > 0 {
			if f.next() != ',' {
				panic(giveUp{})
			}
			f.off++
			if f.next() == closing {
				break
			}
		}
		v := f.value()
		if open == '{' {
			if v.kind != scalar || f.next() != ':' {
				panic(giveUp{})
			}
			f.off++
			if t := f.rest(); t == "" || t[0] != ' ' {
				panic(giveUp{})
			}
			n.keys = append(n.keys, v)
			v = f.value()
		}
		n.items = append(n.items, v)
	}
	f.off++
}

// plain reads up to an indicator of the flow, on one line.
func (f *flowReader) plain() string {
	t := f.rest()
	if !plainStart(t) {
		panic(giveUp{})
	}
	end := strings.IndexAny(t, ",[]{}")
	if end < 0 {
		panic(giveUp{})
	}
	if i := strings.Index(t[:end], ": "); i >= 0 {
		end = i
	}
	text := t[:end]
	if strings.Contains(text, " #") || strings.HasSuffix(text, ":") {
		panic(giveUp{})
	}
	f.off += end
	return strings.TrimRight(text, " ")
}
