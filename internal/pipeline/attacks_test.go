package pipeline

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket/layers"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/dissect/flow"
)

// The tests of this file are attacks on what work costs: packets that are cheap to send
// and would be dear to look at. Bounds are far above what is usual, and far below what
// an attack without a bound comes to.

// heap is what is in use after a collection, in bytes.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// each feeds frames to a pipeline and returns how long it took for each.
func each(t *testing.T, p *Pipeline, n int, packet func(i int) []byte) time.Duration {
	t.Helper()
	begin := time.Now()
	for i := range n {
		if err := p.Packet(frame(i+1, packet(i))); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(begin) / time.Duration(n)
}

// syn patches the ends of a SYN, so that making packets costs next to nothing.
func syn(b []byte, src [4]byte, port uint16) []byte {
	copy(b[26:], src[:])
	binary.BigEndian.PutUint16(b[34:], port)
	return b
}

// Ends chosen to fall together in a table cost no more than others: the runtime's maps
// hash with a key of their own in each process, and the flow table is one. What could
// fall together in a table that hashes badly are ends in arithmetic order.
func TestFlowCollisions(t *testing.T) {
	const n = 200_000
	b := newWire("10.0.0.1:1", "10.0.0.2:80").tcp(fromClient, "S", "")
	flood := func(ends func(i int) ([4]byte, uint16)) time.Duration {
		p := start(t, Config{}, &outcome{})
		p.config.OnFlow = nil
		return each(t, p, n, func(i int) []byte {
			src, port := ends(i)
			return syn(b, src, port)
		})
	}
	r := rand.New(rand.NewPCG(1, 2))
	var random, chosen []time.Duration
	for range 3 {
		random = append(random, flood(func(int) ([4]byte, uint16) {
			var a [4]byte
			binary.BigEndian.PutUint32(a[:], r.Uint32())
			return a, uint16(r.Uint32())
		}))
		chosen = append(chosen, flood(func(i int) ([4]byte, uint16) { // as many bits alike as can be
			var a [4]byte
			binary.BigEndian.PutUint32(a[:], uint32(i)<<12)
			return a, uint16(i >> 20)
		}))
	}
	if a, b := slices.Min(random), slices.Min(chosen); b > 5*a {
		t.Errorf("%v a packet with chosen ends, %v with random ones", b, a)
	}
}

// A flood of SYNs costs bounded memory: the flows that lead to nothing go, and are
// counted.
func TestSYNFlood(t *testing.T) {
	const n, most = 300_000, 100_000
	b := newWire("10.0.0.1:1", "10.0.0.2:80").tcp(fromClient, "S", "")
	p := New(Config{Engine: engine(t), Flows: flow.Config{MaxFlows: most}})
	before := heap()
	each(t, p, n, func(i int) []byte {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], uint32(i))
		return syn(b, a, uint16(i))
	})
	if used := heap() - before; used > most*600 {
		t.Errorf("%d bytes a flow", used/most)
	}
	if s := p.Summary(); s.Flows != n || s.Evicted != n-most {
		t.Errorf("%d flows, %d given up", s.Flows, s.Evicted)
	}
}

// A scan that is answered at every port costs bounded memory, and what no verdict counts
// is counted.
func TestPortFlood(t *testing.T) {
	const n, most = 3000, 1000
	p := New(Config{Engine: engine(t), Correlate: correlate.Config{MaxPorts: most}})
	for i := range n {
		w := newWire("10.0.0.1:40000", fmt.Sprintf("10.0.0.2:%d", 1+i))
		for _, b := range [][]byte{w.datagram(fromClient, "?"), w.datagram(fromServer, "!")} {
			if err := p.Packet(frame(i+1, b)); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.Finish()
	if s := p.Summary(); len(p.Ports()) != most || s.Unjudged != n-most {
		t.Errorf("%d ports, %d unjudged", len(p.Ports()), s.Unjudged)
	}
}

// Fragments whose others never come are given up.
func TestFragmentFlood(t *testing.T) {
	const n = 100_000
	w := newWire("10.0.0.1:40000", "10.0.0.2:53")
	cut := w.fragments(fromClient, strings.Repeat("x", 1400), 1400)
	p := start(t, Config{}, &outcome{})
	p.config.OnFlow = nil
	before := heap()
	each(t, p, n, func(i int) []byte {
		b := cut[0]
		binary.BigEndian.PutUint16(b[18:], uint16(i)) // the identification
		binary.BigEndian.PutUint32(b[26:], uint32(i>>16))
		return b
	})
	if used := heap() - before; used > 64<<20 {
		t.Errorf("%d MiB of memory", used>>20)
	}
}

// Segments that come too early are kept in bounded memory, over all connections.
func TestReassemblyBomb(t *testing.T) {
	const connections, segments = 3000, 60
	p := start(t, Config{}, &outcome{})
	p.config.OnFlow = nil
	before := heap()
	n := 0
	feed := func(b []byte) {
		n++
		if err := p.Packet(frame(n, b)); err != nil {
			t.Fatal(err)
		}
	}
	early := strings.Repeat("y", 1400)
	for i := range connections {
		w := newWire(fmt.Sprintf("10.0.%d.%d:40000", 1+i/250, 1+i%250), "10.0.0.2:80")
		for _, b := range w.handshake() {
			feed(b)
		}
		w.seq[fromClient] += 1000 // which never come
		for range segments {
			feed(w.tcp(fromClient, "A", early))
		}
	}
	if p.bounds.InUse() > 64<<20 {
		t.Errorf("%d MiB are held", p.bounds.InUse()>>20)
	}
	if used := heap() - before; used > 160<<20 {
		t.Errorf("%d MiB of memory", used>>20)
	}
}

// A head that comes byte by byte and never ends is given up.
func TestSlowHead(t *testing.T) {
	w := newWire("10.0.0.1:40000", "10.0.0.2:80")
	frames := w.handshake()
	for _, c := range "GET / HTTP/1.1\r\n" + strings.Repeat("X-A: b\r\n", 8000) {
		frames = append(frames, w.tcp(fromClient, "PA", string(c)))
	}
	p := start(t, Config{}, &outcome{})
	if took := each(t, p, len(frames), func(i int) []byte { return frames[i] }); took > 200*time.Microsecond {
		t.Errorf("%v a packet", took)
	}
}

// Tunnels within tunnels are opened to a depth and no further.
func TestDeepTunnels(t *testing.T) {
	w := newWire("10.0.0.1:40000", "10.0.0.2:53")
	ip, u := w.udp(fromClient, dnsQuestion)
	packet := serialize(ip)
	packet = append(packet, u...)
	binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
	for range 1000 {
		outer := w.ip(fromClient, layers.IPProtocolIPv4)
		b := serialize(outer)
		packet = append(b, packet...)
		binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
	}
	packet = append(serialize(ethernet()), packet...)
	o := &outcome{}
	p := start(t, Config{}, o)
	took := each(t, p, 1000, func(int) []byte { return packet })
	o.finish(p)
	if took > time.Millisecond || len(o.flows) > 1 {
		t.Errorf("%v a packet, %d flows", took, len(o.flows))
	}
}

// Names of the DNS that point to themselves and to each other end.
func TestPointerLoops(t *testing.T) {
	head := "\x12\x34\x81\x80\x00\x01\x00\x10\x00\x00\x00\x00"
	pointers := func(n int, to func(i int) int) string {
		var b strings.Builder
		for i := range n {
			at := 0xc000 | to(i)&0x3fff
			b.Write([]byte{byte(at >> 8), byte(at)})
		}
		return b.String()
	}
	for name, names := range map[string]string{
		"itself":    pointers(1, func(int) int { return 12 }),
		"two":       pointers(2, func(i int) int { return 12 + 2*(1-i) }),
		"a chain":   pointers(16000, func(i int) int { return 12 + 2*(i+1) }),
		"backwards": pointers(16000, func(i int) int { return 12 + 2*max(i-1, 0) }),
		"labels":    strings.Repeat("\x01a", 16000) + "\xc0\x0c",
	} {
		w := newWire("10.0.0.1:40000", "10.0.0.2:53")
		p := start(t, Config{}, &outcome{})
		if took := each(t, p, 200, func(i int) []byte { return w.datagram(i%2, head+names+"\x00\x01\x00\x01") }); took > 2*time.Millisecond {
			t.Errorf("%s: %v a packet", name, took)
		}
	}
}

// Whatever the payload, what it costs to find no name for it is bounded: the worst
// texts for the signatures' regular expressions and repetitions.
func TestDearPayloads(t *testing.T) {
	for _, unit := range []string{
		"\x00", "\xff", "a", " ", "\r\n", "a ", "a:", "A=", "<", "<a>", "(", "{\"", "0", "1.", "%20", "/", "\x30\x80", "\x01\x00\x00\x00", "GET ", "\r", ";;", "a@",
	} {
		payload := strings.Repeat(unit, 8000/len(unit))
		w := newWire("10.0.0.1:40000", "10.0.0.2:4000")
		frames := w.handshake()
		for range 8 {
			frames = append(frames, w.tcp(fromClient, "PA", payload), w.tcp(fromServer, "PA", payload))
		}
		udp := newWire("10.0.0.1:40000", "10.0.0.2:4000")
		for range 8 {
			frames = append(frames, udp.datagram(fromClient, payload[:1400]), udp.datagram(fromServer, payload[:1400]))
		}
		p := start(t, Config{}, &outcome{})
		if took := each(t, p, len(frames), func(i int) []byte { return frames[i] }); took > 10*time.Millisecond {
			t.Errorf("%q again and again: %v a packet", unit, took)
		}
	}
}
