package signatures

import "strings"

// Signature files use little of YAML, and reading that little directly costs a
// fraction of the general reader's time, which counts at every start of the
// program: readSubset reads block mappings and lists, flow collections, plain
// and quoted scalars on one line, and | and > scalars. It gives up on
// everything else, mistakes included, and leaves it to goccy/go-yaml; a test
// keeps both in agreement on every file.

// subset is the state of readSubset. at is the current line.
type subset struct {
	lines []string
	at    int
}

// giveUp ends readSubset; it is never seen outside.
type giveUp struct{}

// readSubset returns nil for what is not in the subset.
func readSubset(src string) (n *node) {
	if strings.ContainsAny(src, "\t\r\x00") {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(giveUp); !ok {
				panic(r)
			}
			n = nil
		}
	}()
	s := &subset{lines: strings.Split(src, "\n")}
	if !s.more() {
		return nil
	}
	n = s.block(0)
	if s.more() {
		return nil
	}
	return n
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// more skips lines without content and reports whether one is left.
func (s *subset) more() bool {
	for ; s.at < len(s.lines); s.at++ {
		if t := strings.TrimLeft(s.lines[s.at], " "); t != "" && t[0] != '#' {
			return true
		}
	}
	return false
}

// block reads the mapping or list that begins on the current line, whose
// indentation must be exactly indent.
func (s *subset) block(indent int) *node {
	line := s.lines[s.at]
	if indentOf(line) != indent {
		panic(giveUp{})
	}
	if isItem(line[indent:]) {
		return s.list(indent)
	}
	return s.mapping(indent)
}

func isItem(t string) bool { return t == "-" || strings.HasPrefix(t, "- ") }

func (s *subset) list(indent int) *node {
	n := &node{kind: sequence, line: s.at + 1, col: indent + 1}
	for s.more() {
		line := s.lines[s.at]
		if in := indentOf(line); in < indent || in == indent && !isItem(line[indent:]) {
			return n
		} else if in > indent {
			panic(giveUp{})
		}
		rest := line[indent+1:]
		col := indent + 1 + indentOf(rest)
		rest = strings.TrimLeft(rest, " ")
		if rest == "" || isItem(rest) {
			panic(giveUp{})
		}
		if _, _, ok := cutKey(rest); ok && rest[0] != '{' && rest[0] != '[' && rest[0] != '"' && rest[0] != '\'' {
			// A mapping that begins behind the dash: read it as if it stood alone.
			s.lines[s.at] = strings.Repeat(" ", col) + rest
			n.items = append(n.items, s.mapping(col))
			continue
		}
		n.items = append(n.items, s.value(rest, col, indent))
	}
	return n
}

// cutKey splits "key: value"; the value may be empty.
func cutKey(t string) (key, value string, ok bool) {
	i := strings.Index(t, ":")
	for i >= 0 && i+1 < len(t) && t[i+1] != ' ' {
		j := strings.Index(t[i+1:], ":")
		if j < 0 {
			return "", "", false
		}
		i += 1 + j
	}
	if i <= 0 {
		return "", "", false
	}
	return t[:i], t[i+1:], true
}

func (s *subset) mapping(indent int) *node {
	n := &node{kind: mapping, line: s.at + 1, col: indent + 1}
	for s.more() {
		line := s.lines[s.at]
		if in := indentOf(line); in < indent || in == indent && isItem(line[indent:]) {
			return n
		} else if in > indent {
			panic(giveUp{})
		}
		name, value, ok := cutKey(line[indent:])
		if !ok || strings.ContainsAny(name[:1], "-?:,[]{}#&*!|>'\"%@`") || strings.Contains(name, " #") || strings.HasSuffix(name, " ") {
			panic(giveUp{})
		}
		k := &node{line: s.at + 1, col: indent + 1, text: name}
		col := indent + len(name) + 1 + indentOf(value)
		n.keys = append(n.keys, k)
		n.items = append(n.items, s.value(strings.TrimLeft(value, " "), col, indent))
	}
	return n
}

// value reads what stands behind a key or dash, at offset col of the current
// line, and the lines below that belong to it.
func (s *subset) value(t string, col, indent int) *node {
	line := s.at + 1
	if t == "" || t[0] == '#' {
		return s.below(indent)
	}
	switch t[0] {
	case '|', '>':
		return s.scalarBlock(t, col, indent)
	case '[', '{':
		return s.flow(col)
	case '"', '\'':
		text, rest := quotedText(t)
		if !blank(rest) {
			panic(giveUp{})
		}
		s.end(indent)
		return &node{line: line, col: col + 1, text: text, style: quotedScalar}
	}
	if i := strings.Index(t, " #"); i >= 0 {
		t = t[:i]
	}
	t = strings.TrimRight(t, " ")
	if !plainStart(t) || strings.Contains(t, ": ") || strings.HasSuffix(t, ":") {
		panic(giveUp{})
	}
	s.end(indent)
	return &node{line: line, col: col + 1, text: t}
}

// end moves to the next line, which must not continue the scalar.
func (s *subset) end(indent int) {
	s.at++
	if s.more() && indentOf(s.lines[s.at]) > indent {
		panic(giveUp{})
	}
}

func plainStart(t string) bool { return !strings.ContainsAny(t[:1], "-?:,[]{}#&*!|>'\"%@`") }

// blank reports whether nothing but a comment is left.
func blank(t string) bool {
	rest := strings.TrimLeft(t, " ")
	return rest == "" || rest[0] == '#' && len(rest) < len(t)
}

// below reads the block below a key that has no value on its line.
func (s *subset) below(indent int) *node {
	null := &node{line: s.at + 1}
	s.at++
	if !s.more() {
		return null
	}
	line := s.lines[s.at]
	in := indentOf(line)
	if in > indent {
		return s.block(in)
	}
	if in == indent && isItem(line[in:]) {
		return s.list(in)
	}
	return null
}

// scalarBlock reads | and >, without indicators behind them.
func (s *subset) scalarBlock(t string, col, indent int) *node {
	if strings.TrimRight(t, " ") != t[:1] {
		panic(giveUp{})
	}
	n := &node{line: s.at + 1, col: col + 1, style: literal}
	s.at++
	first := s.at
	for first < len(s.lines) && strings.TrimLeft(s.lines[first], " ") == "" {
		first++
	}
	if first == len(s.lines) || first > s.at {
		panic(giveUp{})
	}
	in := indentOf(s.lines[first])
	if in <= indent {
		panic(giveUp{})
	}
	var body []string
	for ; s.at < len(s.lines); s.at++ {
		line := s.lines[s.at]
		if strings.TrimLeft(line, " ") == "" {
			if len(line) > in {
				panic(giveUp{})
			}
			body = append(body, "")
			continue
		}
		if indentOf(line) < in {
			break
		}
		body = append(body, line[in:])
	}
	for len(body) > 0 && body[len(body)-1] == "" {
		body = body[:len(body)-1]
	}
	sep := "\n"
	if t[0] == '>' {
		n.style, sep = folded, " "
		for _, l := range body {
			if l == "" || l[0] == ' ' || l[len(l)-1] == ' ' {
				panic(giveUp{})
			}
		}
	}
	n.text = strings.Join(body, sep) + "\n"
	return n
}

// quotedText reads a quoted scalar that ends on its line.
func quotedText(t string) (text, rest string) {
	q := t[0]
	var sb strings.Builder
	for i := 1; i < len(t); i++ {
		switch c := t[i]; {
		case c == q && q == '\'' && i+1 < len(t) && t[i+1] == '\'':
			sb.WriteByte('\'')
			i++
		case c == q:
			return sb.String(), t[i+1:]
		case c == '\\' && q == '"':
			i++
			if i == len(t) {
				panic(giveUp{})
			}
			j := strings.IndexByte(`"\nrt0`, t[i])
			if j < 0 {
				panic(giveUp{})
			}
			sb.WriteByte("\"\\\n\r\t\x00"[j])
		default:
			sb.WriteByte(c)
		}
	}
	panic(giveUp{})
}
