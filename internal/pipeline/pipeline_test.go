package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

const (
	httpRequest  = "GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"
	httpResponse = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)

// webFrames is an HTTP exchange with its handshake.
func webFrames(w *wire) [][]byte {
	return append(w.handshake(), w.tcp(fromClient, "PA", httpRequest), w.tcp(fromServer, "PA", httpResponse))
}

func TestStacks(t *testing.T) {
	tests := []struct {
		capture   string
		transport string
		server    uint16
		want      string
		roles     flow.Roles
	}{
		{"http/usual.pcap", "tcp", 80, "http", flow.RolesHandshake},
		{"ssh/usual.pcap", "tcp", 22, "ssh", flow.RolesHandshake},
		{"dns/udp.pcap", "udp", 53, "dns", flow.RolesProtocol},
		{"dns/ipv6.pcap", "udp", 53, "dns", flow.RolesProtocol},
		{"dns/fragments.pcap", "udp", 53, "dns", flow.RolesProtocol},
		{"format/vlan.pcap", "udp", 53, "dns", flow.RolesProtocol},
		{"format/cooked.pcap", "udp", 53, "dns", flow.RolesProtocol},
		{"format/raw-ip.pcap", "udp", 53, "dns", flow.RolesProtocol},
		{"crossed/http-on-3389.pcap", "tcp", 3389, "http", flow.RolesHandshake},
		{"crossed/one-byte-segments.pcap", "tcp", 0, "http", flow.RolesHandshake},
		{"damaged/snaplen-96.pcap", "tcp", 80, "http", flow.RolesHandshake},
		{"damaged/syn-only.pcap", "tcp", 445, "", flow.RolesHandshake},
		{"phantom/netstat-2888.pcap", "tcp", 139, "nbss smb", flow.RolesHandshake},
	}
	for _, tt := range tests {
		t.Run(tt.capture, func(t *testing.T) {
			f := read(t, tt.capture, Config{}).flow(t, tt.transport, 0, tt.server)
			if got := stack(f); got != tt.want {
				t.Errorf("protocols %q, want %q", got, tt.want)
			}
			if f.Roles != tt.roles {
				t.Errorf("roles %v, want %v", f.Roles, tt.roles)
			}
			if len(f.Answer.Protocols) > 0 && len(f.Answer.Evidence) == 0 {
				t.Error("a label without evidence")
			}
		})
	}
}

// Flows announce flows: the announced one is named even where its own bytes
// prove nothing, and says then that it was only expected.
func TestAnnouncedFlows(t *testing.T) {
	tests := []struct {
		capture    string
		control    uint16
		want       string
		confidence dissect.Confidence
	}{
		{"ftp/passive.pcap", 21, "ftp-data", dissect.Expected},
		{"ftp/extended-passive.pcap", 21, "ftp-data", dissect.Expected},
		{"ftp/active.pcap", 21, "ftp-data", dissect.Expected},
		{"dcerpc/tcp-samr.pcap", 135, "dcerpc samr", dissect.Certain},
		{"nfs/v3.pcap", 111, "rpc nfs", dissect.Certain},
		{"tftp/read.pcap", 69, "tftp", dissect.Certain},
	}
	for _, tt := range tests {
		t.Run(tt.capture, func(t *testing.T) {
			o := read(t, tt.capture, Config{})
			var got []string
			for _, f := range o.flows {
				if f.Server.Port == tt.control {
					continue
				}
				got = append(got, stack(f))
				if stack(f) == tt.want && f.Answer.Confidence != tt.confidence {
					t.Errorf("confidence %v, want %v", f.Answer.Confidence, tt.confidence)
				}
			}
			if !slices.Contains(got, tt.want) {
				t.Errorf("announced flows speak %q, want %q among them", got, tt.want)
			}
		})
	}
}

func TestPortFilter(t *testing.T) {
	web := newWire("10.0.0.1:40000", "10.0.0.2:8080")
	other := newWire("10.0.0.1:40001", "10.0.0.3:8081")
	frames := append(webFrames(web), webFrames(other)...)
	tests := []struct {
		list  string
		flows int
	}{
		{"8080", 1},
		{"40000", 1},
		{"tcp/8080", 1},
		{"udp/8080", 0},
		{"8080-8081", 2},
		{"9", 0},
	}
	for _, tt := range tests {
		t.Run(tt.list, func(t *testing.T) {
			o := feed(t, Config{Ports: ports(t, tt.list)}, frames...)
			if len(o.flows) != tt.flows {
				t.Errorf("%d flows, want %d", len(o.flows), tt.flows)
			}
			if want := uint64(tt.flows * len(frames) / 2); o.summary.Packets != want {
				t.Errorf("%d packets, want %d", o.summary.Packets, want)
			}
		})
	}
}

// Rows about ports that nobody asked about are left out, peers are not.
func TestPortFilterAndClaims(t *testing.T) {
	row := func(port uint16) claims.Claim {
		return claims.Claim{Transport: "tcp", Local: netip.AddrPortFrom(netip.IPv4Unspecified(), port), State: claims.Listening, Line: 1}
	}
	c := Config{
		Ports:     ports(t, "40000,7"),
		Correlate: correlate.Config{Claims: &claims.Listing{Claims: []claims.Claim{row(7), row(8), row(9)}}},
	}
	o := feed(t, c, webFrames(newWire("10.0.0.1:40000", "10.0.0.2:8080"))...)
	var got []uint16
	for i := range o.ports {
		got = append(got, o.ports[i].Port.Key.Port)
	}
	slices.Sort(got)
	if want := []uint16{7, 8080, 40000}; !slices.Equal(got, want) {
		t.Errorf("verdicts about %v, want %v", got, want)
	}
}

func TestRefused(t *testing.T) {
	w := newWire("10.0.0.1:40000", "10.0.0.2:2888")
	tests := []struct {
		name   string
		frames [][]byte
	}{
		{"RST", [][]byte{w.tcp(fromClient, "S", ""), w.tcp(fromServer, "RA", "")}},
		{"ICMP", [][]byte{w.datagram(fromClient, "hello"), w.unreachable("hello")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var updates []string
			o := feed(t, Config{
				Ports:    ports(t, "2888"),
				OnUpdate: func(f *Flow) { updates = append(updates, f.State) },
			}, tt.frames...)
			if len(o.flows) != 1 || o.flows[0].State != "refused" {
				t.Fatalf("flows %+v, want one that was refused", o.flows)
			}
			if !slices.Equal(updates, []string{"refused"}) {
				t.Errorf("updates %q, want one", updates)
			}
			if p := o.port(t, 2888); len(p.Port.Observations) != 1 || !slices.Equal(p.Port.Observations[0].Refusals, []uint64{1, 2}) {
				t.Errorf("observations %+v, want a refusal by packets 1 and 2", p.Port.Observations)
			}
		})
	}
}

// unreachable is the server's ICMP answer to the client's datagram.
func (w *wire) unreachable(payload string) []byte {
	original, u := w.udp(fromClient, payload)
	quoted := serialize(original, gopacket.Payload(u))
	return serialize(ethernet(), w.ip(fromServer, layers.IPProtocolICMPv4), &layers.ICMPv4{
		TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodePort),
	}, gopacket.Payload(quoted))
}

// The roles of a conversation that was picked up in the middle follow from what
// is spoken, whoever's packet came first.
func TestRolesByProtocol(t *testing.T) {
	w := newWire("10.0.0.1:40000", "10.0.0.2:8080")
	o := feed(t, Config{}, w.tcp(fromServer, "A", ""), w.tcp(fromClient, "PA", httpRequest), w.tcp(fromServer, "PA", httpResponse))
	f := o.flow(t, "tcp", 40000, 8080)
	if f.Roles != flow.RolesProtocol || stack(f) != "http" {
		t.Errorf("roles %v, protocols %q; want them by the protocol, http", f.Roles, stack(f))
	}
	for _, e := range f.Answer.Evidence {
		if want := map[uint64]flow.Direction{2: flow.FromClient, 3: flow.FromServer}[e.Packet]; e.Direction != want {
			t.Errorf("evidence in packet %d is from the %v, want %v", e.Packet, e.Direction, want)
		}
	}
}

// A SYN that comes late turns the flow, and everything that is kept with it.
func TestRolesByLateHandshake(t *testing.T) {
	w := newWire("10.0.0.1:40000", "10.0.0.2:8080")
	syn, synAck := w.tcp(fromClient, "S", ""), w.tcp(fromServer, "SA", "")
	request, response := w.tcp(fromClient, "PA", httpRequest), w.tcp(fromServer, "PA", httpResponse)
	o := feed(t, Config{}, synAck, syn, request, response)
	if f := o.flow(t, "tcp", 40000, 8080); f.Roles != flow.RolesHandshake || stack(f) != "http" {
		t.Errorf("roles %v, protocols %q; want them by the handshake, http", f.Roles, stack(f))
	}
}

// owners is a socket table of one listener.
type owners struct{ listener netip.AddrPort }

func (o owners) Lookup(q owner.Query) owner.Owner {
	if q.Local == o.listener {
		return owner.Owner{PID: 42, Name: "served", Quality: owner.Listener}
	}
	return owner.Owner{Reason: owner.NotLocal}
}

func (owners) Snapshot() []owner.Socket      { return nil }
func (owners) Refresh(context.Context) error { return nil }
func (owners) Close() error                  { return nil }

func TestRolesBySocket(t *testing.T) {
	w := newWire("10.0.0.1:40000", "10.0.0.2:8080")
	o := feed(t, Config{Owners: owners{w.server}}, w.datagram(fromServer, "?"), w.datagram(fromClient, "?"))
	f := o.flow(t, "udp", 40000, 8080)
	if f.Roles != flow.RolesSocket || f.Server.Owner.Name != "served" || f.Client.Owner.Reason != owner.NotLocal {
		t.Errorf("roles %v, server %+v, client %+v", f.Roles, f.Server.Owner, f.Client.Owner)
	}
}

func TestTunnels(t *testing.T) {
	o := read(t, "tunnel/vxlan.pcap", Config{})
	for transport, want := range map[string]string{"tcp": "http", "udp": "dns"} {
		port := map[string]uint16{"tcp": 80, "udp": 53}[transport]
		f := o.flow(t, transport, 0, port)
		if stack(f) != want || len(f.Tunnel) != 1 || !strings.HasPrefix(f.Tunnel[0], "vxlan:") {
			t.Errorf("port %d carries %q in tunnel %q, want %s in vxlan", port, stack(f), f.Tunnel, want)
		}
	}
}

// dnsQuestion asks for the address of example.test.
const dnsQuestion = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + "\x07example\x04test\x00" + "\x00\x01\x00\x01"

func TestFragments(t *testing.T) {
	w := newWire("10.0.0.1:40000", "10.0.0.2:5353")
	cut := w.fragments(fromClient, dnsQuestion, 24)
	t.Run("complete", func(t *testing.T) {
		f := feed(t, Config{}, cut[0], cut[1]).flow(t, "udp", 40000, 5353)
		if f.Client.Packets != 2 || f.Client.Payload != uint64(len(dnsQuestion)) || stack(f) != "dns" {
			t.Errorf("%d packets, %d bytes, %q; want 2, %d, dns", f.Client.Packets, f.Client.Payload, stack(f), len(dnsQuestion))
		}
	})
	t.Run("other order", func(t *testing.T) {
		if f := feed(t, Config{}, cut[1], cut[0]).flow(t, "udp", 40000, 5353); stack(f) != "dns" {
			t.Errorf("protocols %q, want dns", stack(f))
		}
	})
	t.Run("first only", func(t *testing.T) {
		f := feed(t, Config{Ports: ports(t, "5353")}, cut[0]).flow(t, "udp", 40000, 5353)
		if f.First != 1 || f.Client.Packets != 1 || f.Client.Payload == 0 {
			t.Errorf("flow %+v, want one packet, the first", f)
		}
	})
	t.Run("last only", func(t *testing.T) {
		if o := feed(t, Config{}, cut[1]); len(o.flows) != 0 {
			t.Errorf("%d flows of a fragment without ports, want none", len(o.flows))
		}
	})
	t.Run("other port", func(t *testing.T) {
		if o := feed(t, Config{Ports: ports(t, "9")}, cut[0], cut[1]); len(o.flows) != 0 {
			t.Errorf("%d flows of ports that nobody asked about, want none", len(o.flows))
		}
	})
}

// While packets come, a line per verdict is told, not one per packet.
func TestVerdictsAsTheyCome(t *testing.T) {
	var got []string
	w := newWire("10.0.0.1:40000", "10.0.0.2:80")
	listing := &claims.Listing{Claims: []claims.Claim{
		{Transport: "tcp", Local: netip.MustParseAddrPort("10.0.0.1:2888"), State: claims.Listening, Line: 1},
		{Transport: "tcp", Local: netip.MustParseAddrPort("10.0.0.1:2888"), Remote: netip.MustParseAddrPort("10.0.0.9:139"), State: claims.Established, Line: 2},
	}}
	p := start(t, Config{
		Correlate: correlate.Config{Claims: listing},
		OnVerdict: func(p *Port) {
			got = append(got, fmt.Sprint(p.Port.Key.Port, " ", p.Verdict.Kind, " ", p.Verdict.Suspected))
		},
	}, &outcome{})
	p.suspect()
	frames := append(webFrames(w), w.tcp(fromClient, "PA", httpRequest), w.tcp(fromServer, "PA", httpResponse))
	for i, b := range frames {
		if err := p.Packet(frame(i+1, b)); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"2888 phantom true", "80 confirmed false"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	var frames [][]byte
	for i := range 50 {
		w := newWire(fmt.Sprintf("10.0.0.1:%d", 40000+i), "10.0.0.2:8080")
		frames = append(frames, w.handshake()...)
		frames = append(frames, w.tcp(fromClient, "PA", httpRequest))
	}
	p := start(t, Config{MaxSessions: 8}, &outcome{})
	for i, b := range frames {
		if err := p.Packet(frame(i+1, b)); err != nil {
			t.Fatal(err)
		}
		if openSessions(p) > 8 {
			t.Fatalf("%d sessions after packet %d, want at most 8", openSessions(p), i+1)
		}
	}
}

func TestOnPacketErrorEndsRun(t *testing.T) {
	full := errors.New("disk full")
	p := New(Config{Engine: engine(t), OnPacket: func(*capture.Packet) error { return full }})
	if err := p.Packet(frame(1, newWire("10.0.0.1:1", "10.0.0.2:2").datagram(fromClient, "x"))); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

// A packet that is kept names the process at its local end: the end that the
// direction tells, or, on loopback, the sender's.
func TestOnPacketNamesProcess(t *testing.T) {
	w := newWire("127.0.0.1:40000", "127.0.0.1:8080")
	tests := []struct {
		name       string
		from       int
		in, out    capture.Direction
		wantServer bool
	}{
		{"server sends", fromServer, capture.DirectionUnknown, capture.DirectionOut, true},
		{"server receives", fromClient, capture.DirectionUnknown, capture.DirectionIn, true},
		{"incoming to the server", fromClient, capture.DirectionIn, capture.DirectionIn, true},
		{"incoming to the client", fromServer, capture.DirectionIn, capture.DirectionIn, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got capture.Packet
			p := New(Config{
				Engine: engine(t), Owners: owners{w.server},
				OnPacket: func(pkt *capture.Packet) error {
					got = *pkt
					return nil
				},
			})
			pkt := frame(1, w.datagram(tt.from, "?"))
			pkt.Direction = tt.in
			if err := p.Packet(pkt); err != nil {
				t.Fatal(err)
			}
			if named := got.Process != nil && got.Process.PID == 42; named != tt.wantServer || got.Direction != tt.out && named {
				t.Errorf("process %+v, direction %v; want the server's %t, %v", got.Process, got.Direction, tt.wantServer, tt.out)
			}
		})
	}
}

// Whatever is in a frame, the pipeline survives it, and says nothing about
// ports of which it saw no payload.
func FuzzPacket(f *testing.F) {
	for _, b := range webFrames(newWire("10.0.0.1:40000", "10.0.0.2:80")) {
		f.Add(b)
	}
	cut := newWire("10.0.0.1:40000", "10.0.0.2:53").fragments(fromClient, dnsQuestion, 24)
	f.Add(append(slices.Clone(cut[0]), cut[1]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		half := len(b) / 2
		o := feed(t, Config{}, b, b[:half], b[half:])
		if o.summary.Failures > 0 {
			t.Errorf("%d failures", o.summary.Failures)
		}
		for _, flow := range o.flows {
			if flow.Client.Payload+flow.Server.Payload == 0 && len(flow.Answer.Protocols) > 0 {
				t.Errorf("%q without payload", stack(flow))
			}
		}
	})
}

// concluded is a pipeline that has concluded an HTTP connection, and a packet
// of that connection.
func concluded(tb testing.TB) (*Pipeline, *capture.Packet) {
	p := start(tb, Config{}, &outcome{})
	w := newWire("10.0.0.1:40000", "10.0.0.2:8080")
	frames := webFrames(w)
	for range 400 {
		frames = append(frames, w.tcp(fromClient, "PA", httpRequest), w.tcp(fromServer, "PA", httpResponse))
	}
	for i, b := range frames {
		if err := p.Packet(frame(i+1, b)); err != nil {
			tb.Fatal(err)
		}
	}
	if openSessions(p) != 0 {
		tb.Fatal("the flow is still under identification")
	}
	return p, frame(len(frames)+1, w.tcp(fromClient, "A", strings.Repeat("x", 1400)))
}

func TestConcludedFlowsAllocateNothing(t *testing.T) {
	p, pkt := concluded(t)
	if n := testing.AllocsPerRun(1000, func() {
		pkt.Number++
		pkt.Timestamp += 1000
		if err := p.Packet(pkt); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per packet, want none", n)
	}
}

func BenchmarkConcludedPacket(b *testing.B) {
	p, pkt := concluded(b)
	b.SetBytes(int64(len(pkt.Data)))
	b.ReportAllocs()
	for b.Loop() {
		pkt.Number++
		pkt.Timestamp += 1000
		if err := p.Packet(pkt); err != nil {
			b.Fatal(err)
		}
	}
}

// A short connection from its SYN to its label.
func BenchmarkConnection(b *testing.B) {
	const src, dst = 14 + 12, 14 + 16 // the addresses in a frame
	frames := webFrames(newWire("10.0.0.1:40000", "10.0.0.2:8080"))
	p := New(Config{Engine: engine(b)})
	n := 0
	packet := *frame(1, nil)
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range frames {
			client := data[src+1 : src+4]
			if data[src+3] == 2 && data[src+1] == 0 && data[src+2] == 0 { // the server's
				client = data[dst+1 : dst+4]
			}
			client[0], client[1], client[2] = 1|byte(n>>16), byte(n>>8), byte(n)
			packet.Number++
			packet.Timestamp += 1e6
			packet.Data, packet.Length = data, len(data)
			if err := p.Packet(&packet); err != nil {
				b.Fatal(err)
			}
		}
		n++
	}
	if flows := p.Summary().Flows; flows != uint64(n) {
		b.Fatalf("%d flows of %d connections", flows, n)
	}
}
