package websocket

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

func parse(from flow.Direction, data string) (dissect.Outcome, dissect.Report) {
	var r dissect.Report
	m := dissect.Message{Data: []byte(data), Size: len(data), Open: true, First: true, From: from}
	return New().Parse(&m, &r), r
}

// masked makes a client's frame of a payload of up to 125 bytes.
func masked(first byte, payload string) string {
	key := [4]byte{1, 2, 3, 4}
	b := append([]byte{first, 0x80 | byte(len(payload))}, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return string(b)
}

func TestParse(t *testing.T) {
	const client, server = flow.FromClient, flow.FromServer
	tests := []struct {
		name string
		from flow.Direction
		in   string
		want dissect.Outcome
	}{
		{"text", server, "\x81\x05hello", dissect.Match},
		{"empty text", server, "\x81\x00", dissect.Match},
		{"masked text", client, masked(0x81, "hello"), dissect.Match},
		{"ping", server, "\x89\x00", dissect.Match},
		{"close", server, "\x88\x02\x03\xe8", dissect.Match},
		{"close without a code", server, "\x88\x00", dissect.Match},
		{"compressed", server, "\xc1\x02\xff\xff", dissect.Match},
		{"length in 16 bits", server, "\x82\x7e\x00\x80", dissect.NeedMore},
		{"length in 64 bits", server, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("a", 64), dissect.Match},
		{"first fragment", server, "\x01\x03abc", dissect.Match},
		{"nothing", server, "", dissect.NeedMore},

		{"text that is none", server, "\x81\x02\xff\xff", dissect.Reject},
		{"cut character", server, "\x81\x01\xc3", dissect.Reject},
		{"reserved bit", server, "\xa1\x00", dissect.Reject},
		{"reserved opcode", server, "\x83\x00", dissect.Reject},
		{"compressed control frame", server, "\xc9\x00", dissect.Reject},
		{"fragmented control frame", server, "\x09\x00", dissect.Reject},
		{"long control frame", server, "\x89\x7e\x00\x80", dissect.Reject},
		{"close with half a code", server, "\x88\x01\x03", dissect.Reject},
		{"close with a code of nobody's", server, "\x88\x02\x00\x01", dissect.Reject},
		{"close with a local code", server, "\x88\x02\x03\xed", dissect.Reject},
		{"length not the shortest", server, "\x82\x7e\x00\x05hello", dissect.Reject},
		{"long length not the shortest", server, "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", dissect.Reject},
		{"length beyond all bounds", server, "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", dissect.Reject},
		{"server masks", server, masked(0x81, "hello"), dissect.Reject},
		{"client does not", client, "\x81\x05hello", dissect.Reject},
		{"nothing to continue", server, "\x80\x03abc", dissect.Reject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := parse(tt.from, tt.in); got != tt.want {
				t.Errorf("outcome = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDelimited(t *testing.T) {
	var r dissect.Report
	m := dissect.Message{Data: []byte("\x81\x05hello"), Size: 7, Ended: true, From: flow.FromServer}
	if o := New().Parse(&m, &r); o != dissect.Reject {
		t.Errorf("outcome of a message = %v, want Reject", o)
	}
}

// A frame is never refused for what has not come yet.
func TestCutAtEveryByte(t *testing.T) {
	frames := []string{
		masked(0x81, "hello, wörld"), masked(0x82, "\x10\x02"), masked(0x88, "\x03\xe8bye"),
		"\x82\x7e\x00\x80" + strings.Repeat("\xff", 128), "\x81\x7e\x0c\x00" + strings.Repeat("é", 0x600),
	}
	for i, f := range frames {
		from := flow.FromServer
		if f[1]&0x80 != 0 {
			from = flow.FromClient
		}
		for n := range len(f) {
			if o, r := parse(from, f[:n]); o == dissect.Reject || o == dissect.Match && !r.Incomplete && n < maxMessage {
				t.Errorf("frame %d, %d bytes: outcome %v, incomplete %v", i, n, o, r.Incomplete)
			}
		}
		if o, r := parse(from, f); o != dissect.Match || r.Length != len(f) || r.Incomplete {
			t.Errorf("frame %d: outcome %v, length %d of %d", i, o, r.Length, len(f))
		}
	}
}

// What the next layer gets of fragments, control frames and compression.
func TestPayloads(t *testing.T) {
	tests := []struct {
		name   string
		frames []string
		want   string
	}{
		{"text", []string{masked(0x81, "a")}, "1:a"},
		{"text in fragments", []string{masked(0x01, "a"), masked(0x89, "x"), masked(0x80, "b")}, "1:a"},
		{"binary in fragments", []string{masked(0x02, "a"), masked(0x00, "b"), masked(0x80, "c")}, "0:a 0:b 0:c"},
		{"compressed in fragments", []string{masked(0x42, "a"), masked(0x80, "b")}, ""},
		{"empty", []string{masked(0x82, "")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := New()
			var got []string
			for _, f := range tt.frames {
				var r dissect.Report
				m := dissect.Message{Data: []byte(f), Size: len(f), Open: true}
				if o := p.Parse(&m, &r); o != dissect.Match {
					t.Fatalf("outcome = %v", o)
				}
				for _, pl := range r.Payloads {
					got = append(got, fmt.Sprintf("%d:%s", pl.Channel, pl.Data))
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("payloads %q, want %q", s, tt.want)
			}
		})
	}
}

func TestRejectDoesNotAllocate(t *testing.T) {
	p, r := New(), new(dissect.Report)
	m := dissect.Message{Data: []byte("\x16\x03\x01\x02\x00\x01\x00"), Open: true}
	if n := testing.AllocsPerRun(100, func() { p.Parse(&m, r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(masked(0x81, "hello")+masked(0x02, "a")+masked(0x80, "b")), true)
	f.Add([]byte("\x81\x05hello\x88\x02\x03\xe8"), false)
	f.Add([]byte("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"), false)
	f.Fuzz(func(t *testing.T, b []byte, client bool) {
		from := flow.FromServer
		if client {
			from = flow.FromClient
		}
		p := New()
		for len(b) > 0 {
			before := bytes.Clone(b)
			var r dissect.Report
			o := p.Parse(&dissect.Message{Data: b, Size: len(b), Open: true, From: from}, &r)
			if !bytes.Equal(before, b) {
				t.Fatal("input changed")
			}
			if o != dissect.Match || r.Incomplete || r.Length > len(b) {
				return
			}
			if r.Length < 2 || r.Bits < 4 || r.EvidenceLength > len(b) {
				t.Fatalf("length %d, bits %d, evidence %d", r.Length, r.Bits, r.EvidenceLength)
			}
			for _, pl := range r.Payloads {
				if len(pl.Data) > maxMessage || len(pl.Data) > pl.Length {
					t.Fatalf("payload of %d bytes, %d at hand", pl.Length, len(pl.Data))
				}
			}
			b = b[r.Length:]
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte(masked(0x81, strings.Repeat("hello ", 20)))
	var r dissect.Report
	p := New()
	for b.Loop() {
		r.Reset()
		p.Parse(&dissect.Message{Data: data, Size: len(data), Open: true}, &r)
	}
}
