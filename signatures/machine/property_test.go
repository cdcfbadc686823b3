package machine_test

import (
	"testing"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// whole are layouts with a message of a stream that matches.
var whole = []struct{ layout, in string }{
	{"magic \"SSH-\"\nv regex /[0-9.]+-/\nsure\nsoftware line max 255\nrequire printable(software)", "=SSH-2.0-OpenSSH_9.6\r\n"},
	{"n u16be\nframe n + 2\ntype u8 in {1, 2}\neither:\n  a u16be == 5\n  b u8\nor:\n  a u8\n  c zstr\npayload rest", "0008 01 06|=ab|00|=xyz"},
	{"h line\nf headers\nrequire has(f, \"host\")", "=GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"},
	{"s ber 0x30\nwithin s:\n  id berint\n  op ber {0x60..0x79}\n  v berint\n  n berstr\n  walk:\n    x ber {0..255}\n    skip x\nu u8", "3013 020101 600c 020103 0400 8003616263 8000 8000 04"},
	{"a token matches /^[A-Z]+$/\n_ u8 == 0x20\nn dec 1..5 < 70000\nm until \";\"\noptional:\n  k u32be == 7\n", "=USER 12345abc;|00000007"},
	{"n varint mqtt\nframe pos + n\nd dnsname\nu utf16le z\nid uuid le\nip6 ipv6\nq varint quic\nrepeat 3:\n  _ u24le", "ff00|03|=www|00|6100 0000|00112233445566778899aabbccddeeff|00000000000000000000000000000000|4001|010203 040506 070809" + pad(76)},
	{"nb nbname\n_ regex /(a|ab)(c|bcd)(d*)/\nz u8", "20|=EJFDEBFEEBFACACACACACACACACACACA|03|=net|00|=abcd|07"},
	{"order little if u8(4) == 1 else big\na u32\nb u8 <= 1\nat 8\nc u16 == 0x0102\nalign 4\nd hexdigits 1..4\n_ u8 == 0x0a", "00000001 00 000000 0102 0000|=f00\n"},
}

func pad(n int) string {
	s := "|"
	for range n {
		s += "00"
	}
	return s
}

// A strict prefix of a stream that matches is never rejected, and what it needs
// is there at last. When the stream has ended, a prefix is decided.
func TestPrefixes(t *testing.T) {
	for _, tt := range whole {
		p := program(t, tt.layout)
		in := data(t, tt.in)
		var r dissect.Report
		if o := p.Parser().Parse(stream(in), &r); o != dissect.Match {
			t.Errorf("%q: the whole is %v", tt.layout, o)
			continue
		}
		parser := p.Parser()
		next := 0
		for n := range in {
			r.Reset()
			o := parser.Parse(stream(in[:n]), &r)
			switch {
			case o == dissect.Reject:
				t.Errorf("%q: the first %d bytes of %d are rejected", tt.layout, n, len(in))
			case o == dissect.NeedMore && (r.Need <= n || r.Need > len(in)):
				t.Errorf("%q: %d bytes of %d want %d", tt.layout, n, len(in), r.Need)
			case o == dissect.Match && !r.Incomplete && n < next:
				t.Errorf("%q: matches with %d bytes, although %d were wanted", tt.layout, n, next)
			}
			if o == dissect.NeedMore {
				next = r.Need
			}
			ended := stream(in[:n])
			ended.Ended = true
			r.Reset()
			if o := p.Parser().Parse(ended, &r); o == dissect.NeedMore {
				t.Errorf("%q: undecided at the end, %d bytes", tt.layout, n)
			}
		}
	}
}

// On the way to Reject and NeedMore nothing is allocated.
func TestAllocations(t *testing.T) {
	for _, tt := range whole {
		p := program(t, tt.layout)
		in := data(t, tt.in)
		parser := p.Parser()
		wrong := append([]byte{}, in...)
		wrong[len(wrong)/2] ^= 0xA5
		var r dissect.Report
		for _, m := range []*dissect.Message{stream(in[:len(in)/2]), stream(in[:1]), stream(wrong), datagram(wrong)} {
			if parser.Parse(m, &r) == dissect.Match {
				r.Reset()
				continue
			}
			n := testing.AllocsPerRun(100, func() { parser.Parse(m, &r) })
			if n > 0 {
				t.Errorf("%q: %v allocations for %d bytes", tt.layout, n, len(m.Data))
			}
		}
	}
}

// Whatever the layout and the bytes: no panic, bounded work, and a report that
// keeps to the contract.
func FuzzMachine(f *testing.F) {
	for _, tt := range whole {
		f.Add(tt.layout, data(f, tt.in), true)
	}
	f.Add("walk:\n  n u8\n  repeat n:\n    walk:\n      _ u8", []byte{200, 1, 2}, false)
	f.Add("let a = 0 - 1\nskip a\nframe a << 62 within\nat ~0\nb bytes -1", []byte{1, 2}, true)
	f.Fuzz(func(t *testing.T, layout string, in []byte, open bool) {
		if len(layout) > 1000 || len(in) > 4096 {
			return
		}
		p, err := compile(layout)
		if err != nil {
			return
		}
		m := datagram(in)
		m.Open, m.Ended = open, false
		parser := p.Parser()
		for range 2 {
			r := dissect.Report{Recording: true}
			switch o := parser.Parse(m, &r); o {
			case dissect.Match:
				if r.Length < 0 || r.Bits < 0 || r.EvidenceLength > len(in) || !open && r.Length > len(in) {
					t.Errorf("bad report %+v", r)
				}
				for _, f := range r.Fields {
					if f.Offset < 0 || f.Length < 0 || f.Offset+f.Length > len(in) && !open {
						t.Errorf("bad field %+v", f)
					}
				}
				for _, x := range r.Payloads {
					if x.Offset < 0 || x.Length <= 0 {
						t.Errorf("bad payload %+v", x)
					}
				}
			case dissect.NeedMore:
				if !open || r.Need <= len(in) {
					t.Errorf("need %d of %d, open %v", r.Need, len(in), open)
				}
			}
			m.From = flow.FromServer
		}
	})
}

func BenchmarkParse(b *testing.B) {
	tests := []struct{ name, layout, in string }{
		{"binary match", "type u8 == 1\nflags u8 & 0xF0 == 0\nlen u16be\nframe len\nid u32be\nwalk:\n  t u8 in {1, 2, 3}\n  n u8\n  _ bytes n", "01000014 00000007 0102aabb 0204aabbccdd 0300"},
		{"text match", "v regex /(GET|PUT|POST) \\S+ HTTP\\/1\\.[01]\\r\\n/\nf headers\nrequire has(f, \"host\")", "=GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nAccept: */*\r\n\r\n"},
		{"first byte differs", "type u8 == 1\nflags u8 & 0xF0 == 0", "020000"},
		{"constraint differs", "a u32be\nb u32be\nrequire a == b + 1", "0000000100000001"},
		{"needs more", "len u16be\nframe len + 2\nbody bytes rest", "00100000"},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			parser := program(b, tt.layout).Parser()
			m := stream(data(b, tt.in))
			var r dissect.Report
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				parser.Parse(m, &r)
			}
		})
	}
}
