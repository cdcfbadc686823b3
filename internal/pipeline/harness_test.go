package pipeline

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

// loadEngine compiles the signatures that come with the program, once.
var loadEngine = sync.OnceValues(func() (*dissect.Engine, error) {
	set, err := signatures.Load(signatures.Builtin(), builtin.All())
	if err != nil {
		return nil, err
	}
	return dissect.NewEngine(set.Protocols(), dissect.Config{})
})

func engine(t testing.TB) *dissect.Engine {
	t.Helper()
	e, err := loadEngine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// outcome is what came out of a run.
type outcome struct {
	flows   []*Flow
	ports   []Port
	summary Summary
}

// flow returns the flow that client's port opened to server's; 0 is any port.
func (o *outcome) flow(t testing.TB, transport string, client, server uint16) *Flow {
	t.Helper()
	for _, f := range o.flows {
		if f.Transport == transport && (client == 0 || f.Client.Port == client) && (server == 0 || f.Server.Port == server) {
			return f
		}
	}
	t.Fatalf("no %s flow %d -> %d among %d", transport, client, server, len(o.flows))
	return nil
}

// port returns the verdict about a port number.
func (o *outcome) port(t testing.TB, number uint16) *Port {
	t.Helper()
	for i := range o.ports {
		if o.ports[i].Port.Key.Port == number {
			return &o.ports[i]
		}
	}
	t.Fatalf("no verdict about port %d among %d", number, len(o.ports))
	return nil
}

func stack(f *Flow) string { return strings.Join(f.Answer.Protocols, " ") }

// read runs a capture of testdata/pcaps.
func read(t testing.TB, name string, c Config) *outcome {
	t.Helper()
	src, err := pcapfile.Open(filepath.Join("..", "..", "testdata", "pcaps", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	o := &outcome{}
	p := start(t, c, o)
	if err := p.Run(context.Background(), src); err != nil {
		t.Fatal(err)
	}
	o.finish(p)
	return o
}

// feed runs frames that were made by code.
func feed(t testing.TB, c Config, frames ...[]byte) *outcome {
	t.Helper()
	o := &outcome{}
	p := start(t, c, o)
	for i, b := range frames {
		if err := p.Packet(frame(i+1, b)); err != nil {
			t.Fatal(err)
		}
	}
	o.finish(p)
	return o
}

func start(t testing.TB, c Config, o *outcome) *Pipeline {
	t.Helper()
	if c.Engine == nil {
		c.Engine = engine(t)
	}
	c.OnFlow = func(f *Flow) {
		kept := *f
		o.flows = append(o.flows, &kept)
	}
	return New(c)
}

func (o *outcome) finish(p *Pipeline) {
	p.Finish()
	o.ports, o.summary = p.Ports(), p.Summary()
}

// frame is the n-th packet of a capture, a millisecond after the one before.
func frame(n int, b []byte) *capture.Packet {
	return &capture.Packet{
		Number: uint64(n), Timestamp: 1_700_000_000e9 + int64(n)*1e6,
		Data: b, Length: len(b), LinkType: capture.LinkEthernet,
	}
}

// ports is a list of ports for a configuration.
func ports(t testing.TB, list string) PortSet {
	t.Helper()
	s, err := ParsePorts(list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wire makes the frames of one TCP connection or of datagrams between two ends.
type wire struct {
	client, server netip.AddrPort
	seq            [2]uint32
}

func newWire(client, server string) *wire {
	return &wire{netip.MustParseAddrPort(client), netip.MustParseAddrPort(server), [2]uint32{1000, 5000}}
}

const (
	fromClient = 0
	fromServer = 1
)

func (w *wire) ends(d int) (src, dst netip.AddrPort) {
	if d == fromServer {
		return w.server, w.client
	}
	return w.client, w.server
}

func (w *wire) ip(d int, proto layers.IPProtocol) *layers.IPv4 {
	src, dst := w.ends(d)
	return &layers.IPv4{
		Version: 4, TTL: 64, Protocol: proto,
		SrcIP: net.IP(src.Addr().AsSlice()), DstIP: net.IP(dst.Addr().AsSlice()),
	}
}

func ethernet() *layers.Ethernet {
	return &layers.Ethernet{
		SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2},
		EthernetType: layers.EthernetTypeIPv4,
	}
}

// tcp makes a segment; flags is a selection of "SAFRP".
func (w *wire) tcp(d int, flags, payload string) []byte {
	src, dst := w.ends(d)
	ip := w.ip(d, layers.IPProtocolTCP)
	s := &layers.TCP{
		SrcPort: layers.TCPPort(src.Port()), DstPort: layers.TCPPort(dst.Port()), Window: 65535,
		Seq: w.seq[d], Ack: w.seq[1-d],
		SYN: strings.Contains(flags, "S"), ACK: strings.Contains(flags, "A"), FIN: strings.Contains(flags, "F"),
		RST: strings.Contains(flags, "R"), PSH: strings.Contains(flags, "P"),
	}
	_ = s.SetNetworkLayerForChecksum(ip) // fails for no IPv4 layer
	w.seq[d] += uint32(len(payload))
	if s.SYN || s.FIN {
		w.seq[d]++
	}
	return serialize(ethernet(), ip, s, gopacket.Payload(payload))
}

func (w *wire) handshake() [][]byte {
	return [][]byte{w.tcp(fromClient, "S", ""), w.tcp(fromServer, "SA", ""), w.tcp(fromClient, "A", "")}
}

// udp makes the UDP datagram without its frame.
func (w *wire) udp(d int, payload string) (*layers.IPv4, []byte) {
	src, dst := w.ends(d)
	ip := w.ip(d, layers.IPProtocolUDP)
	u := &layers.UDP{SrcPort: layers.UDPPort(src.Port()), DstPort: layers.UDPPort(dst.Port())}
	_ = u.SetNetworkLayerForChecksum(ip)
	return ip, serialize(u, gopacket.Payload(payload))
}

func (w *wire) datagram(d int, payload string) []byte {
	ip, u := w.udp(d, payload)
	return serialize(ethernet(), ip, gopacket.Payload(u))
}

// fragments cuts a datagram after the given number of bytes of the IP payload.
func (w *wire) fragments(d int, payload string, at int) [2][]byte {
	ip, u := w.udp(d, payload)
	ip.Id, ip.Flags = 7, layers.IPv4MoreFragments
	first := serialize(ethernet(), ip, gopacket.Payload(u[:at]))
	ip.Flags, ip.FragOffset = 0, uint16(at/8)
	return [2][]byte{first, serialize(ethernet(), ip, gopacket.Payload(u[at:]))}
}

func serialize(list ...gopacket.SerializableLayer) []byte {
	b := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, list...)
	if err != nil {
		panic(err) // the layers are those of this file
	}
	return b.Bytes()
}

// openSessions is how many inquiries go on.
func openSessions(p *Pipeline) int {
	n := 0
	for i := range p.examiners {
		n += p.examiners[i].sessions.open
	}
	return n
}
