package machine_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/dissect"
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
	return &dissect.Message{Data: b, Size: len(b), First: true, Context: hosts, Ended: true, PPID: 46}
}

func stream(b []byte) *dissect.Message {
	return &dissect.Message{Data: b, Size: len(b), Open: true, First: true, Context: hosts}
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
		{
			"ntlmssp", "a bytes rest\ngssapi a",
			"=NTLMSSP|00 01000000 00000000 0200 0200 20000000 0000 0000 00000000|=AB", "a len 34 ntlmssp.negotiate.domain=AB",
		},
		{"ntlmssp in Base64", "a line\ngssapi base64(a)", "=TlRMTVNTUAABAAAAAAAAAAIAAgAgAAAAAAAAAAAAAABBQg==", "a len 48 ntlmssp.negotiate.domain=AB"},
		{"no ntlmssp", "a bytes rest\ngssapi a", "=AB", "a len 2"},
		{"no Base64", "a line\ngssapi base64(a)", "=A-", "reject"},
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
		{"beyond the size", "a u32be == 0x01020304\nb u32be\nc u8", "reject"},
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
