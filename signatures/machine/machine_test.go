package machine_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/signatures/lang"
	"github.com/sniffid/sniffid/signatures/machine"
)

var tables = map[string]*lang.Table{
	"names": {Ints: map[uint64]string{1: "one", 2: "two"}, Texts: map[string]string{"a": "letter"}},
}

// program compiles layouts into messages named a, b, c…
func program(t testing.TB, layouts ...string) *machine.Program {
	t.Helper()
	p, err := compile(layouts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func compile(layouts ...string) (*machine.Program, error) {
	var units []lang.Unit
	for i, l := range layouts {
		units = append(units, lang.Unit{Name: string(rune('a' + i)), Text: l})
	}
	prog, err := lang.Compile(lang.Env{Tables: tables, Sized: true, Open: true}, units)
	if err != nil {
		return nil, err
	}
	var messages []machine.Message
	for _, l := range prog.Layouts {
		messages = append(messages, machine.Message{Layout: l, Signature: "t." + l.Name, Reason: l.Name, MaxBits: -1})
	}
	return machine.New(messages, len(prog.Memories)), nil
}

func data(t testing.TB, s string) []byte {
	t.Helper()
	var out []byte
	for _, part := range strings.Split(s, "|") {
		if text, ok := strings.CutPrefix(part, "="); ok {
			out = append(out, text...)
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		out = append(out, b...)
	}
	return out
}

var hosts = &dissect.Context{
	Client: netip.MustParseAddr("10.0.0.1"), Server: netip.MustParseAddr("239.1.2.3"), Transport: "udp",
}

// result is a parse in short form.
func result(o dissect.Outcome, r *dissect.Report) string {
	switch o {
	case dissect.Reject:
		return "reject"
	case dissect.NeedMore:
		return fmt.Sprintf("need %d", r.Need)
	}
	var sb strings.Builder
	fmt.Fprintf(&sb, "%s len %d", strings.TrimPrefix(r.Signature, "t."), r.Length)
	for _, a := range r.Attributes {
		fmt.Fprintf(&sb, " %s=%s", a.Name, a.Value)
	}
	for _, p := range r.Payloads {
		fmt.Fprintf(&sb, " payload %d+%d", p.Offset, p.Length)
		if p.Stream {
			sb.WriteString(" stream")
		}
		if p.Channel != 0 {
			fmt.Fprintf(&sb, " channel %d", p.Channel)
		}
	}
	for _, l := range r.Layers {
		fmt.Fprintf(&sb, " layer %s", l)
	}
	for _, e := range r.Expectations {
		fmt.Fprintf(&sb, " expect %s/%d at %v as %v opaque %v for %d", e.Transport, e.Port, e.Host, e.Protocols, e.Opaque, e.Seconds)
	}
	if r.Transition != nil {
		fmt.Fprintf(&sb, " become %+v", *r.Transition)
	}
	if r.Incomplete {
		fmt.Fprintf(&sb, " incomplete %d", r.Need)
	}
	if r.Verified {
		sb.WriteString(" verified")
	}
	if r.Answers {
		sb.WriteString(" answers")
	}
	return sb.String()
}

func datagram(b []byte) *dissect.Message {
	return &dissect.Message{Data: b, Size: len(b), First: true, Context: hosts, Ended: true}
}

func stream(b []byte) *dissect.Message {
	return &dissect.Message{Data: b, Size: len(b), Open: true, First: true, Context: hosts}
}

func TestFields(t *testing.T) {
	tests := []struct{ name, layout, in, want string }{
		{"integers", "a u8\nb u16be\nc u16le\nd u24be\ne u24le\nrequire a == 1 and b == 0x0203 and c == 0x0504 and d == 0x060708 and e == 0x0b0a09\nend", "01 0203 0405 060708 090a0b", "a len 11"},
		{"wide integers", "a u32be\nb u32le\nc u48be\nd u64le\nrequire a == 1 and b == 2 and c == 3 and d == 4", "00000001 02000000 000000000003 0400000000000000", "a len 22"},
		{"more wide integers", "a u48le\nb u64be\nrequire a == 0x060504030201 and b == 0xffffffffffffffff", "010203040506 ffffffffffffffff", "a len 14"},
		{"order", "order little\na u16\norder big\nb u16\nrequire a == b", "0201 0102", "a len 4"},
		{"order if", "a u8\norder little if a == 1 else big\nb u16 == 0x0102\nc u24 == 1\nd u32 == 2\ne u48 == 3\nf u64 == 4", "01 0201 010000 02000000 030000000000 0400000000000000", "a len 24"},
		{"constraint fails", "a u8 == 5", "04", "reject"},
		{"mask", "a u8 & 0xF0 == 0x40", "4f", "a len 1"},
		{"modulo", "a u32be % 4 == 0", "00000006", "reject"},
		{"set", "a u8 in {1, 3, 5..9}", "07", "a len 1"},
		{"not in set", "a u8 in {1, 3, 5..9}", "04", "reject"},
		{"strings in set", `a bytes 4 in {"GET ", "PUT "}`, "=PUT ", "a len 4"},
		{"matches", "a token matches /^[A-Z]+$/\n_ line", "=ABC d\n", "a len 6"},
		{"matches not", "a token matches /^[A-Z]+$/\n_ line", "=AbC d\n", "reject"},
		{"and", "a u8 >= 3 and a <= 5", "04", "a len 1"},
		{"bytes of a length", "n u8\ns bytes n -> v\nend", "03|=abc", "a len 4 v=abc"},
		{"bytes of an expression", "n u8\ns bytes (n-4) * 2 == \"abcd\"\nend", "06|=abcd", "a len 5"},
		{"rest", "n u8\ns text rest -> v", "03|=abc", "a len 4 v=abc"},
		{"empty rest", "n u8\ns text rest", "03", "a len 1"},
		{"magic", `magic "SSH-"`, "=SSH-", "a len 4"},
		{"magic hex", "magic hex FE 53\nb u8", "fe5301", "a len 3"},
		{"magic nocase", `m magic nocase "ehlo" -> m`, "=EhLo", "a len 4 m=EhLo"},
		{"magic differs", `magic "SSH-"`, "=SSX-", "reject"},
		{"magic beyond the end", `magic "SSH-"`, "=SSH", "reject"},
		{"zstr", "s zstr -> v\nend", "=abc|00", "a len 4 v=abc"},
		{"zstr too long", "s zstr max 2", "=abc|00", "reject"},
		{"line LF", "s line -> v\nend", "=abc\n", "a len 4 v=abc"},
		{"line CRLF", "s line -> v\nend", "=abc\r\n", "a len 5 v=abc"},
		{"line at the end", "s line -> v\nend", "=abc", "a len 3 v=abc"},
		{"token", "s token -> v\nt u8 == 0x20", "=abc ", "a len 4 v=abc"},
		{"empty token", "s token", "= ", "reject"},
		{"until", `s until "::" -> v` + "\nend", "=a:b::", "a len 5 v=a:b"},
		{"dec", "n dec 1..3 -> n\nm u8", "=123x", "a len 4 n=123"},
		{"dec too short", "n dec 2..3", "=1x", "reject"},
		{"dec stops at the most", "n dec 1..2\nm u8 == 0x33", "=123", "a len 3"},
		{"hexdigits", "n hexdigits 2..4 == 0xfF0\n_ line", "=Ff0 ", "a len 4"},
		{"utf16le", "s utf16le 4 -> v", "61003ac3", "a len 4 v=a\uc33a"},
		{"utf16le surrogates", "s utf16le 4 -> v", "3dd800de", "a len 4 v=\U0001F600"},
		{"utf16le z", "s utf16le z -> v\nend", "61006200 0000", "a len 6 v=ab"},
		{"uuid be", "u uuid be -> v", "00112233445566778899aabbccddeeff", "a len 16 v=00112233-4455-6677-8899-aabbccddeeff"},
		{"uuid le", "u uuid le -> v", "33221100554477668899aabbccddeeff", "a len 16 v=00112233-4455-6677-8899-aabbccddeeff"},
		{"uuid by order", "order little\nu uuid == \"00112233-4455-6677-8899-aabbccddeeff\"", "33221100554477668899aabbccddeeff", "a len 16"},
		{"varint leb", "n varint leb == 624485\nend", "e58e26", "a len 3"},
		{"varint leb too long", "n varint leb", "ffffffffffffffffffffff01", "reject"},
		{"varint mqtt", "n varint mqtt == 321\nend", "c102", "a len 2"},
		{"varint mqtt too long", "n varint mqtt", "8080808001", "reject"},
		{"varint quic", "n varint quic == 15293\nend", "7bbd", "a len 2"},
		{"varint quic one byte", "n varint quic == 37\nend", "25", "a len 1"},
		{"ber", "s ber 0x30 == 3\nn berint == 5\nend", "3003 020105", "a len 5"},
		{"ber tag", "s ber {0x60, 0x62..0x64} -> n\nattr t = text(s.tag)", "6300", "a len 2 n=0 t=99"},
		{"ber other tag", "s ber {0x60, 0x62..0x64}", "6100", "reject"},
		{"ber high tag", "s ber 0x7F65", "7f6500", "a len 3"},
		{"ber long length", "s ber 0x30 == 1\n_ bytes 1", "30840000000100", "a len 7"},
		{"ber beyond the end", "s ber 0x30", "3005 00", "reject"},
		{"ber indefinite", "s ber 0x30", "3080 0000", "reject"},
		{"berint negative", "n berint == -2", "0201fe", "a len 3"},
		{"berint enumerated", "n berint == 256", "0a020100", "a len 4"},
		{"berint too long", "n berint", "0209010101010101010101", "reject"},
		{"berstr", "s berstr -> v\nend", "0403|=abc", "a len 5 v=abc"},
		{"berstr context", "s berstr -> v\nend", "8003|=abc", "a len 5 v=abc"},
		{"berstr integer", "s berstr", "020161", "reject"},
		{"dnsname", "n dnsname -> v\nend", "03|=www|02|=ab|00", "a len 8 v=www.ab"},
		{"dnsname root", "n dnsname -> v\nend", "00", "a len 1 v=."},
		{"dnsname pointer", "n dnsname\nm dnsname -> v\nend", "02|=ab|00 01|=c|c000", "a len 8 v=c.ab"},
		{"dnsname loop", "n dnsname", "c000", "reject"},
		{"dnsname forward", "n dnsname\nm u8", "c002 00", "reject"},
		{"nbname", "n nbname -> v\nend", "20|=EJFDEBFEEBFACACACACACACACACACACA|00", "a len 34 v=ISATAP<20>"},
		{"nbname scope", "n nbname -> v\nend", "20|=EJFDEBFEEBFACACACACACACACACACACA|03|=net|00", "a len 38 v=ISATAP<20>.net"},
		{"nbname letters", "n nbname", "20|=EJFDEBFEEBFACACACACACACACACACAC0|00", "reject"},
		{"addresses", "a ipv4 -> a\nb ipv6 -> b\nc mac -> c", "c0000201 20010db8000000000000000000000001 0202030405ff", "a len 26 a=192.0.2.1 b=2001:db8::1 c=02:02:03:04:05:ff"},
		{"regex", `r regex /[A-Z]+-(?P<n>[0-9]+)/ -> v` + "\nattr n = n\nend", "=AB-12", "a len 5 v=AB-12 n=12"},
		{"regex bytes", `r regex /\xff[^\x00]\x00/`, "ff fe 00", "a len 3"},
		{"regex fold", `r regex /abc/i`, "=aBC", "a len 3"},
		{"regex dot", `r regex /a.c/s`, "=a\nc", "a len 3"},
		{"regex dot and LF", `r regex /a.c/`, "=a\nc", "reject"},
		{"headers", "h headers\nrequire has(h, \"a\")\nattr b = header(h, \"B\")\nend", "=A: 1\r\nb:  2 \r\n\r\n", "a len 16 b=2"},
		{"headers without end", "h headers\nend", "=A: 1\r\n", "a len 6"},
		{"headers are none", "h headers", "=A 1\r\n\r\n", "reject"},
		{"headers missing", "h headers\nattr b = header(h, \"B\")", "=A: 1\r\n\r\n", "reject"},
		{"attribute via", "a u8 -> x via names\nb u8 -> y via names", "0103", "a len 2 x=one y=3"},
		{"named like its type", "line line -> v\nrequire len(line) == 2", "=ab\n", "a len 3 v=ab"},
		{"named like a statement", "end u8\nskip bytes end -> v", "01|=x", "a len 2 v=x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := program(t, tt.layout)
			in := data(t, tt.in)
			var r dissect.Report
			got := result(p.Parser().Parse(datagram(in), &r), &r)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			checkRows(t, p, in, tt.want)
			// Recording changes nothing.
			rec := dissect.Report{Recording: true}
			if again := result(p.Parser().Parse(datagram(in), &rec), &rec); again != got {
				t.Errorf("recording: got %q, want %q", again, got)
			}
		})
	}
}

// checkRows: what matches fits a row.
func checkRows(t *testing.T, p *machine.Program, in []byte, want string) {
	t.Helper()
	if want == "reject" {
		return
	}
	for _, r := range p.Rows() {
		fits := true
		for i := range min(len(in), len(r.Prefix)) {
			fits = fits && (r.Prefix[i] == nil || r.Prefix[i].Has(in[i]))
		}
		if fits && (strings.HasPrefix(want, "need") || len(in) >= min(r.Min, len(in))) {
			return
		}
	}
	t.Errorf("% x fits no row", in)
}

func TestStatements(t *testing.T) {
	tests := []struct{ name, layout, in, want string }{
		{"require", "a u8\nrequire a > 3", "03", "reject"},
		{"reject", "a u8\nreject a > 3", "03", "a len 1"},
		{"verify", "a u8\nb u8\nverify sum8(slice(0, 1)) == b", "0505", "a len 2 verified"},
		{"let", "a u8\nlet n = a * 2\ns bytes n\nend", "01|=ab", "a len 3"},
		{"let truth", "a u8\nlet big = a > 3\nwhen big:\n  b u8\nend", "0400", "a len 2"},
		{"let string", "a bytes 2\nlet s = concat(a, \"!\")\nattr v = s", "=ab", "a len 2 v=ab!"},
		{"frame", "n u8\nframe n", "03 0000", "a len 3"},
		{"frame too long", "n u8\nframe n", "04 0000", "reject"},
		{"frame too short", "n u8\nframe n", "02 0000", "reject"},
		{"frame within", "n u8\nframe n within", "02 0000", "a len 2"},
		{"frame before the position", "n u16be\nframe n", "0001", "reject"},
		{"at", "at 2\na u8 == 7\nend", "0000 07", "a len 3"},
		{"at beyond", "at 4", "0000 07", "reject"},
		{"skip", "skip 2\na u8 == 7\nend", "0000 07", "a len 3"},
		{"align", "a u8\nalign 4\nb u8 == 7", "01000000 07", "a len 5"},
		{"end", "a u8\nend", "0100", "reject"},
		{"when", "a u8\nwhen a == 1:\n  b u8\nelse:\n  c u16be\nend", "01 02", "a len 2"},
		{"else", "a u8\nwhen a == 1:\n  b u8\nelse:\n  c u16be\nend", "02 0203", "a len 3"},
		{"value of a block not taken", "a u8\nwhen a == 1:\n  b u8\nrequire b == 1", "02 01", "reject"},
		{"either", "either:\n  a u8 == 1\n  b u8 == 2\nor:\n  c u8 == 1\nend", "01", "a len 1"},
		{"either none", "either:\n  a u8 == 1\nor:\n  a u8 == 2\nend", "03", "reject"},
		{"either takes attributes back", "either:\n  a u8 -> x\n  b u8 == 9\nor:\n  c u8 -> y", "0102", "a len 2 y=1"},
		{"either takes values back", "let n = 0\neither:\n  a u8\n  b u8 == 9\nor:\n  c u8\nwhen c == 1:\n  d u8\nrequire n == 0\nrequire a == 1", "0102", "reject"},
		{"optional taken", "a u8\noptional:\n  b u8 == 2 -> x\nend", "0102", "a len 2 x=2"},
		{"optional not taken", "a u8\noptional:\n  b u8 == 2 -> x\nc u8 == 3\nend", "0103", "a len 2"},
		{"repeat", "n u8\nrepeat n:\n  x u8 == 7\nend", "0307 0707", "a len 4"},
		{"repeat too often", "n u8\nrepeat n max 2:\n  x u8 == 7", "0307 0707", "reject"},
		{"walk", "walk:\n  n u8\n  s bytes n -> s", "01|=a|02|=bc", "a len 5 s=a s=bc"},
		{"walk beyond", "walk:\n  n u8\n  s bytes n", "01|=a|03|=bc", "reject"},
		{"walk without progress", "walk:\n  require size == 1", "00", "reject"},
		{"walk bounded", "walk max 2:\n  n u8\nend", "01020304", "a len 4"},
		{"within", "n u8\nwithin n:\n  s text rest -> s\nb u8 == 9\nend", "02|=ab|09", "a len 4 s=ab"},
		{"within skips", "n u8\nwithin n:\n  s u8\nb u8 == 9", "02 0000 09", "a len 4"},
		{"within beyond", "n u8\nwithin n:\n  s u8", "02 00", "reject"},
		{"within bounds fields", "n u8\nwithin n:\n  s u16be\nb u8", "01 0000", "reject"},
		{"end of within", "n u8\nwithin n:\n  s u8\n  end\nb u8", "02 0000 00", "reject"},
		{"walk in within", "n u8\nwithin n:\n  walk:\n    t u8 in {1, 2}\nb u8 == 9", "02 0102 09", "a len 4"},
		{"payload", "a u8\npayload rest", "01 0203", "a len 3 payload 1+2"},
		{"payload of a length", "a u8\npayload a stream channel 7\nb u8 == 9", "01 02 09", "a len 3 payload 1+1 stream channel 7"},
		{"payload beyond", "a u8\npayload a", "02 00", "reject"},
		{"empty payload", "a u8\npayload rest", "02", "a len 1"},
		{"payload of some", "a u8\npayload rest as x-y, 9p", "02 00", "a len 2 payload 1+1"},
		{"layer", "a u8\nlayer \"nfs\"", "02", "a len 1 layer nfs"},
		{"layer via", "a u8\nlayer a via names", "02", "a len 1 layer two"},
		{"layer unknown", "a u8\nlayer a via names", "03", "a len 1"},
		{"layer else", "a u8\nlayer a via names else concat(\"n\", text(a))", "03", "a len 1 layer n3"},
		{"layer via text", "a bytes 1\nlayer a via names", "=a", "a len 1 layer letter"},
		{"become", "a u8\nbecome", "03", "a len 1 become {Offset:1 OneSided:false Messages:false}"},
		{"become onesided messages", "a u8\nbecome onesided messages", "03", "a len 1 become {Offset:1 OneSided:true Messages:true}"},
		{"expect", "p u16be\nexpect tcp p as ftp-data opaque for 60", "1234", "a len 2 expect tcp/4660 at invalid IP as [ftp-data] opaque true for 60"},
		{"expect at", "a ipv4\nexpect udp 80 at a as rtp, rtcp", "c0000201", "a len 4 expect udp/80 at 192.0.2.1 as [rtp rtcp] opaque false for 0"},
		{"expect no port", "p u16be\nexpect tcp p as x", "0000", "a len 2"},
		{"attr", "a u8\nattr x.y-z = a + 1", "01", "a len 1 x.y-z=2"},
		{"stop", "a u8\nstop", "01", "a len 0"},
		{"stop in a block", "a u8\nwhen a == 1:\n  stop\nb u8", "01", "a len 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := program(t, tt.layout)
			in := data(t, tt.in)
			var r dissect.Report
			if got := result(p.Parser().Parse(datagram(in), &r), &r); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			checkRows(t, p, in, tt.want)
		})
	}
}

func TestExpressions(t *testing.T) {
	// Each holds over the bytes 01 02 03 04 "Text".
	tests := []string{
		"pos == 4", "remaining == 4", "size == 8", "len(s) == 4", "u8(1) == 2", "u16be(1) == 0x0203", "u16le(1) == 0x0302",
		"u16(1) == 0x0203", "u32be(0) == 0x01020304", "slice(4, 2) == \"Te\"", "starts(s, \"Te\")", "not starts(s, \"te\")",
		"ends(s, \"xt\")", "contains(s, \"ex\")", "not contains(s, \"EX\")", "istarts(s, \"tE\")", "iends(s, \"XT\")",
		"icontains(s, \"EX\")", "iequal(s, \"tEXT\")", "number(\"42\") == 42", "number(\"2a\", 16) == 42", "pick(a == 1, 5, 6) == 5",
		"pick(a == 2, s, \"x\") == \"x\"", "distinct(\"abc\")", "not distinct(\"aba\")", "printable(s)", "not printable(slice(0, 4))",
		"count(s, \"t\") == 1", "text(a) == \"1\"", "hexstr(slice(0, 2)) == \"0102\"", "ip(slice(0, 4)) == \"1.2.3.4\"",
		"concat(\"a\", s, \"b\") == \"aTextb\"", "client_addr == \"10.0.0.1\"", "server_addr == \"239.1.2.3\"", "to_addr == server_addr",
		"from_addr == client_addr", "multicast(to_addr)", "not multicast(from_addr)", "transport == \"udp\"", "from_client", "not from_server",
		"1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "7 / 2 == 3", "7 % 4 == 3", "6 & 3 == 2", "6 | 1 == 7", "6 ^ 3 == 5", "1 << 4 == 16",
		"256 >> 4 == 16", "~0 == 0xffffffffffffffff", "-1 == ~0", "a + 2 * 3 == 7", "a << 1 + 1 == 3", "a == 1 and b == 2 or false_ == 1",
		"not a == 2", "not (a == 1 and b == 3)", "a != 2", "a < b", "b > a", "a <= 1", "a >= 1", "a in {1}", "b in {0..a + 1}",
		"s == \"Text\"", "s != \"text\"", "s < \"U\"", "s >= \"T\"", "s in {\"Text\", \"x\"}", "s matches /^T.*t$/", "s matches /EX/i",
		"s matches /x/", "not (s matches /^x/)", "1 << 64 == 0", "0x10 == 16", "1_000 == 1000", "\"\\x41\" == hex 41",
		"crc32(\"123456789\") == 0xCBF43926", "crc32c(\"123456789\") == 0xE3069283", "crc16_ccitt(\"123456789\") == 0x29B1",
		"crc16_modbus(\"123456789\") == 0x4B37", "crc16_x25(\"123456789\") == 0x906E", "crc16_dnp(\"123456789\") == 0xEA82",
		"adler32(\"Wikipedia\") == 0x11E60398", "fletcher16(\"abcde\") == 0xC8F0", "sum8(hex FF 02) == 1", "xor8(hex FF 0F) == 0xF0",
		"inet_checksum(hex 00 01 f2 03 f4 f5 f6 f7) == 0x220d", "sha256d4(\"\") == 0x5df6e0e2",
	}
	in := data(t, "01020304|=Text")
	for _, e := range tests {
		t.Run(e, func(t *testing.T) {
			e := strings.ReplaceAll(e, "false_", "a - 1")
			for _, not := range []bool{false, true} {
				stmt := "require"
				want := dissect.Match
				if not {
					stmt, want = "reject", dissect.Reject
				}
				p := program(t, "a u8\nb u8\nc u16be\n"+stmt+" "+withString(e))
				var r dissect.Report
				if got := p.Parser().Parse(datagram(in), &r); got != want {
					t.Errorf("%s %s: %v", stmt, e, got)
				}
			}
		})
	}
}

// withString puts a slice in the place of the field s, which would move the
// position.
func withString(e string) string {
	var out strings.Builder
	for i := 0; i < len(e); i++ {
		alone := e[i] == 's' && (i == 0 || strings.IndexByte(" (,", e[i-1]) >= 0) && (i+1 == len(e) || strings.IndexByte(" ,)", e[i+1]) >= 0)
		if alone {
			out.WriteString("slice(4, 4)")
		} else {
			out.WriteByte(e[i])
		}
	}
	return out.String()
}

// Impossible values are no match, whichever way they are asked.
func TestImpossible(t *testing.T) {
	for _, e := range []string{
		"1 / (a - 1) == 0", "1 % (a - 1) == 0", "a - 2 == 0", "number(\"x\") == 1", "number(\"99999999999999999999\") == 1",
		"u8(9) == 0", "slice(1, 9) == \"\"", "slice(9, 1) == \"\"", "ip(\"abc\") == \"\"",
	} {
		for _, stmt := range []string{"require", "reject"} {
			p := program(t, "a u8\n"+stmt+" "+e)
			var r dissect.Report
			if got := p.Parser().Parse(datagram([]byte{1, 2, 3}), &r); got != dissect.Reject {
				t.Errorf("%s %s: %v", stmt, e, got)
			}
		}
	}
}

func TestStream(t *testing.T) {
	tests := []struct{ name, layout, in, want string }{
		{"integer", "a u32be", "000000", "need 4"},
		{"second field", "a u16be\nb u32be", "0000 00", "need 6"},
		{"frame bounds", "n u8\nframe n\na u32be", "03 00", "reject"},
		{"frame not all there", "n u8\nframe n\na u8", "09 00", "a len 9"},
		{"layout's end", "a u8\nb u8", "01 02 03", "a len 2"},
		{"line", "a line", "=abc", "need 4"},
		{"line longer than its bound", "a line max 3", "=abc", "reject"},
		{"magic's first byte", `magic "SSH-"`, "=X", "reject"},
		{"magic so far", `magic "SSH-"`, "=SS", "need 4"},
		{"regex so far", `_ regex /(GET|PUT) /`, "=GE", "need 3"},
		{"regex not", `_ regex /(GET|PUT) /`, "=GX", "reject"},
		{"regex greedy", `_ regex /A[0-9]+/`, "=A12", "need 4"},
		{"regex done", `_ regex /A[0-9]+/`, "=A12 ", "a len 3"},
		{"sure", "magic \"AB\"\nsure\nx u32be -> x", "=ABc", "a len 0 incomplete 6"},
		{"sure and there", "magic \"AB\"\nsure\nx u8 -> x", "=ABc", "a len 3 x=99"},
		{"rest needs an end", "a u8\nb bytes rest", "0102", "reject"},
		{"rest of a frame", "n u8\nframe n\nb bytes rest", "0301", "need 3"},
		{"payload not all there", "n u8\nframe n + 1\npayload n", "0901", "a len 10 payload 1+9 incomplete 0"},
		{"payload stream", "n u8\npayload n stream", "0101", "a len 2 payload 1+1 stream"},
		{"either undecided", "either:\n  a u16be == 1\nor:\n  b u8\nc u8", "00", "need 2"},
		{"optional undecided", "a u8\noptional:\n  b u16be == 1", "01 00", "need 3"},
		{"headers so far", "h headers", "=A: b\r\n", "need 7"},
		{"headers wrong", "h headers", "=A b", "reject"},
		{"become", "a line\nbecome", "=x\ny", "a len 2 become {Offset:2 OneSided:false Messages:false}"},
		{"stop", "a u8\nstop", "0102", "a len 0"},
		{"token so far", "a token\nb u8", "=abc", "need 4"},
		{"dec so far", "a dec 1..5\nb u8", "=12", "need 3"},
		{"huge frame", "n u64be\nframe n", "00000001 00000000", "reject"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := program(t, tt.layout)
			in := data(t, tt.in)
			var r dissect.Report
			if got := result(p.Parser().Parse(stream(in), &r), &r); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			checkRows(t, p, in, tt.want)
		})
	}
}

// A stream that has ended brings nothing more.
func TestEnded(t *testing.T) {
	p := program(t, "magic \"AB\"\nx u8\nsure\ny u32be -> y\nz u8")
	for n, want := range []string{"reject", "reject", "reject", "a len 0", "a len 0", "a len 0", "a len 0", "a len 0 y=1", "a len 8 y=1"} {
		m := stream(data(t, "=AB|00 00000001 00")[:n])
		m.Ended = true
		var r dissect.Report
		if got := result(p.Parser().Parse(m, &r), &r); got != want {
			t.Errorf("%d bytes: got %q, want %q", n, got, want)
		}
	}
}

// The capture's snap length cuts datagrams: what was seen may be enough.
func TestCut(t *testing.T) {
	tests := []struct {
		name, layout string
		want         string
	}{
		{"nothing sure", "a u8 == 1\nb u64be >> 56 == 1", "reject"},
		{"sure", "a u8 == 1\nsure\nb u32be", "a len 8"},
		{"32 bits", "a u32be == 0x01020304\nb u32be == 0x05000000", "a len 8"},
		{"only passed over", "a u8 == 1\n_ bytes 7\nend", "a len 8"},
		{"beyond the size", "a u32be == 0x01020304\nb u32be\nc u8", "a len 8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := program(t, tt.layout)
			m := datagram(data(t, "01020304 05"))
			m.Size = 8
			var r dissect.Report
			if got := result(p.Parser().Parse(m, &r), &r); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	prog := program(t,
		"t u8 == 1\nid u16be\nremember id as id\nremember concat(\"n\", text(id)) as name",
		"t u8 == 2\nid u16be\nanswers id == id",
		"t u8 == 3\nid u16be\nrequire seen(id, id)\nrequire seen(name)\nattr last = recall(name)",
		"t u8 == 4\nremember 9 as id\nrequire 1 == 2",
		"t u8 == 5\nid u16be\nreject seen(id)",
	)
	type step struct {
		from flow.Direction
		in   string
		want string
	}
	run := func(name string, steps []step) {
		t.Run(name, func(t *testing.T) {
			p := prog.Parser()
			for i, s := range steps {
				m := datagram(data(t, s.in))
				m.From = s.from
				var r dissect.Report
				if got := result(p.Parse(m, &r), &r); got != s.want {
					t.Errorf("step %d: got %q, want %q", i, got, s.want)
				}
			}
		})
	}
	c, s := flow.FromClient, flow.FromServer
	run("answer", []step{{c, "010007", "a len 3"}, {s, "020007", "b len 3 answers"}, {s, "020008", "reject"}})
	run("nothing remembered", []step{{s, "020007", "b len 3"}})
	run("own direction", []step{{c, "010007", "a len 3"}, {c, "020008", "b len 3"}})
	run("seen and recall", []step{{c, "030007", "reject"}, {c, "010007", "a len 3"}, {s, "030007", "c len 3 last=n7"}, {s, "010009", "a len 3"}, {c, "030007", "c len 3 last=n9"}})
	run("no match remembers nothing", []step{{c, "04", "reject"}, {c, "050000", "e len 3"}})
	forgetful := []step{{c, "010000", "a len 3"}}
	for i := 1; i < 9; i++ {
		forgetful = append(forgetful, step{c, fmt.Sprintf("01%04x", i), "a len 3"})
	}
	run("the ninth forgets the first, which does no harm", append(forgetful, step{s, "020000", "b len 3"}, step{s, "020001", "b len 3 answers"}))
}

func TestBits(t *testing.T) {
	tests := []struct {
		layout, in string
		least, got int
	}{
		{"a u8 == 1", "01", 8, 8},
		{"a u8 & 0xF0 == 0x40", "41", 4, 4},
		{"a u16be in {1, 2, 3, 4}", "0001", 14, 14},
		{"a u8 < 16", "01", 4, 4},
		{"a u32be <= 0xFFFF", "00000001", 16, 16},
		{"a u8 != 1", "02", 0, 0},
		{"a u8 == 1 or a == 2", "02", 7, 7},
		{"magic \"abcd\"", "=abcd", 32, 32},
		{"magic nocase \"ab\"", "=ab", 14, 14},
		{"a bytes 2 in {\"ab\", \"cd\"}", "=ab", 15, 15},
		{"a u8\nb u8\nrequire a == b", "0101", 8, 8},
		{"a u32be\nb u32be\nrequire a == b", "0000000100000001", 16, 16},
		{"n u16be\nframe n", "0002", 0, 16},
		{"n u8\n_ bytes n\nend", "0100", 8, 8},
		{"_ bytes 4\nend", "00000000", 0, 0},
		{"walk:\n  n u8\n  _ bytes n", "0100 0100", 8, 8},
		{"_ regex /GET|PUT/", "=GET", 23, 23},
		{"_ regex /[0-9]{3} ok/", "=200 ok", 38, 38},
		{"either:\n  a u8 == 1\n  b u8 == 1\nor:\n  a u8 == 2", "02", 7, 7},
		{"either:\n  a u8 == 1\n  b u8 == 1\nor:\n  a u8 == 2", "0101", 7, 15},
		{"optional:\n  a u8 == 1\n_ bytes rest", "01", 0, 8},
		{"s text rest\nrequire printable(s)", "=0123456789", 0, 4},
		{"s text rest\nrequire printable(s)", "=" + strings.Repeat("x", 100), 0, 16},
		{"a u8\nverify crc32(slice(0, 1)) == 1", "01", 32, -1},
		{"require transport == \"udp\"", "01", 0, 0},
		{"require size == 1", "01", 0, 0},
		{"n dec 3", "=123", 14, 14},
		{"s ber 0x30", "3000", 8, 8},
	}
	for _, tt := range tests {
		prog, err := lang.Compile(lang.Env{Sized: true, Open: true}, []lang.Unit{{Name: "a", Text: tt.layout}})
		if err != nil {
			t.Fatal(err)
		}
		if least := prog.Layouts[0].Bits.Int(); least != tt.least {
			t.Errorf("%q: least %d bits, want %d", tt.layout, least, tt.least)
		}
		if tt.got < 0 {
			continue
		}
		var r dissect.Report
		if o := program(t, tt.layout).Parser().Parse(datagram(data(t, tt.in)), &r); o != dissect.Match || r.Bits != tt.got {
			t.Errorf("%q: outcome %v, %d bits, want %d", tt.layout, o, r.Bits, tt.got)
		}
	}
}

func TestRecording(t *testing.T) {
	p := program(t, "type u8 == 1\n_ bytes 1\nname text 2\naddr ipv4")
	r := dissect.Report{Recording: true}
	if o := p.Parser().Parse(datagram(data(t, "0100|=ab|c0000201")), &r); o != dissect.Match {
		t.Fatal(o)
	}
	want := []dissect.Field{
		{Name: "type", Offset: 0, Length: 1, Value: "1"},
		{Name: "name", Offset: 2, Length: 2, Value: "ab"},
		{Name: "addr", Offset: 4, Length: 4, Value: "192.0.2.1"},
	}
	if diff := cmp.Diff(want, r.Fields); diff != "" {
		t.Error(diff)
	}
	if r.EvidenceLength != 1 {
		t.Errorf("evidence length %d, want that of type", r.EvidenceLength)
	}
}

// A message is tried in order, its direction and place kept.
func TestMessages(t *testing.T) {
	prog, err := lang.Compile(lang.Env{Sized: true}, []lang.Unit{
		{Name: "first", Text: "a u8 == 1\nb u8 == 1"}, {Name: "client", Text: "a u8 == 1"}, {Name: "weak", Text: "a u8"},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := machine.New([]machine.Message{
		{Layout: prog.Layouts[0], Signature: "t.first", First: true, MaxBits: -1},
		{Layout: prog.Layouts[1], Signature: "t.client", From: dissect.FromClientOnly, MaxBits: 3},
		{Layout: prog.Layouts[2], Signature: "t.weak", Weak: true, MaxBits: 0},
	}, 0)
	tests := []struct {
		in    string
		first bool
		from  flow.Direction
		want  string
		bits  int
	}{
		{"0101", true, flow.FromClient, "t.first", 16},
		{"0101", false, flow.FromClient, "t.client", 3},
		{"0102", true, flow.FromClient, "t.client", 3},
		{"0101", false, flow.FromServer, "t.weak", 0},
	}
	for _, tt := range tests {
		m := datagram(data(t, tt.in))
		m.First, m.From = tt.first, tt.from
		var r dissect.Report
		if o := p.Parser().Parse(m, &r); o != dissect.Match || r.Signature != tt.want || r.Bits != tt.bits || r.Weak != (tt.want == "t.weak") {
			t.Errorf("%s: %v %s %d bits, want %s %d bits", tt.in, o, r.Signature, r.Bits, tt.want, tt.bits)
		}
	}
}
