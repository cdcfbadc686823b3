package pipeline

import "testing"

// Payload is passed over when too many packets wait: first that of flows with a name.
func TestShed(t *testing.T) {
	backlog, told := 0.0, 0
	o := &outcome{}
	p := start(t, Config{Engine: engine(t), Backlog: func() float64 { return backlog }, OnShed: func() { told++ }}, o)
	n := 0
	give := func(waiting float64, packets ...[]byte) {
		t.Helper()
		backlog = waiting
		for _, b := range packets {
			n++
			if err := p.Packet(frame(n, b)); err != nil {
				t.Fatal(err)
			}
		}
	}
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
	if s := p.Summary(); s.Uninspected != 3 || told != 1 {
		t.Errorf("%d packets not looked at, told %d times", s.Uninspected, told)
	}
}
