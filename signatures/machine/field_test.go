package machine_test

import (
	"strings"
	"testing"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/signatures/machine"
)

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
