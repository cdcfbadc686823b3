package lang

import (
	"fmt"
	"strconv"
)

// ParsePattern reads the byte pattern of a native parser's row: hex bytes, ?? for
// any, 4? and ?4 for nibbles, 00-04 for ranges, {00,16} for sets, "text", and
// i"text" for either case. It returns the permitted values of each byte.
func ParsePattern(s string) ([]*Set, error) {
	var out []*Set
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\n' || c == '\t':
			i++
		case c == '"' || c == 'i' && i+1 < len(s) && s[i+1] == '"':
			fold := c == 'i'
			if fold {
				i++
			}
			text, n, err := quoted(s[i:])
			if err != nil {
				return nil, err
			}
			for j := range len(text) {
				out = append(out, letter(text[j], fold))
			}
			i += n
		case c == '{':
			set := &Set{}
			for i++; ; {
				for i < len(s) && (s[i] == ' ' || s[i] == ',') {
					i++
				}
				if i < len(s) && s[i] == '}' {
					i++
					break
				}
				v, n, err := patternByte(s[i:])
				if err != nil {
					return nil, err
				}
				set = set.or(v)
				i += n
			}
			if set.empty() {
				return nil, fmt.Errorf("the set is empty")
			}
			out = append(out, set)
		default:
			v, n, err := patternByte(s[i:])
			if err != nil {
				return nil, err
			}
			out = append(out, v)
			i += n
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the pattern is empty")
	}
	return out, nil
}

// quoted reads a Go string at the start of s and returns how long it is there.
func quoted(s string) (text string, n int, err error) {
	for j := 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '"':
			text, err = strconv.Unquote(s[:j+1])
			if err != nil {
				err = fmt.Errorf("bad string %s: see Go's escapes", s[:j+1])
			}
			return text, j + 1, err
		}
	}
	return "", 0, fmt.Errorf("string is not closed: %s", s)
}

// patternByte reads XX, XX-YY, X?, ?X or ??.
func patternByte(s string) (set *Set, n int, err error) {
	if len(s) < 2 || !patternDigit(s[0]) || !patternDigit(s[1]) {
		return nil, 0, fmt.Errorf("a byte (two hex digits or ?) is wanted at %q", s)
	}
	fixed := s[0] != '?' && s[1] != '?'
	set = &Set{}
	for b := range 256 {
		if matchDigit(s[0], b>>4) && matchDigit(s[1], b&15) {
			set.add(byte(b))
		}
	}
	if !fixed || len(s) < 3 || s[2] != '-' {
		return set.simple(), 2, nil
	}
	if len(s) < 5 || !isHexDigit(s[3]) || !isHexDigit(s[4]) {
		return nil, 0, fmt.Errorf("the range's end is wanted at %q", s)
	}
	lo, errLo := strconv.ParseUint(s[:2], 16, 8)
	hi, errHi := strconv.ParseUint(s[3:5], 16, 8)
	if errLo != nil || errHi != nil || lo > hi {
		return nil, 0, fmt.Errorf("bad range %s", s[:5])
	}
	return span(byte(lo), byte(hi)), 5, nil
}

func patternDigit(c byte) bool { return c == '?' || isHexDigit(c) }

func matchDigit(pattern byte, value int) bool {
	return pattern == '?' || "0123456789abcdef"[value] == pattern || "0123456789ABCDEF"[value] == pattern
}
