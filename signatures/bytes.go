package signatures

import (
	"fmt"
	"strconv"
	"strings"
)

// maxBytes bounds the result of ParseBytes.
const maxBytes = 1 << 20

// ParseBytes reads the bytes of an example: hex pairs, "text" with Go's escapes,
// and either of them repeated: 55*140. Blanks between them are free; # starts a
// comment that goes to the line's end.
func ParseBytes(s string) ([]byte, error) {
	var out []byte
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return out, nil
		}
		if s[0] == '#' {
			_, s, _ = strings.Cut(s, "\n")
			continue
		}
		unit, rest, err := byteUnit(s)
		if err != nil {
			return nil, err
		}
		n := 1
		if rest != "" && rest[0] == '*' {
			digits := rest[1:]
			end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
			if end < 0 {
				end = len(digits)
			}
			if n, err = strconv.Atoi(digits[:end]); err != nil {
				return nil, fmt.Errorf("a number of repetitions is wanted at %q", clip(rest))
			}
			rest = digits[end:]
		}
		if len(unit) > 0 && n > (maxBytes-len(out))/len(unit) {
			return nil, fmt.Errorf("more than %d bytes", maxBytes)
		}
		for range n {
			out = append(out, unit...)
		}
		s = rest
	}
}

// byteUnit reads one hex pair or text.
func byteUnit(s string) (unit []byte, rest string, err error) {
	if s[0] == '"' {
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, "", fmt.Errorf("bad text at %s", clip(s))
		}
		text, err := strconv.Unquote(q)
		if err != nil {
			return nil, "", fmt.Errorf("bad text %s", clip(q))
		}
		return []byte(text), s[len(q):], nil
	}
	if len(s) >= 2 {
		if n, err := strconv.ParseUint(s[:2], 16, 8); err == nil {
			return []byte{byte(n)}, s[2:], nil
		}
	}
	return nil, "", fmt.Errorf("two hex digits or \"text\" are wanted at %q", clip(s))
}

func clip(s string) string { return s[:min(len(s), 20)] }
