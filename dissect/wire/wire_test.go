package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCursor(t *testing.T) {
	c := NewCursor([]byte{1, 2, 3, 4, 5, 6}, 8)
	if a, b := c.U8(), c.U24(); a != 1 || b != 0x020304 || c.Pos() != 4 || c.Left() != 4 {
		t.Fatalf("got %d %#x at %d, %d left", a, b, c.Pos(), c.Left())
	}
	cut, bad := c, c
	if cut.U32(); cut.State() != Cut {
		t.Errorf("reading behind the data: state %d, want Cut", cut.State())
	}
	if bad.Skip(5); bad.State() != Bad {
		t.Errorf("reading behind the size: state %d, want Bad", bad.State())
	}
	if cut.U8() != 0 || cut.State() != Cut {
		t.Error("a failed cursor must stay failed")
	}
	if cut.Require(false); cut.State() != Cut {
		t.Error("Require judged a value that was never read")
	}
	sub := c.Sub(3)
	if v := sub.U16(); v != 0x0506 || sub.State() != Whole || c.State() != Cut {
		t.Errorf("cut region: got %#x, states %d %d", v, sub.State(), c.State())
	}
	if sub.U8(); sub.State() != Cut {
		t.Errorf("end of cut region: state %d", sub.State())
	}
	small := NewCursor([]byte{1, 2, 3}, 2)
	if small.Bytes(3) != nil || small.State() != Bad {
		t.Error("size must limit data")
	}
}

func TestVarint(t *testing.T) {
	// RFC 9000 §A.1.
	tests := []struct {
		in   string
		want uint64
	}{
		{"\xc2\x19\x7c\x5e\xff\x14\xe8\x8c", 151288809941952652},
		{"\x9d\x7f\x3e\x7d", 494878333},
		{"\x7b\xbd", 15293},
		{"\x25", 37},
		{"\x40\x25", 37},
	}
	for _, tt := range tests {
		c := NewCursor([]byte(tt.in), len(tt.in))
		if got := c.Varint(); got != tt.want || c.Left() != 0 || !c.OK() {
			t.Errorf("Varint(% x) = %d with %d left, want %d", tt.in, got, c.Left(), tt.want)
		}
		c = NewCursor([]byte(tt.in[:len(tt.in)-1]), len(tt.in))
		if c.Varint(); c.State() != Cut {
			t.Errorf("Varint(% x) cut: state %d", tt.in, c.State())
		}
	}
}

func TestPieces(t *testing.T) {
	text := []byte("0123456789abcdefghijklmnopqrstuvwxyz")
	var p Pieces
	for _, piece := range [][2]int{{30, 36}, {10, 12}, {5, 11}, {20, 31}, {0, 5}} {
		p.Add(uint64(piece[0]), text[piece[0]:piece[1]])
	}
	if got := string(p.Head()); got != string(text[:12]) {
		t.Errorf("head %q", got)
	}
	p.Add(12, text[12:20])
	if got := string(p.Head()); got != string(text) || len(p.spans) != 1 {
		t.Errorf("head %q in %v", got, p.spans)
	}
	for i := uint64(100); i < 1000; i += 2 {
		p.Add(i, text[:1])
	}
	p.Add(1<<60, text)
	p.Add(MaxPieces-1, text)
	if len(p.spans) > maxSpans || len(p.data) > MaxPieces {
		t.Errorf("%d spans, %d bytes", len(p.spans), len(p.data))
	}
}

func FuzzPieces(f *testing.F) {
	f.Add([]byte{0, 5, 3, 4, 1, 9})
	f.Fuzz(func(t *testing.T, moves []byte) {
		var p Pieces
		for ; len(moves) >= 2; moves = moves[2:] {
			p.Add(uint64(moves[0])*200, make([]byte, moves[1]))
			last := -1
			for _, s := range p.spans {
				if s.from <= last || s.to <= s.from || s.to > len(p.data) {
					t.Fatalf("spans %v of %d bytes", p.spans, len(p.data))
				}
				last = s.to
			}
		}
		if len(p.data) > MaxPieces || len(p.spans) > maxSpans {
			t.Fatalf("%d bytes, %d spans", len(p.data), len(p.spans))
		}
	})
}

// browser is the example of the published JA4 description, with GREASE values
// put in where a browser puts them.
func browser() *ClientHello {
	return &ClientHello{
		Version: 0x0303,
		CipherSuites: []uint16{
			0x7a7a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
			0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
		},
		Extensions: []uint16{
			0x2a2a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d,
			0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0x9a9a,
		},
		Versions:            []uint16{0x5a5a, 0x0304, 0x0303},
		ALPN:                []string{"h2", "http/1.1"},
		SignatureAlgorithms: []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601},
	}
}

func TestJA4(t *testing.T) {
	if got, want := browser().JA4('t'), "t13d1516h2_8daaf6152771_e5627efa2ab1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	bare := ClientHello{Version: 0x0301}
	if got, want := bare.JA4('t'), "t10i000000_000000000000_000000000000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The client's vectors are worked examples of the published JA3 description, the
// server's is the hash of "769,47,65281-0-11-35-5-16".
func TestJA3(t *testing.T) {
	h := ClientHello{
		Version:      769,
		CipherSuites: []uint16{0x0a0a, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
		Extensions:   []uint16{0x1a1a, 0, 10, 11},
		Groups:       []uint16{0x2a2a, 23, 24, 25},
		PointFormats: []uint8{0},
	}
	if got, want := h.JA3(), "ada70206e40642a3e4461f35503241d5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	h = ClientHello{Version: 769, CipherSuites: []uint16{4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}}
	if got, want := h.JA3(), "de350869b8c85de67a350c8d186f11e6"; got != want {
		t.Errorf("no extensions: got %s, want %s", got, want)
	}
	s := ServerHello{Legacy: 769, CipherSuite: 47, Extensions: []uint16{65281, 0, 11, 35, 5, 16}}
	if got, want := s.JA3S(), "836ce314215654b5b1f85f97c73e506f"; got != want {
		t.Errorf("server: got %s, want %s", got, want)
	}
}

func TestJA4ALPN(t *testing.T) {
	tests := map[string]string{
		"h2": "h2", "http/1.1": "h1", "x": "xx", "\xab": "ab", "\xab\xcd": "ad",
		"0\xab": "3b", "01\xab\xcd": "3d", "0\xab\xcd1": "01",
	}
	for in, want := range tests {
		if got := ja4ALPN([]string{in}); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	if got := ja4ALPN(nil); got != "00" {
		t.Errorf("none: got %s", got)
	}
}

func TestJA4Unchanged(t *testing.T) {
	h, untouched := browser(), browser()
	h.JA4('t')
	if diff := cmp.Diff(untouched, h); diff != "" {
		t.Errorf("JA4 changed the hello:\n%s", diff)
	}
}

func TestMaxVersion(t *testing.T) {
	tests := []struct {
		hello ClientHello
		want  uint16
	}{
		{ClientHello{Version: 0x0303}, 0x0303},
		{ClientHello{Version: 0x0303, Versions: []uint16{0xdada}}, 0x0303},
		{ClientHello{Version: 0xfefd, Versions: []uint16{0xfefd, 0xfefc}}, 0xfefc},
	}
	for _, tt := range tests {
		if got := tt.hello.MaxVersion(); got != tt.want {
			t.Errorf("%+v: got %#x", tt.hello, got)
		}
	}
}

func TestALPNProtocol(t *testing.T) {
	tests := map[string]string{"h2": "http2", "h3": "http3", "h3-29": "http3", "dot": "dns", "pop3": "pop", "webrtc": "", "\x00": ""}
	for id, want := range tests {
		if got := ALPNProtocol(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
	if got := (&ClientHello{ALPN: []string{"h2", "http/1.1"}}).SoleALPN(); got != "" {
		t.Errorf("two offers: got %q", got)
	}
}

// Of a hello that was cut, what comes before the cut is known.
func TestCutHello(t *testing.T) {
	body := "\x03\x03" + "0123456789abcdef0123456789abcdef" + "\x00\x00\x02\x13\x01\x01\x00\x00\x1a" +
		"\x00\x00\x00\x08\x00\x06\x00\x00\x03a.b" + "\x00\x10\x00\x0a\x00\x08\x02h2\x02h3\x01x"
	for i := range len(body) + 1 {
		c := NewCursor([]byte(body[:i]), len(body))
		h := ParseClientHello(&c, TLS)
		if want := i == len(body); c.State() == Bad || (c.State() == Whole) != want {
			t.Fatalf("%d of %d bytes: state %d", i, len(body), c.State())
		}
		if got, want := h.ServerName != "", i >= 55; got != want {
			t.Errorf("%d of %d bytes: server name %q", i, len(body), h.ServerName)
		}
		if want := i == len(body); (len(h.ALPN) > 0) != want {
			t.Errorf("%d of %d bytes: protocols %q", i, len(body), h.ALPN)
		}
	}
}

func FuzzClientHello(f *testing.F) {
	f.Add([]byte("\x03\x03"+"0123456789abcdef0123456789abcdef"+"\x00\x00\x02\x13\x01\x01\x00\x00\x05\x00\x2b\x00\x01\x00"), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, more uint16) {
		c := NewCursor(data, len(data)+int(more))
		h := ParseClientHello(&c, TLS)
		if c.State() == Whole && c.Left() != 0 {
			t.Errorf("whole, but %d bytes are left", c.Left())
		}
		if n := len(h.JA4('t')); n != 36 {
			t.Errorf("JA4 has %d characters", n)
		}
		c = NewCursor(data, len(data)+int(more))
		ParseServerHello(&c, DTLS)
		c = NewCursor(data, len(data)+int(more))
		ParseCertificate(&c)
	})
}

func BenchmarkJA4(b *testing.B) {
	h := browser()
	b.ReportAllocs()
	for b.Loop() {
		h.JA4('t')
	}
}
