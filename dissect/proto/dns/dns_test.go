package dns

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// builder puts messages together; names are not compressed.
type builder struct{ b []byte }

func newMessage(id, flags uint16, counts ...uint16) *builder {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = binary.BigEndian.AppendUint16(b, flags)
	for i := range 4 {
		n := uint16(0)
		if i < len(counts) {
			n = counts[i]
		}
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return &builder{b}
}

func wireName(name string) []byte {
	var b []byte
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if label != "" {
			b = append(append(b, byte(len(label))), label...)
		}
	}
	return append(b, 0)
}

func (m *builder) question(name string, kind, class uint16) *builder {
	m.b = append(m.b, wireName(name)...)
	m.b = binary.BigEndian.AppendUint16(m.b, kind)
	m.b = binary.BigEndian.AppendUint16(m.b, class)
	return m
}

func (m *builder) record(name string, kind, class uint16, ttl uint32, data string) *builder {
	m.question(name, kind, class)
	m.b = binary.BigEndian.AppendUint32(m.b, ttl)
	m.b = binary.BigEndian.AppendUint16(m.b, uint16(len(data)))
	m.b = append(m.b, data...)
	return m
}

func (m *builder) raw(s string) *builder { m.b = append(m.b, s...); return m }

func (m *builder) framed() []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(m.b))), m.b...)
}

var (
	toServer = &dissect.Context{Client: netip.MustParseAddr("10.0.0.1"), Server: netip.MustParseAddr("10.0.0.2"), Transport: "udp"}
	toMDNS   = &dissect.Context{Client: netip.MustParseAddr("10.0.0.1"), Server: mdns4, Transport: "udp"}
	toMDNS6  = &dissect.Context{Client: netip.MustParseAddr("fe80::1"), Server: netip.MustParseAddr("ff05::fb"), Transport: "udp"}
	toLLMNR  = &dissect.Context{Client: netip.MustParseAddr("10.0.0.1"), Server: llmnr4, Transport: "udp"}
)

func parse(p dissect.Parser, b []byte, from flow.Direction, c *dissect.Context) (dissect.Outcome, *dissect.Report) {
	r := &dissect.Report{Recording: true}
	m := &dissect.Message{Data: b, Size: len(b), Ended: true, First: true, From: from, Context: c}
	return p.Parse(m, r), r
}

func askFor(name string) *builder {
	return newMessage(0x1234, 0x0100, 1).question(name, typeA, 1)
}

func reply(name string) *builder {
	return newMessage(0x1234, 0x8180, 1, 1).question(name, typeA, 1).raw("\xc0\x0c").raw("\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\x0a\x01\x02\x03")
}

// netbios is an NBNS name query, RFC 1002 §4.2.12.
func netbios(kind uint16) *builder {
	return newMessage(0x8001, 0x0110, 1).question("CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", kind, 1)
}

// Each message belongs to one of the three protocols or to none.
func TestOwner(t *testing.T) {
	local := newMessage(0, 0, 1).question("printer.local", typeA, 1).b
	linkLocal := newMessage(7, 0x8000, 1, 1).question("host", typeA, 1).record("host", typeA, 1, 30, "\x0a\x00\x00\x03").b
	tests := []struct {
		name string
		b    []byte
		from flow.Direction
		c    *dissect.Context
		want string
	}{
		{"query", askFor("example.org").b, flow.FromClient, toServer, "dns"},
		{"query of the root", newMessage(1, 0, 1).question(".", typeNS, 1).b, flow.FromClient, toServer, "dns"},
		{"query with EDNS", newMessage(1, 0x0120, 1, 0, 0, 1).question("a", typeAAAA, 1).record(".", typeOPT, 1232, 0, "\x00\x0a\x00\x02ab").b, flow.FromClient, toServer, "dns"},
		{"version.bind", newMessage(1, 0, 1).question("version.bind", typeTXT, 3).b, flow.FromClient, toServer, "dns"},
		{"query from the server", askFor("example.org").b, flow.FromServer, toServer, ""},
		{"response", reply("example.org").b, flow.FromServer, toServer, "dns"},
		{"response from the client", reply("example.org").b, flow.FromClient, toServer, ""},
		{"update", newMessage(1, 0x2800, 1, 0, 1).question("example.org", typeSOA, 1).record("a.example.org", typeA, 1, 60, "\x01\x02\x03\x04").b, flow.FromClient, toServer, "dns"},
		{"update of no zone", newMessage(1, 0x2800, 1).question("example.org", typeA, 1).b, flow.FromClient, toServer, ""},
		{"notify", newMessage(1, 0x2400, 1).question("example.org", typeSOA, 1).b, flow.FromClient, toServer, "dns"},
		{"IXFR", newMessage(1, 0, 1, 0, 1).question("a", typeIXFR, 1).record("a", typeSOA, 1, 0, "\x00\x00"+strings.Repeat("\x01", 20)).b, flow.FromClient, toServer, "dns"},
		{"SRV", newMessage(1, 0x0100, 1).question("_ldap._tcp.dc._msdcs.corp.local", typeSRV, 1).b, flow.FromClient, toServer, "dns"},
		{"unknown operation", newMessage(1, 0x1800, 1).question("a", typeA, 1).b, flow.FromClient, toServer, ""},
		{"reserved bit", newMessage(1, 0x0140, 1).question("a", typeA, 1).b, flow.FromClient, toServer, ""},
		{"unknown type", newMessage(1, 0x0100, 1).question("a", 0x1111, 1).b, flow.FromClient, toServer, ""},
		{"unknown class", newMessage(1, 0x0100, 1).question("a", typeA, 7).b, flow.FromClient, toServer, ""},
		{"query with answers", newMessage(1, 0x0100, 1, 1).question("a", typeA, 1).record("a", typeA, 1, 1, "\x01\x02\x03\x04").b, flow.FromClient, toServer, ""},
		{"inverse query", newMessage(1, 0x0900, 0, 1).record("host", typeA, 1, 0, "").b, flow.FromClient, toServer, "dns"},
		{"pointer into the header", newMessage(1, 0x0100, 1).raw("\xc0\x04\x00\x01\x00\x01").b, flow.FromClient, toServer, ""},
		{"NetBIOS name", netbios(typeNB).b, flow.FromClient, toServer, ""},
		{"NetBIOS status", netbios(typeNBSTAT).b, flow.FromClient, toServer, ""},
		{"zeros", make([]byte, 64), flow.FromClient, toServer, ""},
		{"multicast query", local, flow.FromClient, toMDNS, "mdns"},
		{"multicast query in IPv6", local, flow.FromClient, toMDNS6, "mdns"},
		{"unicast query for a local name", local, flow.FromClient, toServer, "mdns"},
		{"recursive query for a local name", newMessage(1, 0x0100, 1).question("printer.local", typeA, 1).b, flow.FromClient, toServer, "dns"},
		{"QU question", newMessage(0, 0, 1).question("a.example", typeA, 0x8001).b, flow.FromClient, toServer, "mdns"},
		{"announcement", newMessage(0, 0x8400, 0, 1).record("a.local", typeA, 0x8001, 120, "\x0a\x00\x00\x01").b, flow.FromClient, toMDNS, "mdns"},
		{"unicast announcement", newMessage(0, 0x8400, 0, 1).record("a.local", typeA, 0x8001, 120, "\x0a\x00\x00\x01").b, flow.FromServer, toServer, "mdns"},
		{"two questions", newMessage(0, 0, 2).question("a.local", typeA, 1).question("b.local", typeA, 1).b, flow.FromClient, toMDNS, "mdns"},
		{"known answer", newMessage(0, 0, 1, 1).question("_ipp._tcp.local", typePTR, 1).record("_ipp._tcp.local", typePTR, 1, 60, "\x01p\xc0\x0c").b, flow.FromClient, toMDNS, "mdns"},
		{"link-local query", newMessage(7, 0, 1).question("host", typeA, 1).b, flow.FromClient, toLLMNR, "llmnr"},
		{"link-local answer", linkLocal, flow.FromServer, toServer, "llmnr"},
		{"cached answer of 30 seconds", newMessage(7, 0x8180, 1, 1).question("host", typeA, 1).record("host", typeA, 1, 30, "\x0a\x00\x00\x03").b, flow.FromServer, toServer, "dns"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, p := range map[string]dissect.Parser{"dns": New(), "mdns": NewMulticast(), "llmnr": NewLinkLocal()} {
				out, r := parse(p, tt.b, tt.from, tt.c)
				if (out == dissect.Match) != (name == tt.want) || out == dissect.NeedMore {
					t.Errorf("%s: outcome %d", name, out)
				}
				if out == dissect.Match && (r.Bits < 40 || !strings.HasPrefix(r.Signature, name+".") || r.Length != len(tt.b)) {
					t.Errorf("%s: %d bits, signature %s, length %d", name, r.Bits, r.Signature, r.Length)
				}
			}
		})
	}
}

func TestPairing(t *testing.T) {
	p := New()
	parse(p, askFor("Example.org").b, flow.FromClient, toServer)
	other := reply("example.org").b
	other[0] ^= 1
	if _, r := parse(p, other, flow.FromServer, toServer); r.Answers {
		t.Error("another transaction id answers")
	}
	if _, r := parse(p, reply("example.net").b, flow.FromServer, toServer); r.Answers {
		t.Error("another question answers")
	}
	out, r := parse(p, reply("eXample.org").b, flow.FromServer, toServer)
	if out != dissect.Match || !r.Answers {
		t.Errorf("outcome %d, answers %t", out, r.Answers)
	}
	// Two servers on one pair of ports ask each other.
	if out, _ := parse(p, askFor("example.com").b, flow.FromServer, toServer); out != dissect.Match {
		t.Error("a server that was answered cannot ask")
	}
}

// An answer that looks like LLMNR's is DNS where the question came in unicast.
func TestAskedInUnicast(t *testing.T) {
	ask := newMessage(7, 0, 1).question("host", typeA, 1).b
	answer := newMessage(7, 0x8000, 1, 1).question("host", typeA, 1).record("host", typeA, 1, 30, "\x0a\x00\x00\x03").b
	for name, p := range map[string]dissect.Parser{"dns": New(), "llmnr": NewLinkLocal()} {
		parse(p, ask, flow.FromClient, toServer)
		if out, _ := parse(p, answer, flow.FromServer, toServer); (out == dissect.Match) != (name == "dns") {
			t.Errorf("%s: outcome %d", name, out)
		}
	}
}

func TestHeaderOnlyRefusal(t *testing.T) {
	p := New()
	refusal := newMessage(0x1234, 0x8185).b
	if out, r := parse(p, refusal, flow.FromServer, toServer); out != dissect.Match || !r.Weak {
		t.Errorf("unasked: outcome %d, weak %t", out, r.Weak)
	}
	parse(p, askFor("example.org").b, flow.FromClient, toServer)
	if out, r := parse(p, refusal, flow.FromServer, toServer); out != dissect.Match || r.Weak || !r.Answers {
		t.Errorf("asked: outcome %d, weak %t, answers %t", out, r.Weak, r.Answers)
	}
}

// What is malformed behind the question is named all the same, and says so.
func TestMalformed(t *testing.T) {
	tests := map[string]*builder{
		"address of three bytes": newMessage(1, 0x8180, 1, 1).question("a", typeA, 1).record("a", typeA, 1, 1, "\x01\x02\x03"),
		"pointer to itself":      newMessage(1, 0x8180, 1, 1).question("a", typeA, 1).raw("\xc0\x13\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00"),
		"options too long":       newMessage(1, 0x8180, 1, 0, 0, 1).question("a", typeA, 1).record(".", typeOPT, 512, 0, "\x00\x0a\x00\x09a"),
	}
	for name, m := range tests {
		p := New()
		if out, r := parse(p, m.b, flow.FromServer, toServer); out != dissect.Match || r.Weak || r.Answers || !strings.Contains(r.Reason, "malformed") {
			t.Errorf("%s: outcome %d, %+v", name, out, r)
		}
		parse(p, newMessage(1, 0x0100, 1).question("a", typeA, 1).b, flow.FromClient, toServer)
		if out, r := parse(p, m.b, flow.FromServer, toServer); out != dissect.Match || r.Weak || !r.Answers {
			t.Errorf("%s, asked: outcome %d, %+v", name, out, r)
		}
	}
}

func TestTrailingBytes(t *testing.T) {
	out, r := parse(New(), askFor("example.org").raw("\x00\x00").b, flow.FromClient, toServer)
	if out != dissect.Match || !r.Weak || r.Bits > trailingBits {
		t.Errorf("outcome %d, weak %t, %d bits", out, r.Weak, r.Bits)
	}
}

func attributes(r *dissect.Report) map[string]string {
	m := map[string]string{}
	for _, a := range r.Attributes {
		m[a.Name] = a.Value
	}
	return m
}

func TestAttributes(t *testing.T) {
	p := New()
	_, r := parse(p, askFor("a\x07.example.org").b, flow.FromClient, toServer)
	want := map[string]string{"dns.qry.name": `a\007.example.org`, "dns.qry.type": "A"}
	if diff := cmp.Diff(want, attributes(r)); diff != "" {
		t.Errorf("query: %s", diff)
	}
	alias := newMessage(1, 0x8180, 1, 2).question("www", typeA, 1).
		raw("\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01h\xc0\x0c").
		raw("\xc0\x1f\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01")
	_, r = parse(p, alias.b, flow.FromServer, toServer)
	want = map[string]string{"dns.flags.rcode": "NOERROR", "dns.resp": "h.www,192.0.2.1"}
	if diff := cmp.Diff(want, attributes(r)); diff != "" {
		t.Errorf("response: %s", diff)
	}
}

func TestServices(t *testing.T) {
	target := string(wireName("dc.corp.example"))
	m := newMessage(1, 0x8580, 1, 2, 0, 2).question("_ldap._tcp.corp.example", typeSRV, 1).
		record("_ldap._tcp.corp.example", typeSRV, 1, 60, "\x00\x00\x00\x64\x01\x85"+target).
		record("_ldap._tcp.corp.example", typeSRV, 1, 60, "\x00\x00\x00\x64\x01\x85"+string(wireName("away.example"))).
		record("DC.corp.example", typeA, 1, 60, "\x0a\x00\x00\x05").
		record("dc.corp.example", typeAAAA, 1, 60, "\x20\x01\x0d\xb8"+strings.Repeat("\x00", 11)+"\x01")
	out, r := parse(New(), m.b, flow.FromServer, toServer)
	want := []dissect.Expectation{
		{Transport: "tcp", Host: netip.MustParseAddr("10.0.0.5"), Port: 389, Protocols: []string{"ldap"}},
		{Transport: "tcp", Host: netip.MustParseAddr("2001:db8::1"), Port: 389, Protocols: []string{"ldap"}},
	}
	if diff := cmp.Diff(want, r.Expectations, cmpopts.EquateComparable(netip.Addr{})); out != dissect.Match || diff != "" {
		t.Errorf("outcome %d: %s", out, diff)
	}

	instance := newMessage(0, 0x8400, 0, 2).
		record("My Printer._ipp._tcp.local", typeSRV, 0x8001, 120, "\x00\x00\x00\x00\x02\x77"+string(wireName("p.local"))).
		record("p.local", typeA, 0x8001, 120, "\x0a\x00\x00\x09")
	out, r = parse(NewMulticast(), instance.b, flow.FromClient, toMDNS)
	want = []dissect.Expectation{{Transport: "tcp", Host: netip.MustParseAddr("10.0.0.9"), Port: 631, Protocols: []string{"http", "ipp"}}}
	if diff := cmp.Diff(want, r.Expectations, cmpopts.EquateComparable(netip.Addr{})); out != dissect.Match || diff != "" {
		t.Errorf("outcome %d: %s", out, diff)
	}
	if got := attributes(r); got["mdns.host"] != "p.local" || got["mdns.service"] != "My Printer._ipp._tcp.local" {
		t.Errorf("attributes %v", got)
	}
}

// Over TCP every strict prefix is undecided or a match that wants more.
func TestTruncatedStream(t *testing.T) {
	for _, tt := range []struct {
		b    []byte
		from flow.Direction
	}{
		{askFor("example.org").framed(), flow.FromClient},
		{reply("example.org").framed(), flow.FromServer},
	} {
		for i := range len(tt.b) {
			var r dissect.Report
			m := &dissect.Message{Data: tt.b[:i], Size: i, Open: true, First: true, From: tt.from, Context: toServer}
			out := New().Parse(m, &r)
			if out == dissect.Reject || out == dissect.Match && (!r.Incomplete || r.Need <= i || r.Length != len(tt.b)) {
				t.Fatalf("%s: %d of %d bytes: outcome %d, %+v", tt.from, i, len(tt.b), out, r)
			}
		}
		var r dissect.Report
		m := &dissect.Message{Data: append(tt.b, "next"...), Size: len(tt.b) + 4, Open: true, From: tt.from, Context: toServer}
		if New().Parse(m, &r) != dissect.Match || r.Incomplete || r.Length != len(tt.b) {
			t.Errorf("%s: whole: %+v", tt.from, r)
		}
	}
}

// A datagram that the capture cut matches once its question is there; one that
// is short itself, once its name shows.
func TestTruncatedDatagram(t *testing.T) {
	b := reply("example.org").b
	end := headerLen + len(wireName("example.org")) + 4
	for i := range len(b) {
		for _, size := range []int{i, len(b)} {
			var r dissect.Report
			m := &dissect.Message{Data: b[:i], Size: size, Ended: true, From: flow.FromServer, Context: toServer}
			matched := New().Parse(m, &r) == dissect.Match && !r.Weak
			want := i >= end
			if size == i {
				want = i > headerLen+len("?example?org")
			}
			if matched != want {
				t.Errorf("%d of %d bytes: match %t", i, size, matched)
			}
		}
	}
}

func TestZoneTransfer(t *testing.T) {
	p := New()
	ask := newMessage(9, 0, 1).question("example.org", 252, 1).framed()
	more := newMessage(9, 0x8400, 0, 1).record("a.example.org", typeA, 1, 60, "\x01\x02\x03\x04").framed()
	for _, tt := range []struct {
		b    []byte
		from flow.Direction
	}{{ask, flow.FromClient}, {more, flow.FromServer}} {
		var r dissect.Report
		if p.Parse(&dissect.Message{Data: tt.b, Size: len(tt.b), Open: true, From: tt.from, Context: toServer}, &r) != dissect.Match {
			t.Errorf("%s: no match", tt.from)
		}
	}
}

// A message damaged in one place is named; one damaged in two only if the
// question is whole.
func TestDamaged(t *testing.T) {
	const name, kind = headerLen, headerLen + len("?www?example?org?")
	damage := func(places ...int) []byte {
		b := askFor("www.example.org").b
		for _, at := range places {
			b[at] ^= 0x60
		}
		return b
	}
	tests := map[string]struct {
		b    []byte
		want bool
	}{
		"sound":                {damage(), true},
		"type":                 {damage(kind), true},
		"third label's length": {damage(name + len("?www?example")), true},
		"answers":              {damage(6), true},
		"questions":            {damage(4), true},
		"two counts":           {damage(4, 6), true},
		"two counts, a label":  {damage(4, 6, name+len("?www")), false},
		"first label's length": {damage(name), true},
		"length, class":        {damage(name, kind+2), false},
		"second label":         {append(damage(kind)[:name+6], make([]byte, 12)...), false},
		"NetBIOS name":         {newMessage(1, 0x0100, 1).question("EJFDEBFEEBFACACACACACACACACACAAA.x", 0x2820, 1).b, false},
	}
	for name, tt := range tests {
		out, r := parse(New(), tt.b, flow.FromClient, toServer)
		if (out == dissect.Match && !r.Weak) != tt.want {
			t.Errorf("%s: outcome %d, weak %t, want match %t", name, out, r.Weak, tt.want)
		}
	}
}

func TestRejectAllocatesNothing(t *testing.T) {
	p := New()
	b := askFor("example.org").raw("x").b
	b[headerLen] = 0x80 // no label
	m := &dissect.Message{Data: b, Size: len(b), Context: toServer}
	var r dissect.Report
	if n := testing.AllocsPerRun(100, func() { r.Reset(); p.Parse(m, &r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(askFor("example.org").b, uint8(0), uint16(0))
	f.Add(reply("example.org").b, uint8(1), uint16(0))
	f.Add(reply("example.org").framed(), uint8(3), uint16(0))
	f.Add(netbios(typeNB).b, uint8(0), uint16(0))
	f.Add(newMessage(0, 0x8400, 0, 1).record("_ipp._tcp.local", typePTR, 0x8001, 120, "\x01p\xc0\x0c").b, uint8(4), uint16(9))
	f.Fuzz(func(t *testing.T, b []byte, flags uint8, more uint16) {
		c := []*dissect.Context{toServer, toMDNS, toLLMNR, nil}[flags>>2&3]
		m := &dissect.Message{Data: b, Size: len(b), From: flow.Direction(flags & 1), Open: flags&2 != 0, Context: c}
		if !m.Open {
			m.Size += int(more)
		}
		owners := 0
		for _, p := range []dissect.Parser{New(), NewMulticast(), NewLinkLocal()} {
			r := &dissect.Report{Recording: true}
			if p.Parse(m, r) != dissect.Match {
				continue
			}
			owners++
			if r.Bits <= 0 || r.Length < headerLen || !m.Open && r.Length != m.Size {
				t.Fatalf("unfounded match: %+v", r)
			}
			for _, field := range r.Fields {
				if field.Offset < 0 || field.Offset+field.Length > len(b) {
					t.Fatalf("field %+v beyond %d bytes", field, len(b))
				}
			}
		}
		if owners > 1 {
			t.Fatalf("%d protocols claim one message", owners)
		}
	})
}

func BenchmarkResponse(b *testing.B) {
	p := New()
	parse(p, askFor("example.org").b, flow.FromClient, toServer)
	m := &dissect.Message{Data: reply("example.org").b, From: flow.FromServer, Context: toServer}
	m.Size = len(m.Data)
	var r dissect.Report
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		if p.Parse(m, &r) != dissect.Match {
			b.Fatal("no match")
		}
	}
}
