package header

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/gopacket"

	"github.com/sniffid/sniffid/capture"
)

// A capture that cuts a frame short loses layers and bytes, but what is left
// says the same as the whole frame.
func TestDecodeCutByCapture(t *testing.T) {
	var whole, cut Packet
	for _, v := range vectors(t) {
		whole.Decode(v.link, v.data, len(v.data))
		for i := range v.data {
			cut.Decode(v.link, v.data[:i], len(v.data))
			if cut.Damage.Malformed() {
				t.Fatalf("%s cut at %d: damage %b", v.name, i, cut.Damage)
			}
			if cut.Len() > whole.Len() {
				t.Fatalf("%s cut at %d: %d layers, whole frame has %d", v.name, i, cut.Len(), whole.Len())
			}
			for j := range cut.Len() {
				checkCutLayer(t, v.name, i, cut.Layer(j), whole.Layer(j))
			}
			if f := cut.Frame(); f != nil && (whole.Frame() == nil || describeFrame(&cut) != describeFrame(&whole) ||
				!bytes.HasPrefix(whole.Frame().Payload, f.Payload)) {
				t.Fatalf("%s cut at %d: frame %s, %x", v.name, i, describeFrame(&cut), f.Payload)
			}
		}
	}
}

func checkCutLayer(t *testing.T, name string, i int, got, want *Layer) {
	t.Helper()
	if got.Src != want.Src || got.Dst != want.Dst || got.Length != want.Length || got.Scope != want.Scope {
		t.Fatalf("%s cut at %d: %v>%v %d, want %v>%v %d", name, i, got.Src, got.Dst, got.Length, want.Src, want.Dst, want.Length)
	}
	if !got.Transport {
		return
	}
	if got.SrcPort != want.SrcPort || got.DstPort != want.DstPort || got.PayloadSize != want.PayloadSize {
		t.Fatalf("%s cut at %d: ports %d>%d payload %d, want %d>%d payload %d", name, i,
			got.SrcPort, got.DstPort, got.PayloadSize, want.SrcPort, want.DstPort, want.PayloadSize)
	}
	if !bytes.HasPrefix(want.Payload, got.Payload) {
		t.Fatalf("%s cut at %d: payload %x, want a prefix of %x", name, i, got.Payload, want.Payload)
	}
}

// A frame that ends too early on the wire is damaged, and never more than that.
func TestDecodeCutOnWire(t *testing.T) {
	var p Packet
	for _, v := range vectors(t) {
		for i := range v.data {
			p.Decode(v.link, v.data[:i], i)
			checkPacket(t, &p, v.data[:i])
		}
	}
}

// checkPacket verifies what holds for every decoded frame.
func checkPacket(tb testing.TB, p *Packet, data []byte) {
	tb.Helper()
	if f := p.Frame(); f != nil {
		if len(f.Payload) > f.PayloadSize || f.PayloadSize > f.Length || len(f.Payload) > len(data) || f.PayloadSize == 0 {
			tb.Fatalf("frame of %d bytes with %d of payload, %d at hand", f.Length, f.PayloadSize, len(f.Payload))
		}
		if f.Number >= 1<<48 || (f.Scope == 0) != (len(p.FrameTunnels()) == 0) || int(f.layers) != p.Len() {
			tb.Fatalf("frame %s, scope %d, behind %d layers", describeFrame(p), f.Scope, p.Len())
		}
	}
	for i := range p.Len() {
		l := p.Layer(i)
		if l.Version != 4 && l.Version != 6 || !l.Src.IsValid() || !l.Dst.IsValid() {
			tb.Fatalf("layer %d: version %d, %v>%v", i, l.Version, l.Src, l.Dst)
		}
		if len(l.Payload) > l.PayloadSize || l.PayloadSize > l.Length || len(l.Payload) > len(data) {
			tb.Fatalf("layer %d: %d bytes of payload of %d in a packet of %d", i, len(l.Payload), l.PayloadSize, l.Length)
		}
		if l.Fragment && l.Transport {
			tb.Fatalf("layer %d: a fragment with transport header", i)
		}
		if l.Fragment && i != p.Len()-1 {
			tb.Fatalf("layer %d: something inside of a fragment", i)
		}
		if f := p.Frame(); f != nil && f.Around(i) && (l.Fragment || l.Transport && l.Proto != UDP) {
			tb.Fatalf("layer %d: protocol %d carries a frame", i, l.Proto)
		}
		if (len(p.Tunnels(i)) == 0) != (l.Scope == 0) {
			tb.Fatalf("layer %d: tunnels %v, scope %d", i, p.Tunnels(i), l.Scope)
		}
		for b, rest := l.Payload, []byte(nil); l.Proto == SCTP && l.Transport; b = rest {
			c, next, ok := NextChunk(b)
			if !ok {
				break
			}
			if len(next) >= len(b) || len(c.Data) > c.Size {
				tb.Fatalf("chunk of %d bytes, %d on the wire, leaves %d of %d", len(c.Data), c.Size, len(next), len(b))
			}
			rest = next
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(uint16(v.link), v.data, len(v.data))
	}
	var p Packet
	f.Fuzz(func(t *testing.T, link uint16, data []byte, wire int) {
		if wire > 1<<20 {
			wire = 1 << 20
		}
		p.Decode(capture.LinkType(link), data, wire)
		checkPacket(t, &p, data)
		for i := range p.Len() {
			if l := p.Layer(i); l.Fragment {
				p.Reassembled(i, l.Payload, l.PayloadSize)
				if f := p.Frame(); f != nil && !f.Around(i) {
					t.Fatalf("reassembled: frame %s is not inside of layer %d", describeFrame(&p), i)
				}
				if q := p.Layer(i); len(q.Payload) > q.PayloadSize {
					t.Fatalf("reassembled: %d bytes of payload of %d", len(q.Payload), q.PayloadSize)
				}
				break
			}
		}
	})
}

func TestDecodeNesting(t *testing.T) {
	data := tcpPacket(t, "hello")
	for range MaxLayers + 4 {
		data = ipPacket(t, 4, data)
	}
	var p Packet
	p.Decode(capture.LinkRaw, data, len(data))
	if p.Len() != MaxLayers || p.Damage != TooDeep {
		t.Errorf("%d layers, damage %b; want %d, %b", p.Len(), p.Damage, MaxLayers, TooDeep)
	}
	labels := bytes.Repeat([]byte{0, 0, 0, 64}, 1000)
	p.Decode(capture.LinkEthernet, ethernet(0x8847, labels), 14+len(labels))
	if p.Len() != 0 || p.Damage != TooDeep {
		t.Errorf("%d layers, damage %b; want none, %b", p.Len(), p.Damage, TooDeep)
	}
}

func TestDecodeDamage(t *testing.T) {
	web := tcpPacket(t, "hello")
	edit := func(at int, value byte) []byte {
		b := bytes.Clone(web)
		b[at] = value
		return b
	}
	tests := []struct {
		name   string
		data   []byte
		wire   int
		damage Damage
		layers int
	}{
		{"version", edit(0, 0x35), len(web), BadHeader, 0},
		{"header length below 20", edit(0, 0x44), len(web), BadHeader, 0},
		{"total length below header length", edit(3, 19), len(web), BadLength, 0},
		{"total length above frame", edit(3, 200), len(web), BadLength, 1},
		{"data offset below 5", edit(32, 0x40), len(web), BadHeader, 1},
		{"data offset behind the packet", edit(32, 0xf0), len(web), BadLength, 1},
		{"udp length below 8", ipPacket(t, 17, hx("0001 0002 0007 0000 aa")), 29, BadLength, 1},
		{"udp length above IP length", ipPacket(t, 17, hx("0001 0002 0010 0000 aa")), 29, BadLength, 1},
		{"empty", nil, 0, BadLength, 0},
		{"nothing captured", nil, 60, CutShort, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p Packet
			p.Decode(capture.LinkRaw, tt.data, tt.wire)
			if p.Damage != tt.damage || p.Len() != tt.layers {
				t.Errorf("damage %b, %d layers; want %b, %d", p.Damage, p.Len(), tt.damage, tt.layers)
			}
		})
	}
}

func TestDecodeLinkFields(t *testing.T) {
	web := tcpPacket(t, "hello")
	var p Packet
	data := ethernet(0x88a8, join(be(0xe007, 0x8100, 8, 0x0800), web))
	p.Decode(capture.LinkEthernet, data, len(data))
	if vlans := p.VLANs(); len(vlans) != 2 || vlans[0] != 7 || vlans[1] != 8 {
		t.Errorf("VLANs %v, want [7 8]", vlans)
	}
	if p.Frame() != nil {
		t.Errorf("a frame around IP: %s", describeFrame(&p))
	}
	if !p.HasMAC || !bytes.Equal(p.SrcMAC[:], macA) || !bytes.Equal(p.DstMAC[:], macB) {
		t.Errorf("addresses %x>%x", p.SrcMAC, p.DstMAC)
	}
	for _, v := range linkVectors(t) {
		p.Decode(v.link, v.data, len(v.data))
		switch v.name {
		case "PKTAP":
			if !p.HasProcess || p.PID != 42 || string(p.ProcessName) != "curl" {
				t.Errorf("process %v %d %q", p.HasProcess, p.PID, p.ProcessName)
			}
		case "802.11 protected":
			if !p.Protected {
				t.Error("protected frame not flagged")
			}
		case "802.11 QoS WDS":
			if !bytes.Equal(p.SrcMAC[:], macA) || !bytes.Equal(p.DstMAC[:], macB) {
				t.Errorf("802.11 addresses %x>%x", p.SrcMAC, p.DstMAC)
			}
		default:
			if p.HasProcess || p.Protected {
				t.Errorf("%s: process %v, protected %v", v.name, p.HasProcess, p.Protected)
			}
		}
	}
}

func TestDecodeTCPFields(t *testing.T) {
	data := tcpPacket(t, "hello")
	var p Packet
	p.Decode(capture.LinkRaw, data, len(data))
	l := p.Layer(0)
	if l.Seq != 1000 || l.Ack != 2000 || l.Window != 512 || l.Flags != PSH|ACK || l.TTL != 64 || l.Length != len(data) {
		t.Errorf("seq %d ack %d window %d flags %b ttl %d length %d", l.Seq, l.Ack, l.Window, l.Flags, l.TTL, l.Length)
	}
	if string(l.Payload) != "hello" {
		t.Errorf("payload %q", l.Payload)
	}
}

func TestReassembled(t *testing.T) {
	inner := tcpPacket(t, "hello")
	vxlan := udpPacket(t, join(hx("08000000 00002a00"), ethernet(0x0800, inner)))
	first := bytes.Clone(vxlan)
	first[6] = 0x20 // more fragments
	data := ipPacket(t, 47, join(hx("0000 0800"), first))
	var p Packet
	p.Decode(capture.LinkRaw, data, len(data))
	if p.Len() != 2 || !p.Layer(1).Fragment {
		t.Fatalf("%d layers", p.Len())
	}
	p.Reassembled(1, vxlan[20:], len(vxlan)-20)
	if p.Len() != 3 {
		t.Fatalf("%d layers after reassembly, want 3", p.Len())
	}
	if got, want := describe(&p, 2), web4+" in gre vxlan:42"; got != want {
		t.Errorf("inner layer %s, want %s", got, want)
	}
}

func TestDecodeIncomplete(t *testing.T) {
	datagram := udpPacket(t, bytes.Repeat([]byte{0xff}, 3000))[20:]
	var p Packet
	p.DecodeIncomplete(netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), UDP, 7, datagram[:1480])
	if p.Len() != 1 || p.Damage != 0 {
		t.Fatalf("%d layers, damage %b", p.Len(), p.Damage)
	}
	if got, want := describe(&p, 0), "17 10.0.0.1:30001>10.0.0.2:30002 3000"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if l := p.Layer(0); len(l.Payload) != 1472 || l.Scope != 7 || l.Fragment {
		t.Errorf("%d bytes of payload, scope %d, fragment %v", len(l.Payload), l.Scope, l.Fragment)
	}
}

// Equal addresses in different networks differ in scope; the numbers that
// differ by direction do not count.
func TestScope(t *testing.T) {
	web := tcpPacket(t, "hello")
	scope := func(data []byte) uint32 {
		var p Packet
		p.Decode(capture.LinkRaw, data, len(data))
		return p.Layer(p.Len() - 1).Scope
	}
	vxlan := func(header string) uint32 { return scope(udpPacket(t, join(hx(header), ethernet(0x0800, web)))) }
	gtp := func(teid string) uint32 { return scope(udpPacket(t, join(hx("30ff"), be(len(web)), hx(teid), web))) }
	if scope(web) != 0 {
		t.Error("scope outside of a tunnel")
	}
	if a, b := vxlan("08000000 00002a00"), vxlan("08000000 00002b00"); a == b || a == 0 {
		t.Errorf("scopes of two VXLAN networks: %d, %d", a, b)
	}
	if a, b := gtp("00000001"), gtp("00000002"); a != b || a == 0 {
		t.Errorf("scopes of the two directions of a GTP tunnel: %d, %d", a, b)
	}
	if a, b := scope(ipPacket(t, 4, web)), scope(ipPacket(t, 4, ipPacket(t, 4, web))); a == b {
		t.Error("scope does not depend on the depth")
	}
}

func TestRefuses(t *testing.T) {
	quoted4, quoted6 := udpPacket(t, nil), tcpPacket6(t, "")
	icmp := func(typ, code byte) []byte { return ipPacket(t, 1, join([]byte{typ, code}, make([]byte, 6), quoted4)) }
	icmp6 := func(typ, code byte) []byte {
		return serialize(t, ip6(58), gopacket.Payload(join([]byte{typ, code}, make([]byte, 6), quoted6)))
	}
	tests := []struct {
		name string
		data []byte
		want bool
	}{
		{"port unreachable", icmp(3, 3), true},
		{"protocol unreachable", icmp(3, 2), true},
		{"host unreachable", icmp(3, 1), false},
		{"time exceeded", icmp(11, 0), false},
		{"v6 port unreachable", icmp6(1, 4), true},
		{"v6 next header unknown", icmp6(4, 1), true},
		{"v6 no route", icmp6(1, 0), false},
		{"nothing quoted", ipPacket(t, 1, hx("0303 0000 00000000")), false},
		{"udp", quoted4, false},
	}
	var p Packet
	for _, tt := range tests {
		p.Decode(capture.LinkRaw, tt.data, len(tt.data))
		if got := p.Layer(0).Refuses(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestSCTPFlags(t *testing.T) {
	tests := []struct {
		name, chunks string
		want         TCPFlags
	}{
		{"init", "01 00 0004", SYN},
		{"init ack", "02 00 0004", SYN | ACK},
		{"abort", "06 00 0004", RST},
		{"shutdown", "07 00 0008 00000001", FIN | ACK},
		{"shutdown ack", "08 00 0004", FIN | ACK},
		{"cookie echo, abort", "0a 00 0006 6162 0000 06 00 0004", ACK | RST},
		{"nothing", "", 0},
	}
	var p Packet
	for _, tt := range tests {
		data := ipPacket(t, 132, join(hx("0b59 0b5a 00000001 00000000"), hx(tt.chunks)))
		p.Decode(capture.LinkRaw, data, len(data))
		if got := p.Layer(0).Flags; got != tt.want || !got.Has(tt.want) {
			t.Errorf("%s: %b, want %b", tt.name, got, tt.want)
		}
	}
}

func TestNextChunk(t *testing.T) {
	b := hx(`
		01 00 0008 00000001                             # INIT, as far as it matters
		00 03 0013 00000005 0001 0002 0000002e 616263 00 # DATA, padded
		40 02 0016 00000006 0001 0000 00000009 0000002f 6465 0000 # I-DATA, begins
		00 01 0014 00000007 0001 0002 0000002e 6666     # DATA, cut short
		`)
	want := []Chunk{
		{Type: ChunkInit},
		{Type: ChunkData, Flags: 3, Begins: true, Ends: true, TSN: 5, Stream: 1, PPID: 46, Data: []byte("abc"), Size: 3},
		{Type: ChunkIData, Flags: 2, Begins: true, TSN: 6, Stream: 1, PPID: 47, Data: []byte("de"), Size: 2},
		{Type: ChunkData, Flags: 1, Ends: true, TSN: 7, Stream: 1, PPID: 46, Data: []byte("ff"), Size: 4},
	}
	for i, w := range want {
		c, rest, ok := NextChunk(b)
		if !ok || c.Type != w.Type || c.Flags != w.Flags || c.Begins != w.Begins || c.Ends != w.Ends || c.TSN != w.TSN ||
			c.Stream != w.Stream || c.PPID != w.PPID || !bytes.Equal(c.Data, w.Data) || c.Size != w.Size {
			t.Errorf("chunk %d: %+v, want %+v", i, c, w)
		}
		b = rest
	}
	if _, _, ok := NextChunk(b); ok {
		t.Error("a chunk behind the last")
	}
}

func TestDecodeAllocs(t *testing.T) {
	var p Packet
	for _, v := range vectors(t) {
		if n := testing.AllocsPerRun(100, func() { p.Decode(v.link, v.data, len(v.data)) }); n != 0 {
			t.Errorf("%s: %v allocations", v.name, n)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	v6 := ip6(6)
	for _, bb := range []struct {
		name string
		data []byte
	}{
		{"tcp4", ethernet(0x0800, tcpPacket(b, "hello"))},
		{"tcp6", ethernet(0x86dd, serialize(b, v6, tcp(v6), gopacket.Payload("hello")))},
		{"udp4", ethernet(0x0800, udpPacket(b, []byte("\x12\x34\x01\x00\x00\x01")))},
		{"vxlan", ethernet(0x0800, udpPacket(b, join(hx("08000000 00002a00"), ethernet(0x0800, tcpPacket(b, "hello")))))},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var p Packet
			b.ReportAllocs()
			for b.Loop() {
				p.Decode(capture.LinkEthernet, bb.data, len(bb.data))
			}
		})
	}
}
