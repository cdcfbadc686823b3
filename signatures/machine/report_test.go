package machine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/signatures/lang"
	"github.com/sniffid/sniffid/signatures/machine"
)

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
		{"require ppid == 46", "01", 32, 32},
		{"require ppid in {46, 47}", "01", 31, 31},
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
