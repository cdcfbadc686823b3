package pipeline

import "testing"

// shedding starts a pipeline; give lets it see packets while so many wait.
func shedding(t *testing.T) (p *Pipeline, o *outcome, give func(waiting float64, packets ...[]byte), told *int) {
	var backlog float64
	o, told = new(outcome), new(int)
	p = start(t, Config{Engine: engine(t), Backlog: func() float64 { return backlog }, OnShed: func() { *told++ }}, o)
	n := 0
	give = func(waiting float64, packets ...[]byte) {
		t.Helper()
		backlog = waiting
		for _, b := range packets {
			n++
			if err := p.Packet(frame(n, b)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return p, o, give, told
}

// Payload is passed over when too many packets wait: first that of flows with a name.
func TestShed(t *testing.T) {
	p, o, give, told := shedding(t)
	request := "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n"
	response := "HTTP/1.1 200 OK\r\nServer: one\r\nContent-Length: 0\r\n\r\n"

	// Named before: its answer is passed over. Another one gets its name meanwhile.
	named, fresh := newWire("10.0.0.1:40000", "10.0.0.2:1000"), newWire("10.0.0.1:40001", "10.0.0.2:1001")
	give(0, named.handshake()...)
	give(0, named.tcp(fromClient, "A", request))
	give(0.6, named.tcp(fromServer, "A", response))
	give(0.6, fresh.handshake()...)
	give(0.6, fresh.tcp(fromClient, "A", request))

	// Nothing is looked at; what comes afterwards is.
	late := newWire("10.0.0.1:40002", "10.0.0.2:1002")
	give(0.9, late.handshake()...)
	give(0.9, late.tcp(fromClient, "A", request))
	give(0, late.tcp(fromServer, "A", response))
	never := newWire("10.0.0.1:40003", "10.0.0.2:1003")
	give(0.9, never.datagram(fromClient, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03net\x00\x00\x01\x00\x01"))
	o.finish(p)

	for client, want := range map[uint16]string{40000: "http", 40001: "http", 40002: "http", 40003: ""} {
		transport, server := "tcp", 1000+client-40000
		if client == 40003 {
			transport = "udp"
		}
		if f := o.flow(t, transport, client, server); stack(f) != want || f.Client.Payload == 0 {
			t.Errorf("flow from %d is %q with %d bytes of payload, want %q", client, stack(f), f.Client.Payload, want)
		}
	}
	if s := p.Summary(); s.Uninspected != 3 || *told != 1 {
		t.Errorf("%d packets not looked at, told %d times", s.Uninspected, *told)
	}
}

// What was passed over is a hole: what lies around it is not read as one message, and
// the end of a connection that comes with it is not missed.
func TestShedInTheMiddle(t *testing.T) {
	for waiting, want := range map[float64]string{0: "http", 1: ""} {
		p, o, give, _ := shedding(t)
		w := newWire("10.0.0.1:40000", "10.0.0.2:1000")
		give(0, w.handshake()...)
		give(0, w.tcp(fromClient, "A", "GET / HT"))
		give(waiting, w.tcp(fromClient, "A", ""), w.tcp(fromClient, "A", "TP/1.1\r\nX: "))
		give(0, w.tcp(fromClient, "A", "TP/1.1\r\nHost: example.net\r\n\r\n"))
		give(waiting, w.tcp(fromServer, "FA", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		give(waiting, w.tcp(fromClient, "FA", "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n"))
		if work := p.current.Value.work; work != nil {
			t.Errorf("%v waiting: the flow is still looked at after its end", waiting)
		}
		o.finish(p)
		if got := stack(o.flow(t, "tcp", 40000, 1000)); got != want {
			t.Errorf("%v waiting: the flow is %q, want %q", waiting, got, want)
		}
	}
}

// Counted are packets that somebody would have looked at, each once.
func TestShedCounts(t *testing.T) {
	p, o, give, _ := shedding(t)
	w := newWire("10.0.0.1:40000", "10.0.0.2:1000")
	give(0, w.handshake()...)
	give(0, w.tcp(fromClient, "A", "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n"))
	give(0, w.tcp(fromServer, "A", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	give(1, w.tcp(fromServer, "A", ""), w.handshake()[0])
	if n := p.Summary().Uninspected; n != 0 {
		t.Errorf("%d packets without payload are counted", n)
	}
	give(1, linkFrame(0x9999, hexBytes("0102030405")))
	if n := p.Summary().Uninspected; n != 1 {
		t.Errorf("a frame without IP is counted %d times", n)
	}
	o.finish(p)
}
