package lang_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/signatures/lang"
)

func compile(env lang.Env, layouts ...string) (*lang.Program, error) {
	var units []lang.Unit
	for i, l := range layouts {
		units = append(units, lang.Unit{Name: string(rune('a' + i)), Text: l})
	}
	return lang.Compile(env, units)
}

func TestErrors(t *testing.T) {
	tests := []struct{ name, layout, want string }{
		{"unknown name", "a u8\nrequire b == 1", "1:2:9: unknown name b"},
		{"suggestion", "length u8\nrequire lenght == 1", "1:2:9: unknown name lenght, did you mean length?"},
		{"unknown type", "a u33", "1:1:1: unknown statement or type: a line is NAME TYPE, or a statement, did you mean u32?"},
		{"unknown function", "a u8\nrequire crc99(a) == 1", "1:2:9: unknown function crc99, did you mean crc32?"},
		{"type", "a u8\nrequire a", "1:2:9: this is an integer, a truth value is wanted"},
		{"comparison of types", "a u8\nrequire a == \"x\"", "1:2:14: this is a string, an integer is wanted"},
		{"string as length", "a bytes \"x\"", "1:1:9: this is a string, an integer is wanted"},
		{"chain", "a u8\nrequire 1 < a < 3", "1:2:15: comparisons can't be chained"},
		{"division by zero", "a u8 % 0 == 1", "1:1:6: division by zero"},
		{"unused let", "a u8\nlet b = a", "1:2:5: let b is never used"},
		{"rest in a stream", "a bytes rest", "1:1:9: rest has no meaning in a stream before frame"},
		{"end in a stream", "a u8\nend", "1:2:1: end has no meaning in a stream before frame"},
		{"remaining in a stream", "require remaining > 1", "1:1:9: remaining has no meaning in a stream before frame"},
		{"size in a stream", "require size > 1", "1:1:9: size has no meaning in a stream before frame"},
		{"walk in a stream", "walk:\n  a u8", "1:1:1: walk has no meaning in a stream before frame"},
		{"unknown table", "a u8 -> x via nam", "1:1:15: unknown table nam, did you mean name?"},
		{"two names of a type", "when 1 == 1:\n  a u8\nelse:\n  a bytes 1", "1:4:3: a is an integer already"},
		{"tab", "a u8\n\tb u8", "1:2:1: tab: use spaces"},
		{"indentation", "a u8\n  b u8", "1:2:3: this line is indented, and the line before does not end in a colon"},
		{"dedent", "when 1 == 1:\n    a u8\n  b u8", "1:3:3: indentation fits no block"},
		{"empty block", "when 1 == 1:\na u8", "1:2:1: an indented block is wanted"},
		{"one-line block", "when 1 == 1: a u8", "1:1:14: a block begins on the next line"},
		{"else alone", "else:\n  a u8", "1:1:1: else without its block before"},
		{"either alone", "either:\n  a u8", "1:1:1: either needs an or: block"},
		{"field without a name", "u8 == 1", "1:1:1: a field needs a name: write _ u8 for one without"},
		{"trailing words", "a u8 b", "1:1:6: unexpected b"},
		{"string not closed", "magic \"abc", "1:1:7: string is not closed"},
		{"bad escape", `magic "\q"`, `1:1:7: bad string "\q": see Go's escapes`},
		{"regex not closed", "a regex /abc", "1:1:9: regular expression is not closed"},
		{"bad regex", "a regex /a(/", "1:1:9: regular expression: error parsing regexp: missing closing ): `a(`"},
		{"regex flag", "a regex /a/x", "1:1:12: unknown flag 'x' of a regular expression; there are i and s"},
		{"bad number", "a bytes 12a", "1:1:9: bad number 12a"},
		{"bracket", "require (1 == 1", "1:1:16: bracket is not closed"},
		{"empty set", "a u8 in {}", "1:1:6: the set is empty"},
		{"empty range", "a u8 in {5..3}", "1:1:10: the range is empty"},
		{"max", "a zstr max 0", "1:1:12: 0 is not between 1 and 65536"},
		{"order", "order middle", "1:1:7: little or big is wanted, not middle"},
		{"expect", "expect sctp 5 as x", "1:1:8: tcp or udp is wanted, not sctp"},
		{"else of layer", "layer \"x\" else \"y\"", "1:1:1: else goes with via"},
		{"answers nothing", "a u8\nanswers x == a", "1:2:9: nothing is remembered as x"},
		{"recall of nothing", "require recall(x) == 1", "1:1:16: nothing is remembered as x"},
		{"arguments", "require len() == 1", "1:1:9: len takes 1 arguments, not 0"},
		{"too many arguments", "require len(\"a\", \"b\") == 1", "1:1:18: len takes 1 arguments"},
		{"function without brackets", "require len == 1", "1:1:9: len is a function: write len(…)"},
		{"headers compared", "h headers == \"x\"", "1:1:11: headers take no constraint"},
		{"empty", "# nothing", "1:1:1: the layout is empty"},
		{"impossible", "a u8 == 1\nrequire a == 2", "1:1:1: nothing can match this layout: its constraints exclude each other"},
		{"behind stop", "when 1 == 1:\n  stop\n  a u8", "1:3:3: this is never reached: stop stands before it"},
		{"attribute", "attr \"a b\" = 1", "1:1:6: an attribute is wanted, not \"a b\""},
		{"character", "a u8 ; b", "1:1:6: unexpected character ';'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := compile(lang.Env{Open: true, Tables: map[string]*lang.Table{"name": {}}}, tt.layout)
			var errs lang.Errors
			if !errors.As(err, &errs) {
				t.Fatalf("error is %v", err)
			}
			if got := "1:" + errs[0].Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// All mistakes are reported, each once.
func TestAllErrors(t *testing.T) {
	_, err := compile(lang.Env{Open: true}, "a u99\nwhen x == 1:\n  b u8\nelse:\n  c u99\nd u8 == y", "e u77")
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{"1:1:", "2:6:", "6:9:", "1:1:"}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d errors: %v", len(lines), err)
	}
	for i, w := range want {
		if !strings.HasPrefix(lines[i], w) {
			t.Errorf("error %d is %s, want %s", i, lines[i], w)
		}
	}
}

// What one message recalls another may remember, in any order.
func TestMemoryOrder(t *testing.T) {
	prog, err := compile(lang.Env{Open: true}, "a u8 == recall(x)\nremember a as y", "b u8\nremember b as x\nrequire seen(y, b)")
	if err != nil {
		t.Fatal(err)
	}
	if len(prog.Memories) != 2 {
		t.Errorf("%d memories, want 2", len(prog.Memories))
	}
	_, err = compile(lang.Env{Open: true}, "a u8 == recall(x)\nremember a as y", "b u8 == recall(y)\nremember b as x")
	if err == nil {
		t.Error("types that depend on each other were found")
	}
	_, err = compile(lang.Env{Open: true}, "a u8\nremember a as x", "b bytes 1\nanswers x == b")
	if err == nil || !strings.Contains(err.Error(), "x is remembered as an integer") {
		t.Errorf("got %v", err)
	}
}

// rows prints the first n bytes of a layout's rows: 41, {…} with the number of
// values, or .. for any.
func rows(l *lang.Layout, n int) string {
	var out []string
	for _, r := range l.Rows {
		var sb strings.Builder
		for i := range n {
			sb.WriteString(r.Prefix[i].String() + " ")
		}
		out = append(out, strings.TrimSpace(sb.String()))
	}
	return strings.Join(out, " | ")
}

func TestRows(t *testing.T) {
	tests := []struct {
		name, layout string
		n            int
		want         string
		min          int
	}{
		{"fixed", "a u8 == 1\nb u16be == 0x0203\nc u16le == 0x0405", 6, "01 02 03 05 04 ??", 5},
		{"range", "a u8 in {1, 3..5}\nb u16be <= 0x1FF", 3, "{01,03-05} 00-01 ??", 3},
		{"set of words", "a u16be in {0x0100, 0x0205}", 2, "01 00 | 02 05", 2},
		{"mask", "a u16be & 0xF00F == 0x4001", 2, "40-4f {01,11,21,31,41,51,61,71,81,91,a1,b1,c1,d1,e1,f1}", 2},
		{"strings", "a bytes 2 in {\"GE\", \"PU\"}", 2, "47 45 | 50 55", 2},
		{"magic", "_ u8\nmagic nocase \"a1\"", 3, "?? {41,61} 31", 3},
		{"require", "a u8\nb u8\nrequire b == 7 and a < 2", 2, "00-01 07", 2},
		{"require of one", "a u8\nb u8\nrequire b == 7\nrequire a < 2", 2, "00-01 07", 2},
		{"reject", "a u8\nreject a > 3", 1, "00-03", 1},
		{"either", "either:\n  a u8 == 1\nor:\n  magic \"xy\"\nb u8 == 9", 3, "01 09 ?? | 78 79 09", 2},
		{"optional", "optional:\n  a u8 == 1\nb u8 == 2", 2, "02 ?? | 01 02", 1},
		{"when", "a u8\nwhen a == 1:\n  b u8 == 5\nelse:\n  b u8 == 6", 2, "01 05 | {00,02-ff} 06", 2},
		{"variable field", "a u8 == 1\ns zstr\nb u8 == 2", 3, "01 ?? ??", 3},
		{"order", "f u8 in {0, 1}\norder little if f == 1 else big\nv u16 == 0x0102", 3, "01 02 01 | 00 01 02", 3},
		{"regex", "_ regex /[A-C]x(y|z)w*/", 4, "41-43 78 79-7a ??", 3},
		{"anchored", "s bytes 3 matches /^a[bc]/", 2, "61 62-63", 3},
		{"at", "at 2\na u8 == 7", 3, "?? ?? 07", 3},
		{"skip", "skip 1\na u8 == 7", 2, "?? 07", 2},
		{"within", "within 2:\n  a u8 == 1\nb u8 == 2", 3, "01 ?? 02", 3},
		{"repeat", "repeat 2:\n  a u8 == 1\nb u8 == 2", 3, "01 01 02", 3},
		{"sure", "a u8 == 1\nsure\nb u64be == 5", 2, "01 00", 1},
		{"stop", "a u8\nwhen a == 1:\n  stop\nb u8 == 2", 2, "01 ?? | {00,02-ff} 02", 1},
		{"ber", "s ber {0x30, 0x60..0x62}\nn berint", 1, "{30,60-62}", 5},
		{"dec", "a dec 2..3", 3, "30-39 30-39 ??", 2},
		{"starts", "s bytes 4\nrequire starts(s, \"ab\")", 3, "61 62 ??", 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			prog, err := compile(lang.Env{Sized: true, Open: true}, tt.layout)
			if err != nil {
				t.Fatal(err)
			}
			l := prog.Layouts[0]
			if got := rows(l, tt.n); got != tt.want || l.Min != tt.min {
				t.Errorf("got  %s, min %d\nwant %s, min %d", got, l.Min, tt.want, tt.min)
			}
		})
	}
}

func TestPattern(t *testing.T) {
	tests := []struct{ in, want string }{
		{"c0-ff 00 ??", "c0-ff 00 ??"},
		{"4? ?4", "40-4f {04,14,24,34,44,54,64,74,84,94,a4,b4,c4,d4,e4,f4}"},
		{"{00,16} {01-03, 7?}", "{00,16} {01-03,70-7f}"},
		{`"Ab" i"a1"`, "41 62 {41,61} 31"},
		{`"\r\n\""`, "0d 0a 22"},
	}
	for _, tt := range tests {
		sets, err := lang.ParsePattern(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		var got []string
		for _, s := range sets {
			got = append(got, s.String())
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, s, tt.want)
		}
	}
	for _, bad := range []string{"", "0", "zz", "05-03", "05-", "{01", `"a`, "{}}", "4?-50"} {
		if _, err := lang.ParsePattern(bad); err == nil {
			t.Errorf("%q is taken for a pattern", bad)
		}
	}
}

// Any text gives a program or errors with positions inside it.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"a u8 == 1\nwhen a == 2:\n  b u16le\nelse:\n  c bytes rest\nend", "magic hex FE 53 -> x", "_ regex /a(?P<n>b)*/i max 9",
		"either:\n  a dec 1..3\nor:\n  b ber {1, 2..3}\nrepeat a max 3:\n  skip 1", "expect tcp 5 at \"h\" as x-y, 9p opaque for 3",
		"order little if u8(0) in {1, 2..3} else big\nlet x = pick(pos == 1, ~2, -3)\nattr a.b-c = x", "remember 1 as n\nanswers n == 1\nrequire seen(n)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		_, err := compile(lang.Env{Sized: true, Open: true}, text)
		var errs lang.Errors
		if err != nil && !errors.As(err, &errs) {
			t.Fatalf("error of another type: %v", err)
		}
		lines := strings.Split(text, "\n")
		for _, e := range errs {
			if e.Line < 1 || e.Line > len(lines) || e.Column < 1 || e.Column > len(lines[e.Line-1])+1 {
				t.Errorf("%q: position outside of the text: %v", text, e)
			}
		}
	})
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"c0-ff ?? 4?", `{00,16} i"x" "y\n"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sets, err := lang.ParsePattern(s)
		if (err == nil) == (len(sets) == 0) {
			t.Errorf("%q: %d sets and error %v", s, len(sets), err)
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	const layout = "type u8 == 1\nflags u8 & 0xF0 == 0\nlen u16be in {8..512}\nframe len + 4\n" +
		"when flags & 1 != 0:\n  id u32be\n  remember id as id\nname zstr max 64 -> x.name\nrequire printable(name)\n" +
		"_ regex /[A-Z]{3} [0-9]+/\nwalk:\n  t u8 in {1, 2, 3}\n  n u8\n  _ bytes n\n"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compile(lang.Env{Sized: true, Open: true}, layout); err != nil {
			b.Fatal(err)
		}
	}
}

func TestOffsets(t *testing.T) {
	tests := []struct {
		layout string
		want   map[int]int
	}{
		{"a u8\nb u16be\nc zstr\nd u8", map[int]int{1: 0, 2: 1, 3: 3}},
		{"a u8\nwhen a == 1:\n  b u16be\nelse:\n  c bytes 2\nd u8", map[int]int{1: 0, 3: 1, 5: 1, 6: 3}},
		{"a u8\nwhen a == 1:\n  b u8\nc u8", map[int]int{1: 0, 3: 1}},
		{"at 4\na u8\nalign 8\nb u8\nskip 1\nc u8", map[int]int{2: 4, 4: 8, 6: 10}},
		{"within 4:\n  a u8\nb u8", map[int]int{2: 0, 3: 4}},
		{"either:\n  a u16be == 1\nor:\n  b u16be == 2\nc u8\npayload rest", map[int]int{2: 0, 4: 0, 5: 2, 6: 3}},
		{"n u8\nrepeat n:\n  a u8\nb u8", map[int]int{1: 0}},
	}
	for _, tt := range tests {
		prog, err := compile(lang.Env{Sized: true}, tt.layout)
		if err != nil {
			t.Fatal(err)
		}
		if got := prog.Layouts[0].Offsets(); !maps.Equal(got, tt.want) {
			t.Errorf("%q: %v, want %v", tt.layout, got, tt.want)
		}
	}
}
