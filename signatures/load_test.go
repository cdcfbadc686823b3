package signatures_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/signatures"
)

// file is a signature that loads; edit replaces parts of it.
func file(edit ...string) string {
	return strings.NewReplacer(edit...).Replace(`protocol: wg
title: WireGuard
family: vpn
spec: the paper, §5.4.2
over: [udp]
messages:
  initiation:
    from: client
    layout: |
      type       u8 == 1
      reserved   bytes 3 == hex 00 00 00
      sender     u32le
      _          bytes 140
      end
      remember sender as initiator
  response:
    from: server
    layout: |
      type       u8 == 2
      reserved   bytes 3 == hex 00 00 00
      sender     u32le
      receiver   u32le
      _          bytes 80
      end
      answers initiator == receiver
examples:
  - name: handshake
    exchange:
      - client: 01 00 00 00 11 22 33 44 55*140
      - server: 02 00 00 00 99 aa bb cc 11 22 33 44 55*80
    protocols: [wg]
    confidence: certain
counterexamples:
  - name: one byte short
    exchange:
      - client: 01 00 00 00 11 22 33 44 55*139
`)
}

func folder(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

func TestLoad(t *testing.T) {
	s, err := signatures.Load(folder("vpn/wg.yaml", file()), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := s.File("wg")
	if f == nil || f.Title != "WireGuard" || f.Family != "vpn" || f.Spec == "" || len(f.Messages) != 2 {
		t.Fatalf("got %+v", f)
	}
	m := f.Messages[1]
	if m.Name != "response" || m.From != dissect.FromServerOnly || m.Bits() != 32 || m.Line() != 16 || m.Reason != "response" {
		t.Errorf("got %+v, %d bits, line %d", m, m.Bits(), m.Line())
	}
	p := s.Protocols()
	if len(p) != 1 || p[0].Name != "wg" || len(p[0].Rows) != 2 || p[0].Rows[0].Signature != "wg.initiation" || p[0].New() == nil {
		t.Errorf("got %+v", p)
	}
	engine := engine(t, s)
	failures, err := signatures.RunExamples(s, signatures.EngineRunner{Engine: engine})
	if err != nil || len(failures) > 0 {
		t.Errorf("%v %v", failures, err)
	}
}

// Mistakes are reported with the place in the file.
func TestMistakes(t *testing.T) {
	tests := []struct {
		name string
		edit []string
		want []string
	}{
		{"unknown key", []string{"over:", "port: 51820\nover:"}, []string{"vpn/wg.yaml:5:1: unknown key port"}},
		{"missing key", []string{"title: WireGuard\n", ""}, []string{"vpn/wg.yaml:1:1: title is missing"}},
		{"missing spec and examples", []string{"spec: the paper, §5.4.2\n", "", "examples:\n  - name: handshake", "notes:\n  - name: x"}, []string{
			"vpn/wg.yaml:1:1: spec is missing", "vpn/wg.yaml:1:1: examples is missing",
		}},
		{"layout", []string{"u8 == 1", "u9 == 1", "answers initiator", "answers other"}, []string{
			"vpn/wg.yaml:10:7: unknown statement or type: a line is NAME TYPE, or a statement, did you mean u8?",
			"vpn/wg.yaml:25:15: nothing is remembered as other",
		}},
		{"folded layout", []string{"client\n    layout: |", "client\n    layout: >"}, []string{"vpn/wg.yaml:9:13: a layout's lines must be kept: write layout: |"}},
		{"yaml", []string{"over: [udp]", "over: [udp"}, []string{"vpn/wg.yaml:"}},
		{"from", []string{"from: server", "from: both"}, []string{"vpn/wg.yaml:17:11: either, client, server is wanted"}},
		{"family", []string{"family: vpn", "family: web"}, []string{"vpn/wg.yaml:3:9: the file is in the folder vpn"}},
		{"unreachable", []string{"from: server\n    layout: |\n      type       u8 == 2\n      reserved   bytes 3 == hex 00 00 00\n      sender     u32le\n      receiver   u32le\n      _          bytes 80\n      end\n      answers initiator == receiver", "from: client\n    layout: |\n      type       u8 == 1\n      reserved   bytes 3 == hex 00 00 00\n      sender     u32le\n      _          bytes 140\n      end\n      remember sender as initiator"}, []string{"vpn/wg.yaml:16:3: response can't be reached: initiation matches before it"}},
		{"twice", []string{"  response:", "  initiation:"}, []string{"vpn/wg.yaml:16:3:"}},
		{"native", []string{"messages:", "native: x\nmessages:"}, []string{"vpn/wg.yaml:6:9: either messages or native"}},
		{"budget", []string{"over:", "budget: 9 bytes\nover:"}, []string{"vpn/wg.yaml:5:9: a number of bytes up to 1MiB is wanted, such as 64KiB"}},
		{"table", []string{"over:", "tables: {x: {file: none.tsv}}\nover:"}, []string{"vpn/wg.yaml:5:20: table none.tsv can't be read:"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := signatures.Load(folder("vpn/wg.yaml", file(tt.edit...)), nil)
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			for i, want := range tt.want {
				if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
					t.Fatalf("got\n%v\nwant\n%s", err, strings.Join(tt.want, "\n"))
				}
			}
		})
	}
}

// The mistakes of all files come together.
func TestMistakesOfAllFiles(t *testing.T) {
	_, err := signatures.Load(folder(
		"a.yaml", file("protocol: wg", "protocol: a", "u8 == 1", "u8 === 1"),
		"b.yaml", file("protocol: wg", "protocol: b", "title: WireGuard", "titel: WireGuard"),
		"c.yaml", file("protocol: wg", "protocol: c"),
		"d.yaml", file("protocol: wg", "protocol: c"),
	), nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"a.yaml:10:", "b.yaml:2:1: unknown key titel", "b.yaml:1:1: title is missing", "d.yaml: protocol c is described in c.yaml already"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
}

func TestMistakesInExamples(t *testing.T) {
	tests := []struct {
		name string
		edit []string
		want string
	}{
		{"bytes", []string{"- client: 01 00 00 00 11 22 33 44 55*140", "- client: 01 0"}, `vpn/wg.yaml:29:17: two hex digits or "text" are wanted at "0"`},
		{"key", []string{"confidence:", "certainty:"}, "vpn/wg.yaml:32:5: unknown key certainty"},
		{"confidence", []string{"certain\n", "sure\n"}, "vpn/wg.yaml:32:17: certain, likely, expected, declared is wanted"},
		{"protocols", []string{"protocols: [wg]", "protocols: [wireguard]"}, "vpn/wg.yaml:27:5: an example's protocols must have wg"},
		{"no protocols", []string{"    protocols: [wg]\n", ""}, "vpn/wg.yaml:27:5: protocols is missing"},
		{"none", []string{"counterexamples:\n  - name: one byte short\n    exchange:\n      - client: 01 00 00 00 11 22 33 44 55*139\n", "counterexamples: []\n"}, "vpn/wg.yaml:33:18: counterexamples: at least one is wanted"},
		{"transport", []string{"over: [udp]", "over: [gre]"}, "vpn/wg.yaml:27:5: transport is missing: wg is not carried by one itself"},
		{"side", []string{"- server:", "- sender:"}, "vpn/wg.yaml:30:9: client: BYTES or server: BYTES is wanted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := signatures.Load(folder("vpn/wg.yaml", file(tt.edit...)), nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.File("wg").Examples()
			if err == nil || strings.Split(err.Error(), "\n")[0] != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// What an example says is compared in full.
func TestFailures(t *testing.T) {
	tests := []struct{ name, from, to, want string }{
		{"protocols", "protocols: [wg]", "protocols: [wg, x]", `example "handshake": protocols are [wg], not [wg,x]`},
		{"confidence", "confidence: certain", "confidence: likely", `example "handshake": confidence is "certain", not "likely"`},
		{"attributes", "confidence: certain", "attributes: {wg.x: y}", `example "handshake": wg.x is "", not "y"`},
		{"expects", "confidence: certain", "expects: [udp/5=rtp]", `example "handshake": udp/5=rtp is not announced, only []`},
		{"counterexample", "55*139", "55*140", `counterexample "one byte short": must not be wg, is [wg]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := signatures.Load(folder("vpn/wg.yaml", file(tt.from, tt.to)), nil)
			if err != nil {
				t.Fatal(err)
			}
			failures, err := signatures.RunExamples(s, signatures.EngineRunner{Engine: engine(t, s)})
			if err != nil {
				t.Fatal(err)
			}
			if len(failures) != 1 || !strings.HasSuffix(failures[0].Error(), tt.want) {
				t.Errorf("got %v, want %s", failures, tt.want)
			}
		})
	}
}

func TestOverride(t *testing.T) {
	s, err := signatures.Load(folder("a.yaml", file("protocol: wg", "protocol: a"), "b.yaml", file("protocol: wg", "protocol: b")), nil)
	if err != nil {
		t.Fatal(err)
	}
	own, err := signatures.Load(folder("x.yaml", file("protocol: wg", "protocol: b", "WireGuard", "mine"), "y.yaml", file("protocol: wg", "protocol: c")), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Override(own)
	var got []string
	for _, f := range s.Files() {
		got = append(got, f.Protocol+" "+f.Title)
	}
	if diff := cmp.Diff([]string{"a WireGuard", "b mine", "c WireGuard"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNative(t *testing.T) {
	src := file("messages:\n", "native: own\nrows:\n  - {name: first, from: client, bytes: \"01 ?? 4?\", first: true}\n  - {name: any, bytes: '\"ab\" {00,16}', min: 2}\nnotes: |\n")
	natives := map[string]func() dissect.Parser{"own": func() dissect.Parser { return nil }}
	s, err := signatures.Load(folder("vpn/wg.yaml", src), natives)
	if err != nil {
		t.Fatal(err)
	}
	rows := s.Protocols()[0].Rows
	if len(rows) != 2 || rows[0].Signature != "wg.first" || rows[0].Min != 3 || !rows[0].FirstOnly || rows[0].From != dissect.FromClientOnly ||
		rows[1].Min != 2 || !rows[1].Prefix[2].Has(0x16) || rows[1].Prefix[2].Has(0x15) || rows[0].Prefix[1] != nil {
		t.Errorf("got %+v", rows)
	}
	if _, err := signatures.Load(folder("vpn/wg.yaml", src), map[string]func() dissect.Parser{}); err == nil ||
		!strings.Contains(err.Error(), "vpn/wg.yaml:6:9: there is no native parser own") {
		t.Errorf("got %v", err)
	}
	s, err = signatures.Load(folder("vpn/wg.yaml", src), nil)
	if err != nil || len(s.Protocols()) != 0 {
		t.Errorf("without parsers: %v, %d protocols", err, len(s.Protocols()))
	}
}

func TestTables(t *testing.T) {
	src := file("over: [udp]", "over: [udp]\ntables:\n  here: {1: one, 0x02: two}\n  there: {file: far.tsv}\n",
		"type       u8 == 1", "type       u8 == 1 -> wg.a via here", "type       u8 == 2", "type       u8 == 2 -> wg.b via there",
		"confidence: certain", "attributes: {wg.a: one, wg.b: deux}")
	for _, where := range []string{"vpn/far.tsv", "tables/far.tsv"} {
		s, err := signatures.Load(folder("vpn/wg.yaml", src, where, "# number\tname\n1\tun\n0x2\tdeux\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		failures, err := signatures.RunExamples(s, signatures.EngineRunner{Engine: engine(t, s)})
		if err != nil || len(failures) > 0 {
			t.Errorf("%v %v", failures, err)
		}
	}
	_, err := signatures.Load(folder("vpn/wg.yaml", src, "tables/far.tsv", "1 un\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "far.tsv:1:1: two columns with a tab between them are wanted") {
		t.Errorf("got %v", err)
	}
}

func TestExampleFile(t *testing.T) {
	src := file("- client: 01 00 00 00 11 22 33 44 55*140", "- client: {file: long.hex}")
	for _, where := range []string{"vpn/examples/long.hex", "examples/long.hex"} {
		s, err := signatures.Load(folder("vpn/wg.yaml", src, where, "01 00 00 00 # type\n11223344\n55*140\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		failures, err := signatures.RunExamples(s, signatures.EngineRunner{Engine: engine(t, s)})
		if err != nil || len(failures) > 0 {
			t.Errorf("%v %v", failures, err)
		}
	}
}

func TestParseBytes(t *testing.T) {
	tests := []struct{ in, want string }{
		{"01 ff", "\x01\xff"},
		{"01ff", "\x01\xff"},
		{`"a\r\n\x00" 41`, "a\r\n\x00A"},
		{"41*3 42", "AAAB"},
		{`"ab"*2`, "abab"},
		{"41 # comment 42\n43", "AC"},
		{"", ""},
		{"41*0", ""},
	}
	for _, tt := range tests {
		got, err := signatures.ParseBytes(tt.in)
		if err != nil || string(got) != tt.want {
			t.Errorf("%q: %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
	for _, bad := range []string{"4", "4g", `"a`, `"\q"`, "41*", "41*x", "41*99999999", "zz"} {
		if b, err := signatures.ParseBytes(bad); err == nil {
			t.Errorf("%q gives %x", bad, b)
		}
	}
}

// Any text gives bytes or an error, and bytes in hex give themselves.
func FuzzParseBytes(f *testing.F) {
	for _, s := range []string{"01 ff", `"a\n"*3 # x`, "55*140"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := signatures.ParseBytes(s)
		if err != nil || len(b) > 4096 {
			return
		}
		var sb strings.Builder
		for _, c := range b {
			sb.WriteString(" " + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		}
		if again, err := signatures.ParseBytes(sb.String()); err != nil || string(again) != string(b) {
			t.Errorf("%x gives %x, %v", b, again, err)
		}
	})
}

// Any file gives a set or errors.
func FuzzLoad(f *testing.F) {
	f.Add(file())
	f.Add(file("over: [udp]", "over: udp\ntables: {a: {1: b}}\nabove: {x: y}\nbudget: 64KiB"))
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 4096 {
			return
		}
		s, err := signatures.Load(folder("vpn/x.yaml", src), nil)
		if err != nil {
			return
		}
		for _, f := range s.Files() {
			if _, err := f.Examples(); err != nil {
				continue
			}
		}
		s.Protocols()
	})
}

func TestWarnings(t *testing.T) {
	s, err := signatures.Load(folder("vpn/wg.yaml", file("over: [udp]", "over: [udp, gre]\nabove: {x: reason}", "type       u8 == 1", "type       u8 != 1", "bytes 3 == hex 00 00 00", "bytes 3")), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range s.Warnings() {
		got = append(got, w.Error())
	}
	want := []string{
		"vpn/wg.yaml: over gre: there is no such protocol",
		"vpn/wg.yaml: above x: there is no such protocol",
		"vpn/wg.yaml:8:3: wg.initiation is costly: its first 4 bytes say 0.0 bits, 8 are wanted",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if w := load(t).Warnings(); len(w) > 0 {
		t.Logf("built in: %v", w)
	}
}

func TestShow(t *testing.T) {
	s, err := signatures.Load(folder("vpn/wg.yaml", file("      answers initiator == receiver\n", "      when sender == receiver:\n          answers initiator == receiver\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	m := s.File("wg").Messages[1]
	if got := m.Prefix(); got != "02 00 00 00" {
		t.Errorf("prefix %s", got)
	}
	var sb strings.Builder
	if err := m.WriteLayout(&sb); err != nil {
		t.Fatal(err)
	}
	want := `     0  type       u8 == 2
     1  reserved   bytes 3 == hex 00 00 00
     4  sender     u32le
     8  receiver   u32le
    12  _          bytes 80
        end
        when sender == receiver:
            answers initiator == receiver
`
	if diff := cmp.Diff(want, sb.String()); diff != "" {
		t.Error(diff)
	}
}
