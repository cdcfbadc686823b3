package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

// mine is a parser of messages that begin with "MINE", and a bug: it panics over those
// that go on with "!".
type mine struct{}

func (mine) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	if !strings.HasPrefix(string(m.Data), "MINE") {
		return dissect.Reject
	}
	if len(m.Data) > 4 && m.Data[4] == '!' {
		_ = m.Data[len(m.Data)+len(r.Fields)] // out of range
	}
	r.Signature, r.Bits, r.Length = "mine.message", 64, len(m.Data)
	return dissect.Match
}

// mined is an engine with all signatures and the bug; inBegins places it before there
// is a parser.
func mined(t *testing.T, inBegins bool) *dissect.Engine {
	t.Helper()
	set, err := signatures.Load(signatures.Builtin(), builtin.All())
	if err != nil {
		t.Fatal(err)
	}
	p := dissect.Protocol{Name: "mine", Over: []string{"tcp", "udp"}, New: func() dissect.Parser { return mine{} }}
	row := dissect.Row{Signature: "mine.message", Min: 5}
	for _, c := range []byte("MINE") {
		one := new(dissect.ByteSet)
		one.Add(c)
		row.Prefix = append(row.Prefix, one)
	}
	p.Rows = []dissect.Row{row}
	if inBegins {
		p.Begins = func(m *dissect.Message) bool { return m.Data[4] != '!' || m.Data[len(m.Data)] == 0 }
	}
	e, err := dissect.NewEngine(append(slices.Clone(set.Protocols()), p), dissect.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A dissector that panics costs its flow the rest of its identification: the packet is
// passed on, what was known stays, and other flows are read as ever.
func TestFailures(t *testing.T) {
	for _, inBegins := range []bool{false, true} {
		web := newWire("10.0.0.1:40000", "10.0.0.2:80")
		bad := newWire("10.0.0.3:40001", "10.0.0.4:4000")
		late := newWire("10.0.0.5:40002", "10.0.0.6:4000")
		datagrams := newWire("10.0.0.7:40003", "10.0.0.8:4000")
		var frames [][]byte
		add := func(list ...[]byte) { frames = append(frames, list...) }
		add(web.handshake()...)
		add(bad.handshake()...)
		add(late.handshake()...)
		add(web.tcp(fromClient, "PA", httpRequest))
		add(late.tcp(fromClient, "PA", "MINE is fine"))
		add(bad.tcp(fromClient, "PA", "MINE! boom"), bad.tcp(fromServer, "PA", "MINE! again"))
		add(late.tcp(fromServer, "PA", "MINE! boom"), late.tcp(fromClient, "PA", "MINE is over"))
		add(datagrams.datagram(fromClient, "MINE! boom"), datagrams.datagram(fromServer, "MINE! boom"))
		add(web.tcp(fromServer, "PA", httpResponse))
		for _, w := range []*wire{web, bad, late} {
			add(w.tcp(fromClient, "FA", ""), w.tcp(fromServer, "FA", ""), w.tcp(fromClient, "A", ""))
		}

		o := &outcome{}
		passed := 0
		c := Config{Engine: mined(t, inBegins), OnPacket: func(*capture.Packet) error { passed++; return nil }}
		p := start(t, c, o)
		for i, b := range frames {
			if err := p.Packet(frame(i+1, b)); err != nil {
				t.Fatal(err)
			}
		}
		o.finish(p)

		if passed != len(frames) || o.summary.Packets != uint64(len(frames)) {
			t.Errorf("%d packets of %d were passed on, %d counted", passed, len(frames), o.summary.Packets)
		}
		if openSessions(p) != 0 || p.bounds.InUse() != 0 {
			t.Errorf("%d sessions and %d bytes are left", openSessions(p), p.bounds.InUse())
		}
		if len(o.flows) != 4 || stack(o.flows[0]) != "http" || o.flows[0].Answer.Confidence != dissect.Certain {
			t.Errorf("%d flows, the first %q", len(o.flows), stack(o.flows[0]))
		}
		if got := stack(o.flows[2]); got != "mine" {
			t.Errorf("what was known before the failure: %q", got)
		}
		for _, f := range o.flows[1:] {
			if f.Client.Packets+f.Server.Packets < 2 {
				t.Errorf("%s: the packets after the failure are not counted", f.Client.AddrPort())
			}
		}
		failures := p.Failures()
		if o.summary.Failures != 3 || len(failures) != 3 {
			t.Fatalf("%d failures counted, %d kept: %v", o.summary.Failures, len(failures), failures)
		}
		if f := failures[0]; f.Packet != 12 || f.Flow != "tcp 10.0.0.3:40001 > 10.0.0.4:4000" ||
			!strings.Contains(f.Reason, "out of range") || !strings.HasPrefix(f.Place, "pipeline/failure_test.go:") {
			t.Errorf("the first failure: %s", &f)
		}
	}
}

// Failures are counted, but only a few are kept.
func TestManyFailures(t *testing.T) {
	p := start(t, Config{Engine: mined(t, false)}, &outcome{})
	const many = 3 * keptFailures
	for i := range many {
		w := newWire(fmt.Sprintf("10.0.0.1:%d", 40000+i), "10.0.0.2:4000")
		if err := p.Packet(frame(i+1, w.datagram(fromClient, "MINE! boom"))); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.Summary().Failures; n != many || len(p.Failures()) != keptFailures {
		t.Errorf("%d counted, %d kept", n, len(p.Failures()))
	}
}

// Where reassembly itself is in the middle of something, what it holds is freed.
func TestFailureFreesHeldBytes(t *testing.T) {
	o := &outcome{}
	p := start(t, Config{OnUpdate: func(*Flow) { panic("told") }}, o)
	w := newWire("10.0.0.1:40000", "10.0.0.2:1000")
	packets := append(w.handshake(), w.tcp(fromClient, "A", "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n"))
	w.tcp(fromClient, "A", "lost")
	packets = append(packets[:3:3], w.tcp(fromClient, "A", "waits"), packets[3])
	for i, b := range packets {
		if err := p.Packet(frame(i+1, b)); err != nil {
			t.Fatal(err)
		}
		if i == 3 && p.bounds.InUse() == 0 {
			t.Fatal("nothing is held")
		}
	}
	if n := p.bounds.InUse(); n != 0 || p.Summary().Failures != 1 {
		t.Errorf("%d bytes are held after %d failures", n, p.Summary().Failures)
	}
}
