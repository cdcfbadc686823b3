package dissect

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/sniffid/sniffid/dissect/flow"
)

// greeting is a toy text protocol: the client says "HI x\n", the server
// "YO x\n"; "HI tls\n" is followed by another protocol.
type greeting struct{ upgrade bool }

func (g *greeting) Parse(m *Message, r *Report) Outcome {
	word := "HI "
	if m.From == flow.FromServer {
		word = "YO "
	}
	n := min(len(m.Data), len(word))
	if string(m.Data[:n]) != word[:n] {
		return Reject
	}
	end := bytes.IndexByte(m.Data, '\n')
	if end < 0 {
		return NeedMore
	}
	r.Signature, r.Bits, r.Length = "greeting.line", 24, end+1
	r.Attribute("greeting.name", string(m.Data[3:end]))
	if m.From == flow.FromClient {
		g.upgrade = string(m.Data[3:end]) == "up"
	} else if g.upgrade {
		r.Transition = &Transition{Offset: r.Length}
	}
	return Match
}

// framed is a toy binary protocol, alike in both directions: AA, 16-bit length
// of the whole message, content for the layer above.
type framed struct{}

func (framed) Parse(m *Message, r *Report) Outcome {
	if m.Data[0] != 0xaa {
		return Reject
	}
	if len(m.Data) < 3 {
		r.Need = 3
		return NeedMore
	}
	n := int(binary.BigEndian.Uint16(m.Data[1:]))
	if n < 4 || !m.Open && n != m.Size {
		return Reject
	}
	if len(m.Data) < n {
		r.Need = n
		return NeedMore
	}
	r.Signature, r.Bits, r.Length = "framed.message", 22, n
	r.Payload(3, n-3)
	return Match
}

// upper is carried by framed; the top bit of its first byte marks a reply.
type upper struct{}

func (upper) Parse(m *Message, r *Report) Outcome {
	if len(m.Data) < 4 || string(m.Data[1:4]) != "UPR" || (m.Data[0]&0x80 != 0) != (m.From == flow.FromServer) {
		return Reject
	}
	r.Signature, r.Bits = "upper.message", 25
	if string(m.Data[4:]) == "change" && m.From == flow.FromServer {
		r.Transition = &Transition{Offset: len(m.Data)}
	}
	return Match
}

func prefix(s string) []*ByteSet {
	var out []*ByteSet
	for i := range len(s) {
		if s[i] == '?' {
			out = append(out, nil)
			continue
		}
		set := new(ByteSet)
		set.Add(s[i])
		out = append(out, set)
	}
	return out
}

func testEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := NewEngine([]Protocol{
		{
			Name: "greeting", Over: []string{"tcp", "udp"}, New: func() Parser { return new(greeting) },
			Rows: []Row{{From: FromClientOnly, Prefix: prefix("HI "), Min: 3}, {From: FromServerOnly, Prefix: prefix("YO "), Min: 3}},
		},
		{
			Name: "framed", Over: []string{"tcp", "udp"}, New: func() Parser { return framed{} },
			Rows: []Row{{Prefix: prefix("\xaa"), Min: 3}},
		},
		{
			Name: "upper", Over: []string{"framed"}, New: func() Parser { return upper{} },
			Rows: []Row{{From: FromClientOnly, Prefix: prefix("?UPR"), Min: 4}, {From: FromServerOnly, Prefix: prefix("?UPR"), Min: 4}},
		},
	}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const (
	c = flow.FromClient
	s = flow.FromServer
)

type sent struct {
	dir  flow.Direction
	data string
}

func frame(s string) string {
	return string(binary.BigEndian.AppendUint16([]byte{0xaa}, uint16(len(s)+3))) + s
}

func TestSession(t *testing.T) {
	tests := []struct {
		name      string
		transport string
		middle    bool // the handshake was not seen
		in        []sent
		want      []string
		conf      Confidence
		swapped   bool
	}{
		{name: "both directions", transport: "tcp", in: []sent{{c, "HI a\n"}, {s, "YO b\n"}}, want: []string{"greeting"}, conf: Certain},
		{name: "client only", transport: "tcp", in: []sent{{c, "HI a\n"}}, want: []string{"greeting"}, conf: Likely},
		{name: "server only", transport: "tcp", in: []sent{{s, "YO a\n"}}, want: []string{"greeting"}, conf: Likely},
		{name: "incomplete", transport: "tcp", in: []sent{{c, "HI a"}}},
		{name: "server speaks otherwise", transport: "tcp", in: []sent{{c, "HI a\n"}, {s, "220 what?\n"}}},
		{name: "server speaks, client does not", transport: "tcp", in: []sent{{c, "GET /\n"}, {s, "YO b\n"}}, want: []string{"greeting"}, conf: Likely},
		{name: "server's protocol wins", transport: "tcp", in: []sent{{c, "HI a\n"}, {s, frame("\x80UPR")}}, want: []string{"framed", "upper"}, conf: Likely},
		{name: "junk datagram first", transport: "udp", in: []sent{{c, "\x00\x00"}, {c, "HI a\n"}, {s, "YO b\n"}}, want: []string{"greeting"}, conf: Certain},
		{name: "low bits stand only as a pair", transport: "tcp", in: []sent{{c, frame("xyz")}}},
		{name: "low bits, two in a chain", transport: "tcp", in: []sent{{c, frame("xyz") + frame("zyxw")}}, want: []string{"framed"}, conf: Likely},
		{name: "low bits, equal datagrams are no chain", transport: "udp", in: []sent{{c, frame("xyz")}, {c, frame("xyz")}}},
		{name: "child", transport: "tcp", in: []sent{{c, frame("\x00UPR")}, {s, frame("\x80UPR")}}, want: []string{"framed", "upper"}, conf: Certain},
		{name: "roles from the child", transport: "tcp", middle: true, in: []sent{{s, frame("\x00UPR")}, {c, frame("\x80UPR")}}, want: []string{"framed", "upper"}, conf: Certain, swapped: true},
		{name: "roles exchanged", transport: "udp", in: []sent{{c, "YO a\n"}, {s, "HI a\n"}}, want: []string{"greeting"}, conf: Certain, swapped: true},
		{name: "middle of a stream", transport: "tcp", middle: true, in: []sent{{c, "tail of a message"}, {c, frame("abc") + frame("def")}}, want: []string{"framed"}, conf: Likely},
		{name: "middle, one message is not enough", transport: "tcp", middle: true, in: []sent{{c, "tail of a message"}, {c, "HI a\n"}}},
		{name: "middle, answered", transport: "tcp", middle: true, in: []sent{{c, "tail"}, {s, "tail"}, {c, "HI a\n"}, {s, "YO a\n"}}, want: []string{"greeting"}, conf: Certain},
		{name: "known beginning excludes the middle", transport: "tcp", in: []sent{{c, "something"}, {c, "HI a\n"}, {s, "whatever"}, {s, "YO a\n"}}},
		{
			name: "transition", transport: "tcp",
			in:   []sent{{c, "HI up\n"}, {s, "YO up\n"}, {c, frame("\x00UPR")}, {s, frame("\x80UPR")}},
			want: []string{"greeting", "framed", "upper"}, conf: Certain,
		},
		{
			name: "transition of the stream below", transport: "tcp",
			in:   []sent{{c, frame("\x00UPR")}, {s, frame("\x80UPRchange")}, {c, "HI a\n"}, {s, "YO b\n"}},
			want: []string{"framed", "upper", "greeting"}, conf: Certain,
		},
		{
			name: "transition within segments", transport: "tcp",
			in:   []sent{{c, "HI up\n"}, {s, "YO up\n" + frame("\x80UPR")}, {c, frame("\x00UPR")}},
			want: []string{"greeting", "framed", "upper"}, conf: Certain,
		},
	}
	e := testEngine(t)
	for _, tt := range tests {
		for _, cut := range []int{0, 1, 2, 5} {
			if cut > 0 && (tt.transport != "tcp" || tt.middle) {
				continue
			}
			t.Run(tt.name, func(t *testing.T) {
				id := play(e, tt.transport, tt.middle, tt.in, cut)
				if !slices.Equal(id.Protocols, tt.want) || id.Confidence != tt.conf || id.Swapped != tt.swapped {
					t.Errorf("cut at %d: got %v %v swapped=%v, want %v %v swapped=%v",
						cut, id.Protocols, id.Confidence, id.Swapped, tt.want, tt.conf, tt.swapped)
				}
			})
		}
	}
}

// play feeds an exchange, each message whole or in pieces of cut bytes.
func play(e *Engine, transport string, middle bool, in []sent, cut int) Identification {
	sess := e.NewSession(Context{Transport: transport, Client: netip.MustParseAddr("10.0.0.1"), Server: netip.MustParseAddr("10.0.0.2")})
	if transport == "tcp" && !middle {
		sess.RolesKnown()
	}
	var seen [2]bool
	for i, m := range in {
		data := []byte(m.data)
		for off := 0; off < len(data); {
			n := len(data) - off
			if cut > 0 {
				n = min(n, cut)
			}
			sess.Observe(m.dir, flow.Segment{
				Data: data[off : off+n], Size: n, Packet: uint64(i + 1), Offset: off,
				Start: transport == "tcp" && !middle && !seen[m.dir],
			})
			seen[m.dir] = true
			off += n
		}
	}
	return sess.Identify()
}

func TestEvidence(t *testing.T) {
	e := testEngine(t)
	id := play(e, "tcp", false, []sent{{c, "HI up\n"}, {s, "YO up\n" + frame("\x80UPR")}, {c, frame("\x00UPR")}}, 0)
	type at struct {
		protocol string
		dir      flow.Direction
		packet   uint64
		offset   int
	}
	var got []at
	for _, ev := range id.Evidence {
		got = append(got, at{ev.Protocol, ev.Direction, ev.Packet, ev.Offset})
	}
	want := []at{
		{"greeting", c, 1, 0},
		{"greeting", s, 2, 0},
		{"framed", c, 3, 0},
		{"framed", s, 2, 6},
		{"upper", c, 3, 3},
		{"upper", s, 2, 9},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestEvidenceOfExchangedRoles(t *testing.T) {
	id := play(testEngine(t), "udp", false, []sent{{c, "YO a\n"}, {s, "HI a\n"}}, 0)
	for _, ev := range id.Evidence {
		if want := flow.Direction(ev.Packet & 1); ev.Direction != want {
			t.Errorf("packet %d: direction %v, want %v", ev.Packet, ev.Direction, want)
		}
	}
}

func TestExpectation(t *testing.T) {
	e := testEngine(t)
	tests := []struct {
		name   string
		expect Expectation
		in     []sent
		want   []string
		conf   Confidence
	}{
		{"unknown payload", Expectation{Protocols: []string{"ftp-data"}, Opaque: true}, []sent{{c, "bytes"}}, []string{"ftp-data"}, Expected},
		{"look-alike in opaque payload", Expectation{Protocols: []string{"ftp-data"}, Opaque: true}, []sent{{c, "HI a\n"}}, []string{"ftp-data"}, Expected},
		{"certain in opaque payload", Expectation{Protocols: []string{"ftp-data"}, Opaque: true}, []sent{{c, "HI a\n"}, {s, "YO a\n"}}, []string{"ftp-data", "greeting"}, Expected},
		{"payload says otherwise", Expectation{Protocols: []string{"framed"}}, []sent{{c, "HI a\n"}}, []string{"greeting"}, Likely},
		{"upper layer announced", Expectation{Protocols: []string{"greeting", "samr"}}, []sent{{c, "HI a\n"}, {s, "YO a\n"}}, []string{"greeting", "samr"}, Expected},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sess := e.NewSession(Context{Transport: "tcp"})
			for _, m := range tt.in {
				sess.Observe(m.dir, flow.Segment{Data: []byte(m.data), Size: len(m.data), Start: true})
			}
			id := sess.Identify()
			if id.Expect(&tt.expect); !slices.Equal(id.Protocols, tt.want) || id.Confidence != tt.conf {
				t.Errorf("got %v %v, want %v %v", id.Protocols, id.Confidence, tt.want, tt.conf)
			}
		})
	}
}

// Bytes around some that were not captured are not read as one message.
func TestNothingCaptured(t *testing.T) {
	for size, want := range map[int][]string{0: {"greeting"}, 9: nil} {
		sess := testEngine(t).NewSession(Context{Transport: "tcp"})
		sess.RolesKnown()
		sess.Observe(c, flow.Segment{Data: []byte("HI wor"), Size: 6, Packet: 1, Start: true})
		sess.Observe(c, flow.Segment{Size: size, Packet: 2})
		sess.Observe(c, flow.Segment{Data: []byte("ld\n"), Size: 3, Packet: 3})
		if id := sess.Identify(); !slices.Equal(id.Protocols, want) {
			t.Errorf("%d bytes missing: %v, want %v", size, id.Protocols, want)
		}
	}
}

// A session that has seen its budget asks for no more, whatever the payload.
func TestBudget(t *testing.T) {
	e := testEngine(t)
	for _, data := range []string{"\x00", "HI a\n", "\xaa\xff\xff", string(bytes.Repeat([]byte{1}, 1400))} {
		for _, transport := range []string{"tcp", "udp"} {
			sess := e.NewSession(Context{Transport: transport})
			for i := 0; !sess.Done(); i++ {
				if i > 20_000 {
					t.Fatalf("%s %.6q: still asking after %d packets", transport, data, i)
				}
				sess.Observe(flow.Direction(i&1), flow.Segment{Data: []byte(data), Size: len(data), Packet: uint64(i)})
			}
		}
	}
}

func TestNewEngineRefuses(t *testing.T) {
	for name, protocols := range map[string][]Protocol{
		"duplicate":          {{Name: "a"}, {Name: "a"}},
		"unknown precedence": {{Name: "a", Above: []string{"b"}}},
	} {
		if _, err := NewEngine(protocols, Config{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzSession(f *testing.F) {
	f.Add([]byte("HI up\nYO up\n"), uint16(0x1), false)
	f.Add([]byte(frame("\x00UPR")+frame("\x80UPR")), uint16(0x3), true)
	e := testEngine(f)
	f.Fuzz(func(t *testing.T, data []byte, dirs uint16, middle bool) {
		sess := e.NewSession(Context{Transport: "tcp"})
		for i := 0; len(data) > 0; i++ {
			n := min(len(data), 1+int(dirs>>(i%13))&7)
			sess.Observe(flow.Direction(dirs>>(i%16)&1), flow.Segment{Data: data[:n], Size: n, Packet: uint64(i + 1), Start: i == 0 && !middle})
			data = data[n:]
		}
		sess.End(c)
		sess.End(s)
		id := sess.Identify()
		if (len(id.Protocols) == 0) != (id.Confidence == ConfidenceNone) {
			t.Errorf("protocols %v with confidence %v", id.Protocols, id.Confidence)
		}
		for _, p := range id.Protocols {
			if !slices.ContainsFunc(id.Evidence, func(e Evidence) bool { return e.Protocol == p }) {
				t.Errorf("%s has no evidence", p)
			}
		}
	})
}
