package pipeline

import (
	"testing"
	"time"
)

// at feeds a frame at a time after the beginning of the capture.
func at(t *testing.T, p *Pipeline, n int, b []byte, after time.Duration) {
	t.Helper()
	pkt := frame(n, b)
	pkt.Timestamp = 1_700_000_000e9 + int64(after)
	if err := p.Packet(pkt); err != nil {
		t.Fatal(err)
	}
}

// A clock that is set back or forward in the middle of a conversation tears nothing
// apart, and no flow ends before it began.
func TestClockStep(t *testing.T) {
	for name, step := range map[string]time.Duration{
		"a second back": -time.Second, "a day back": -24 * time.Hour, "before 1970": -60 * 365 * 24 * time.Hour,
		"a minute on": time.Minute, "an hour on": time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire("10.0.0.1:40000", "10.0.0.2:8080")
			frames := append(w.handshake(), w.tcp(fromClient, "PA", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), w.tcp(fromServer, "PA", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
			o := &outcome{}
			p := start(t, Config{}, o)
			for i, b := range frames {
				after := time.Duration(i) * time.Millisecond
				if i == len(frames)-1 {
					after += step
				}
				at(t, p, i+1, b, after)
			}
			other := newWire("10.0.0.1:40001", "10.0.0.2:53")
			at(t, p, 10, other.datagram(fromClient, dnsQuestion), step+time.Second)
			o.finish(p)
			if len(o.flows) != 2 {
				t.Fatalf("%d flows", len(o.flows))
			}
			if f := o.flow(t, "tcp", 40000, 8080); stack(f) != "http" || f.Answer.Confidence.String() != "certain" || f.End < f.Start {
				t.Errorf("%s, %v, from %d to %d", stack(f), f.Answer.Confidence, f.Start, f.End)
			}
			if f := o.flow(t, "udp", 40001, 53); stack(f) != "dns" {
				t.Errorf("%q", stack(f))
			}
		})
	}
}

// A machine that slept for days: what was open is told of and given up, what goes on is
// a flow of its own, and the port has the name that was found before.
func TestSuspend(t *testing.T) {
	w := newWire("10.0.0.1:40000", "10.0.0.2:8080")
	before := append(w.handshake(), w.tcp(fromClient, "PA", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), w.tcp(fromServer, "PA", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"))
	after := w.tcp(fromServer, "PA", "body")
	o := &outcome{}
	p := start(t, Config{}, o)
	for i, b := range before {
		at(t, p, i+1, b, time.Duration(i)*time.Millisecond)
	}
	at(t, p, 9, after, 72*time.Hour)
	o.finish(p)
	if len(o.flows) != 2 || stack(o.flows[0]) != "http" || o.flows[0].End-o.flows[0].Start > int64(time.Second) {
		t.Fatalf("%d flows, the first %q", len(o.flows), stack(o.flows[0]))
	}
	if got := o.port(t, 8080).Port.Observations[0].Protocols; len(got) != 1 || got[0] != "http" {
		t.Errorf("the port is %q", got)
	}
}
