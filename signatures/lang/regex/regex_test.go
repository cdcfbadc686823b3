package regex_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/signatures/lang/regex"
)

func compile(t testing.TB, expr string) *regex.Regexp {
	t.Helper()
	re, err := regex.Compile(expr, false, false)
	if err != nil {
		t.Fatal(err)
	}
	return re
}

func TestMatch(t *testing.T) {
	tests := []struct {
		expr, in string
		complete bool
		n        int
		status   regex.Status
	}{
		{"abc", "abcd", false, 3, regex.Yes},
		{"abc", "ab", false, 0, regex.Undecided},
		{"abc", "ab", true, 0, regex.No},
		{"abc", "ax", false, 0, regex.No},
		{"abc", "xabc", false, 0, regex.No},
		{"a+", "aaa", false, 0, regex.Undecided},
		{"a+", "aaa", true, 3, regex.Yes},
		{"a+", "aab", false, 2, regex.Yes},
		{"a+?", "aaa", false, 1, regex.Yes},
		{"a|ab", "ab", false, 1, regex.Yes},
		{"ab|a", "a", false, 0, regex.Undecided},
		{"ab|a", "a", true, 1, regex.Yes},
		{"ab|a", "ax", false, 1, regex.Yes},
		{"a*", "b", false, 0, regex.Yes},
		{"a*", "", false, 0, regex.Undecided},
		{"", "", false, 0, regex.Yes},
		{`a\b`, "a", false, 0, regex.Undecided},
		{`a\b`, "a", true, 1, regex.Yes},
		{`a\b`, "a ", false, 1, regex.Yes},
		{`a\b`, "ab", false, 0, regex.No},
		{"ab$", "ab", false, 0, regex.Undecided},
		{"ab$", "ab", true, 2, regex.Yes},
		{"ab$", "abc", false, 0, regex.No},
		{"(?m)ab$", "ab\n", false, 2, regex.Yes},
		{"^ab", "ab", false, 2, regex.Yes},
		{`\xff.`, "\xff\xfe", false, 2, regex.Yes},
		{`[^\x00-\x7f]{2}`, "\xc3\x28", false, 0, regex.No},
		{"(?i)ab", "Ab", false, 2, regex.Yes},
		{"(a|b)*c", "abab", false, 0, regex.Undecided},
		{"a{2,3}", "aaaa", false, 3, regex.Yes},
		{`[0-9]{1,3}(\.[0-9]{1,3}){3}\r?\n`, "10.0.0.254\r\n", false, 12, regex.Yes},
	}
	for _, tt := range tests {
		n, st := compile(t, tt.expr).Match([]byte(tt.in), tt.complete)
		if n != tt.n || st != tt.status {
			t.Errorf("%q on %q, complete %v: %d, %v; want %d, %v", tt.expr, tt.in, tt.complete, n, st, tt.n, tt.status)
		}
	}
}

func TestTest(t *testing.T) {
	tests := []struct {
		expr, in string
		want     bool
	}{
		{"b", "abc", true},
		{"^b", "abc", false},
		{"c$", "abc", true},
		{"b$", "abc", false},
		{"", "", true},
		{"^$", "", true},
		{"^$", "a", false},
		{`\bb`, "a b", true},
		{`\bb`, "ab", false},
		{"x*$", "ab", true},
	}
	for _, tt := range tests {
		if got := compile(t, tt.expr).Search().Test([]byte(tt.in)); got != tt.want {
			t.Errorf("%q on %q: %v", tt.expr, tt.in, got)
		}
	}
}

func TestFind(t *testing.T) {
	re := compile(t, `(?P<name>[a-z]+)(=(\d+))?;`)
	if got := fmt.Sprintf("%q", re.Groups()); got != `["" "name" "" ""]` {
		t.Errorf("groups %s", got)
	}
	for in, want := range map[string]string{
		"ab=12;": "[0 6 0 2 2 5 3 5]",
		"ab;":    "[0 3 0 2 -1 -1 -1 -1]",
	} {
		spans := make([]int, 8)
		n, _ := re.Match([]byte(in), true)
		re.Find([]byte(in), n, spans, nil)
		spans[0], spans[1] = 0, n
		if got := fmt.Sprint(spans); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, expr := range []string{"(", "[a", `\p{Foo}`, "(?P<a", strings.Repeat("(a{1,10}b){1,50}", 20)} {
		if _, err := regex.Compile(expr, false, false); err == nil {
			t.Errorf("%.20q compiles", expr)
		}
	}
}

func TestBits(t *testing.T) {
	tests := []struct {
		expr string
		fold bool
		want float64
		min  int
	}{
		{"abc", false, 24, 3},
		{"abc", true, 21, 3},
		{"a|b", false, 7, 1},
		{"ab|cd", false, 15, 2},
		{"abc|d", false, 8, 1},
		{"[0-9]", false, math.Log2(25.6), 1},
		{"[0-9]{4}", false, 4 * math.Log2(25.6), 4},
		{"a*", false, 0, 0},
		{"a+", false, 8, 1},
		{"a?b", false, 8, 1},
		{"(ab){2,5}", false, 32, 4},
		{"a.*b", false, 7, 2},
		{"[^ ]+ ", false, 0, 2},
		{".", false, 0, 1},
		{"^a$", false, 8, 1},
	}
	for _, tt := range tests {
		re, err := regex.Compile(tt.expr, tt.fold, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := re.Bits(); math.Abs(got-tt.want) > 0.1 || re.MinLen() != tt.min {
			t.Errorf("%s: %.2f bits, %d bytes; want %.2f, %d", tt.expr, got, re.MinLen(), tt.want, tt.min)
		}
	}
}

// Random bytes pass no more often than Bits says.
func TestBitsHold(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, expr := range []string{"[0-9a-f]", "a|[b-z]", "[A-Z]+[0-9]", `\w`, "[a-z]*;", "[^;]?;", ".+;", "(?i)[abc]", "x|y|[^a-z]"} {
		re := compile(t, expr)
		const rounds = 200000
		hits := 0
		for range rounds {
			var b [4]byte
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
			if _, st := re.Match(b[:], true); st == regex.Yes {
				hits++
			}
		}
		if chance, want := float64(hits)/rounds, math.Exp2(-re.Bits()); chance > want*1.1 {
			t.Errorf("%s: %.4f of random bytes match, at most %.4f should", expr, chance, want)
		}
	}
}

// latin turns bytes into a text whose characters have the bytes' numbers.
func latin(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// The automaton agrees with package regexp; undecided answers become right ones
// when all bytes are there, and first sets and spans are true.
func FuzzAgrees(f *testing.F) {
	for _, s := range []string{"a(b|c)*d", "a+?b", "(?i)x{2,4}$", `\bfoo\b|^bar`, "(?P<a>a|ab)(c|bcd)(d*)", "(?m)^a$", "[^a]*a{0,3}"} {
		f.Add(s, []byte("abcd"), uint8(2))
		f.Add(s, []byte("xxxx foo\nabar"), uint8(5))
	}
	f.Fuzz(func(t *testing.T, expr string, b []byte, cut uint8) {
		if len(expr) > 100 || len(b) > 200 {
			return
		}
		std, err := regexp.Compile(`\A(?:` + expr + `)`)
		if err != nil {
			return
		}
		re, err := regex.Compile(expr, false, false)
		if err != nil {
			return
		}
		want := std.FindStringIndex(latin(b))
		n, st := re.Match(b, true)
		if (st == regex.Yes) != (want != nil) {
			t.Fatalf("%q on %q: %v, regexp says %v", expr, b, st, want)
		}
		if want != nil && n != len([]rune(latin(b)[:want[1]])) {
			t.Fatalf("%q on %q: %d bytes, regexp says %v", expr, b, n, want)
		}
		if st == regex.Yes {
			for i, set := range re.First(16) {
				if i < n && set[b[i]>>6]&(1<<(b[i]&63)) == 0 {
					t.Errorf("%q: byte %d of %q is not in the first set", expr, i, b)
				}
			}
			spans := make([]int, 2*len(re.Groups()))
			re.Find(b, n, spans, nil)
			theirs := std.FindStringSubmatchIndex(latin(b))
			for i := 2; i < len(spans); i++ {
				if w := theirs[i]; spans[i] != w && (w < 0 || spans[i] != len([]rune(latin(b)[:w]))) {
					t.Errorf("%q on %q: spans %v, regexp says %v", expr, b, spans, theirs)
					break
				}
			}
		}
		// With fewer bytes: undecided, or the same answer.
		part := b[:min(int(cut), len(b))]
		if m, early := re.Match(part, false); early != regex.Undecided && (early != st || m != n) {
			t.Errorf("%q on %q: %v %d, with all bytes %v %d", expr, part, early, m, st, n)
		}
		found, err := regexp.Compile(expr)
		if err == nil && re.Search().Test(b) != found.MatchString(latin(b)) {
			t.Errorf("%q in %q: found %v", expr, b, !found.MatchString(latin(b)))
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	re := compile(b, `(GET|POST|PUT) [!-~]+ HTTP/1\.[01]\r\n`)
	in := []byte("GET /some/path/to/a/page.html?query=value HTTP/1.1\r\n")
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		re.Match(in, false)
	}
}
