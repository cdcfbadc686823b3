package lang

import (
	"fmt"
	"strconv"
	"strings"
)

type kind uint8

const (
	tEOF kind = iota
	tNewline
	tIndent
	tDedent
	tIdent  // name, may have dots: "version", "tls.sni"
	tWord   // begins with a digit but is no number: "9p"
	tInt    // num
	tString // text: the value, from "…" or hex
	tRegex  // text: the expression; flags in num
	tOp     // text: the operator or punctuation
)

type token struct {
	text string
	num  uint64
	pos  Pos
	end  int32 // column after the token
	kind kind
	// glued says that no blank stands between this token and the one before.
	glued bool
}

// maxText bounds a layout's size in bytes, and with it the compiler's work.
const maxText = 64 << 10

// lexer turns a layout into tokens. Lines inside brackets are joined.
type lexer struct {
	src     string
	off     int
	line    int
	bol     int // offset of the line's first byte
	depth   int // of brackets
	indents []int
	toks    []token
}

// bailout ends the reading of a statement; the parser recovers at the next.
type bailout struct{ err *Error }

func fail(pos Pos, format string, args ...any) {
	panic(bailout{&Error{Pos: pos, Msg: fmt.Sprintf(format, args...)}})
}

// lex returns all tokens of src, or the first error. It writes over the tokens
// in buf.
func lex(src string, buf []token) (toks []token, err *Error) {
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bailout)
			if !ok {
				panic(r)
			}
			toks, err = buf, b.err
		}
	}()
	l := &lexer{src: src, line: 1, indents: []int{0}, toks: buf[:0]}
	if len(src) > maxText {
		fail(Pos{1, 1}, "layout is longer than %d bytes", maxText)
	}
	l.run()
	return l.toks, nil
}

func (l *lexer) pos() Pos { return Pos{l.line, l.off - l.bol + 1} }

func (l *lexer) emit(k kind, start int, text string, num uint64) {
	glued := false
	if n := len(l.toks); n > 0 {
		last := l.toks[n-1]
		glued = last.pos.Line == l.line && int(last.end) == start-l.bol+1
	}
	l.toks = append(l.toks, token{
		kind: k, glued: glued, pos: Pos{l.line, start - l.bol + 1}, end: int32(l.off - l.bol + 1), text: text, num: num,
	})
}

func (l *lexer) run() {
	fresh := true // at the start of a line
	for l.off < len(l.src) {
		if fresh {
			fresh = !l.indent()
			continue
		}
		c := l.src[l.off]
		switch {
		case c == '\n':
			if l.depth == 0 {
				l.emit(tNewline, l.off, "", 0)
				fresh = true
			}
			l.newline()
		case c == ' ' || c == '\r':
			l.off++
		case c == '\t':
			fail(l.pos(), "tab: use spaces")
		case c == '#':
			l.comment()
		case isLetter(c):
			l.ident()
		case isDigit(c):
			l.number()
		case c == '"':
			l.str()
		default:
			l.operator()
		}
	}
	if l.depth > 0 {
		fail(l.pos(), "bracket is not closed")
	}
	if n := len(l.toks); n > 0 && l.toks[n-1].kind != tNewline {
		l.emit(tNewline, l.off, "", 0)
	}
	for range l.indents[1:] {
		l.emit(tDedent, l.off, "", 0)
	}
	l.emit(tEOF, l.off, "", 0)
}

func (l *lexer) newline() {
	l.off++
	l.line++
	l.bol = l.off
}

func (l *lexer) comment() {
	if i := strings.IndexByte(l.src[l.off:], '\n'); i >= 0 {
		l.off += i
	} else {
		l.off = len(l.src)
	}
}

// indent reads a line's indentation; it reports false for a line without a
// statement, which it skips.
func (l *lexer) indent() bool {
	start := l.off
	for l.off < len(l.src) && l.src[l.off] == ' ' {
		l.off++
	}
	width := l.off - start
	for l.off < len(l.src) && l.src[l.off] == '\r' {
		l.off++
	}
	if l.off < len(l.src) && l.src[l.off] == '#' {
		l.comment()
	}
	if l.off == len(l.src) {
		return true
	}
	if l.src[l.off] == '\n' {
		l.newline()
		return false
	}
	top := l.indents[len(l.indents)-1]
	if width > top {
		l.indents = append(l.indents, width)
		l.emit(tIndent, l.off, "", 0)
	}
	for width < l.indents[len(l.indents)-1] {
		l.indents = l.indents[:len(l.indents)-1]
		l.emit(tDedent, l.off, "", 0)
		if l.indents[len(l.indents)-1] < width {
			fail(l.pos(), "indentation fits no block")
		}
	}
	return true
}

func isLetter(c byte) bool   { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool    { return c >= '0' && c <= '9' }
func isAlnum(c byte) bool    { return isLetter(c) || isDigit(c) }
func isHexDigit(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// alnum returns the run of letters and digits at offset i.
func (l *lexer) alnum(i int) string {
	j := i
	for j < len(l.src) && isAlnum(l.src[j]) {
		j++
	}
	return l.src[i:j]
}

func (l *lexer) ident() {
	start := l.off
	for {
		l.off += len(l.alnum(l.off))
		if l.off+1 < len(l.src) && l.src[l.off] == '.' && isLetter(l.src[l.off+1]) {
			l.off++
			continue
		}
		break
	}
	word := l.src[start:l.off]
	switch {
	case word == "hex" && l.hex(start):
	case word == "regex" || word == "matches":
		l.emit(tIdent, start, word, 0)
		l.regex()
	default:
		l.emit(tIdent, start, word, 0)
	}
}

// hex reads the digits after the word hex as a string; it reports false when
// there are none, so that the word is a name.
func (l *lexer) hex(start int) bool {
	var out []byte
	i := l.off
	for {
		for i < len(l.src) && l.src[i] == ' ' {
			i++
		}
		run := l.alnum(i)
		if run == "" || len(run)%2 != 0 || !allHex(run) {
			break
		}
		for j := 0; j < len(run); j += 2 {
			n, err := strconv.ParseUint(run[j:j+2], 16, 8)
			if err != nil {
				fail(l.pos(), "bad hex digits %q", run)
			}
			out = append(out, byte(n))
		}
		i += len(run)
		l.off = i
	}
	if out == nil {
		return false
	}
	l.emit(tString, start, string(out), 0)
	return true
}

func allHex(s string) bool {
	for i := range len(s) {
		if !isHexDigit(s[i]) {
			return false
		}
	}
	return true
}

// Flags of a tRegex token.
const (
	flagFold = 1 << iota
	flagDotNL
)

// regex reads /RE/flags when it follows.
func (l *lexer) regex() {
	for l.off < len(l.src) && l.src[l.off] == ' ' {
		l.off++
	}
	if l.off == len(l.src) || l.src[l.off] != '/' {
		return
	}
	start := l.off
	var sb strings.Builder
	for i := l.off + 1; i < len(l.src) && l.src[i] != '\n'; i++ {
		switch c := l.src[i]; {
		case c == '\\' && i+1 < len(l.src) && l.src[i+1] == '/':
			sb.WriteByte('/')
			i++
		case c == '\\' && i+1 < len(l.src) && l.src[i+1] != '\n':
			sb.WriteByte(c)
			i++
			sb.WriteByte(l.src[i])
		case c == '/':
			l.off = i + 1
			flags := l.alnum(l.off)
			var num uint64
			for _, f := range flags {
				switch f {
				case 'i':
					num |= flagFold
				case 's':
					num |= flagDotNL
				default:
					fail(l.pos(), "unknown flag %q of a regular expression; there are i and s", f)
				}
			}
			l.off += len(flags)
			l.emit(tRegex, start, sb.String(), num)
			return
		default:
			sb.WriteByte(c)
		}
	}
	fail(l.pos(), "regular expression is not closed")
}

func (l *lexer) number() {
	start := l.off
	run := l.alnum(l.off)
	l.off += len(run)
	if n, err := strconv.ParseUint(run, 0, 64); err == nil {
		l.emit(tInt, start, run, n)
		return
	}
	if strings.HasPrefix(run, "0x") || strings.Trim(run, "0123456789_") == "" {
		l.off = start
		fail(l.pos(), "bad number %s", run)
	}
	l.emit(tWord, start, run, 0)
}

func (l *lexer) str() {
	start := l.off
	for i := l.off + 1; i < len(l.src) && l.src[i] != '\n'; i++ {
		switch l.src[i] {
		case '\\':
			i++
		case '"':
			s, err := strconv.Unquote(l.src[start : i+1])
			if err != nil {
				fail(l.pos(), "bad string %s: see Go's escapes", l.src[start:i+1])
			}
			l.off = i + 1
			l.emit(tString, start, s, 0)
			return
		}
	}
	fail(l.pos(), "string is not closed")
}

var operators = []string{
	"->", "..", "==", "!=", "<=", ">=", "<<", ">>",
	"<", ">", "=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "(", ")", "{", "}", ",", ":",
}

func (l *lexer) operator() {
	for _, op := range operators {
		if strings.HasPrefix(l.src[l.off:], op) {
			start := l.off
			l.off += len(op)
			switch op {
			case "(", "{":
				l.depth++
			case ")", "}":
				l.depth = max(0, l.depth-1)
			}
			l.emit(tOp, start, op, 0)
			return
		}
	}
	fail(l.pos(), "unexpected character %q", l.src[l.off])
}
