package flow

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// step is a packet of a scripted conversation between a (10.0.0.1:1000) and
// b (10.0.0.2:80), a second after the one before it.
type step struct {
	back    bool // from b to a
	flags   uint8
	seq     uint32
	payload int
	wait    time.Duration // instead of a second
}

const (
	fin    = flagFIN
	syn    = flagSYN
	rst    = flagRST
	ack    = flagACK
	synack = flagSYN | flagACK
	second = int64(time.Second)
)

var (
	hostA = ap("10.0.0.1:1000")
	hostB = ap("10.0.0.2:80")
)

func (s step) packet(proto uint8, number int, now int64) *Packet {
	p := &Packet{
		Number: uint64(number), Timestamp: now, Src: hostA, Dst: hostB, Proto: proto,
		Flags: s.flags, Seq: s.seq, Length: 40 + s.payload, Payload: s.payload,
	}
	if s.back {
		p.Src, p.Dst = p.Dst, p.Src
	}
	return p
}

// summary writes what matters of a flow on one line.
func summary[S any](f *Flow[S]) string {
	s := fmt.Sprintf("%v>%v %v %v packets %v payload %v", f.Client(), f.Server(), f.Roles, f.State, f.Packets, f.Payload)
	if f.SYN != 0 || f.SYNACK != 0 {
		s += fmt.Sprintf(" syn %d,%d", f.SYN, f.SYNACK)
	}
	if f.RST != 0 {
		s += fmt.Sprintf(" rst %d", f.RST)
	}
	if f.Refusal != 0 {
		s += fmt.Sprintf(" refused %d", f.Refusal)
	}
	return s
}

func TestTableStates(t *testing.T) {
	const forth, back = false, true
	const ab, ba = "10.0.0.1:1000>10.0.0.2:80 ", "10.0.0.2:80>10.0.0.1:1000 "
	tests := []struct {
		name  string
		proto uint8
		steps []step
		want  []string // flows in order of their end
	}{
		{"whole connection", 6, []step{
			{forth, syn, 9, 0, 0},
			{back, synack, 0, 0, 0},
			{forth, ack, 0, 10, 0},
			{back, ack, 0, 20, 0},
			{forth, fin | ack, 0, 0, 0},
			{back, fin | ack, 0, 0, 0},
			{forth, ack, 0, 0, 0},
		}, []string{ab + "handshake closed packets [4 3] payload [10 20] syn 1,2"}},
		{"unanswered", 6, []step{{forth, syn, 9, 0, 0}, {forth, syn, 9, 0, 0}}, []string{ab + "handshake unanswered packets [2 0] payload [0 0] syn 1,0"}},
		{"half open", 6, []step{{forth, syn, 9, 0, 0}, {back, synack, 0, 0, 0}}, []string{ab + "handshake opening packets [1 1] payload [0 0] syn 1,2"}},
		{"refused", 6, []step{{forth, syn, 9, 0, 0}, {back, rst | ack, 0, 0, 0}}, []string{ab + "handshake refused packets [1 1] payload [0 0] syn 1,0 rst 2 refused 2"}},
		{"refused three times, one attempt", 6, []step{
			{forth, syn, 9, 0, 0}, {back, rst | ack, 0, 0, 0}, {forth, syn, 9, 0, 0}, {back, rst | ack, 0, 0, 0}, {forth, syn, 9, 0, 0}, {back, rst | ack, 0, 0, 0},
		}, []string{ab + "handshake refused packets [3 3] payload [0 0] syn 1,0 rst 6 refused 2"}},
		{"refused, then another attempt", 6, []step{
			{forth, syn, 9, 0, 0}, {back, rst | ack, 0, 0, 0}, {forth, syn, 99, 0, 0}, {back, synack, 0, 0, 0},
		}, []string{
			ab + "handshake refused packets [1 1] payload [0 0] syn 1,0 rst 2 refused 2",
			ab + "handshake opening packets [1 1] payload [0 0] syn 3,4",
		}},
		{"reset by the server", 6, []step{{forth, syn, 9, 0, 0}, {back, synack, 0, 0, 0}, {forth, ack, 0, 5, 0}, {back, rst, 0, 0, 0}}, []string{ab + "handshake reset packets [2 2] payload [5 0] syn 1,2 rst 4"}},
		{"scanned", 6, []step{{forth, syn, 9, 0, 0}, {back, synack, 0, 0, 0}, {forth, rst, 0, 0, 0}}, []string{ab + "handshake reset packets [2 1] payload [0 0] syn 1,2 rst 3"}},
		{"closed, then new", 6, []step{
			{forth, syn, 9, 0, 0}, {back, synack, 0, 0, 0}, {forth, fin | ack, 0, 0, 0}, {back, fin | ack, 0, 0, 0}, {forth, syn, 9, 0, 0},
		}, []string{
			ab + "handshake closed packets [2 2] payload [0 0] syn 1,2",
			ab + "handshake unanswered packets [1 0] payload [0 0] syn 5,0",
		}},
		{"one side closed", 6, []step{{forth, ack, 0, 3, 0}, {forth, fin | ack, 0, 0, 0}, {back, ack, 0, 4, 0}}, []string{ab + "first-packet closing packets [2 1] payload [3 4]"}},
		{"end missed, then new after a pause", 6, []step{
			{forth, syn, 9, 0, 0}, {back, synack, 0, 0, 0}, {forth, ack, 0, 0, 0}, {forth, syn, 99, 0, 10 * time.Second},
		}, []string{
			ab + "handshake established packets [2 1] payload [0 0] syn 1,2",
			ab + "handshake unanswered packets [1 0] payload [0 0] syn 4,0",
		}},
		{"SYN repeated after a pause", 6, []step{
			{forth, syn, 9, 0, 0},
			{back, synack, 0, 0, 0},
			{forth, ack, 0, 3, 0},
			{forth, syn, 9, 0, 10 * time.Second},
		}, []string{ab + "handshake established packets [3 1] payload [3 0] syn 1,2"}},
		{"mid-stream", 6, []step{{forth, ack, 0, 3, 0}, {back, ack, 0, 4, 0}}, []string{ab + "first-packet established packets [1 1] payload [3 4]"}},
		{"begins with SYN+ACK", 6, []step{{forth, synack, 0, 0, 0}, {back, ack, 0, 4, 0}}, []string{ba + "handshake established packets [1 1] payload [4 0] syn 0,1"}},
		{"data captured before the SYN", 6, []step{{back, ack, 0, 7, 0}, {forth, syn, 9, 0, 0}}, []string{ab + "handshake established packets [1 1] payload [0 7] syn 2,0"}},
		{"only the client captured", 6, []step{{forth, syn, 9, 0, 0}, {forth, ack, 0, 3, 0}}, []string{ab + "handshake established packets [2 0] payload [3 0] syn 1,0"}},
		{"udp", 17, []step{{forth, 0, 0, 3, 0}, {back, 0, 0, 4, 0}}, []string{ab + "first-packet established packets [1 1] payload [3 4]"}},
		{"udp unanswered", 17, []step{{forth, 0, 0, 3, 0}}, []string{ab + "first-packet unanswered packets [1 0] payload [3 0]"}},
		{"sctp", 132, []step{
			{forth, syn, 0, 0, 0}, {back, synack, 0, 0, 0}, {forth, ack, 0, 5, 0}, {back, fin | ack, 0, 0, 0}, {forth, fin | ack, 0, 0, 0},
		}, []string{ab + "handshake closed packets [3 2] payload [5 0] syn 1,2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := NewTable[int](Config{})
			var got []string
			table.OnEnd = func(f *Flow[int]) { got = append(got, summary(f)) }
			now := int64(0)
			for i, s := range tt.steps {
				now += int64(max(s.wait, time.Duration(second)*time.Duration(min(i, 1))))
				table.Update(s.packet(tt.proto, i+1, now))
			}
			table.Flush()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("flows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTableRefuse(t *testing.T) {
	table := NewTable[int](Config{})
	query := step{payload: 5}
	f, _, _ := table.Update(query.packet(protoUDP, 1, 0))
	if g := table.Refuse(protoUDP, 0, hostA, hostB, 2); g != f || f.State != StateRefused || f.Refusal != 2 {
		t.Errorf("after port unreachable: %s", summary(f))
	}
	table.Update((&step{back: true}).packet(protoUDP, 3, 0))
	if f.State != StateEstablished || f.Refusal != 2 {
		t.Errorf("after the server came up: %s", summary(f))
	}
	if g := table.Refuse(protoUDP, 7, hostA, hostB, 2); g != nil {
		t.Error("a flow in another scope was found")
	}

	// A late answer to a client that has gone says nothing about the server.
	table = NewTable[int](Config{})
	f, _, _ = table.Update(query.packet(protoUDP, 1, 0))
	table.Update((&step{back: true}).packet(protoUDP, 2, 0))
	table.Refuse(protoUDP, 0, hostB, hostA, 3)
	if f.State != StateEstablished || f.Refusal != 0 {
		t.Errorf("after the client's port unreachable: %s", summary(f))
	}
}

func TestTableDirections(t *testing.T) {
	table := NewTable[int](Config{})
	f, d, fresh := table.Update(step{flags: ack}.packet(protoTCP, 1, 0))
	if d != FromClient || !fresh {
		t.Errorf("first packet: %v, fresh %v", d, fresh)
	}
	g, d, fresh := table.Update(step{flags: ack, back: true}.packet(protoTCP, 2, 0))
	if g != f || d != FromServer || fresh {
		t.Errorf("answer: %v, fresh %v, same flow %v", d, fresh, g == f)
	}
	if table.Lookup(f.Key()) != f || table.Lookup(Key{}) != nil {
		t.Error("the flow is not found by its key")
	}
	f.Swap(RolesProtocol)
	if f.Client() != hostB || f.Endpoint(FromServer) != hostA {
		t.Errorf("after swap: %s", summary(f))
	}
	if _, d, _ = table.Update(step{flags: ack}.packet(protoTCP, 3, 0)); d != FromServer {
		t.Errorf("after swap: %v", d)
	}
	if want := [2]uint64{1, 2}; f.Packets != want || !f.BothWays() {
		t.Errorf("after swap: packets %v, want %v", f.Packets, want)
	}
}

func TestTableOnSwap(t *testing.T) {
	table := NewTable[string](Config{})
	table.OnSwap = func(f *Flow[string]) { f.Value += "swapped" }
	f, _, _ := table.Update(step{flags: ack, back: true}.packet(protoTCP, 1, 0))
	_, d, _ := table.Update(step{flags: syn}.packet(protoTCP, 2, 0))
	if f.Value != "swapped" || d != FromClient || f.Client() != hostA || f.Roles != RolesHandshake {
		t.Errorf("value %q, direction %v: %s", f.Value, d, summary(f))
	}
}

func TestTableSameEnds(t *testing.T) {
	table := NewTable[int](Config{})
	self := ap("127.0.0.1:5353")
	for i := range 3 {
		f, d, _ := table.Update(&Packet{Number: uint64(i), Src: self, Dst: self, Proto: protoUDP, Length: 30})
		if d != FromClient || f.Packets != [2]uint64{uint64(i) + 1} {
			t.Errorf("packet %d: %v, %v", i, d, f.Packets)
		}
	}
	client, server := ap("127.0.0.1:40000"), ap("127.0.0.1:80")
	table.Update(&Packet{Src: client, Dst: server, Proto: protoTCP, Flags: syn})
	f, d, _ := table.Update(&Packet{Src: server, Dst: client, Proto: protoTCP, Flags: synack})
	if d != FromServer || f.Client() != client {
		t.Errorf("loopback: %v, %s", d, summary(f))
	}
}

func TestTableExpiry(t *testing.T) {
	const minute = int64(time.Minute)
	tests := []struct {
		name  string
		proto uint8
		flags []uint8
		idle  int64 // the longest pause that is survived
	}{
		{"established", protoTCP, []uint8{ack}, 124 * minute},
		{"opening", protoTCP, []uint8{syn}, 4 * minute},
		{"reset", protoTCP, []uint8{ack, rst}, minute},
		{"udp", protoUDP, []uint8{0}, 5 * minute},
		{"icmp", protoICMP, []uint8{0}, minute},
		{"other", 89, []uint8{0}, 5 * minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, extra := range []int64{0, 1} {
				table := NewTable[int](Config{})
				for _, flags := range tt.flags {
					table.Update(step{flags: flags}.packet(tt.proto, 1, 0))
				}
				_, _, fresh := table.Update(step{flags: ack}.packet(tt.proto, 2, tt.idle+extra))
				if fresh != (extra > 0) {
					t.Errorf("after %v: fresh %v", time.Duration(tt.idle+extra), fresh)
				}
			}
		})
	}
}

// Flows that nobody speaks to any more are ended by the packets of others.
func TestTableSweep(t *testing.T) {
	table := NewTable[int](Config{})
	ended := 0
	table.OnEnd = func(*Flow[int]) { ended++ }
	for i := range 100 {
		table.Update(udpPacket(uint32(i), int64(i)*second))
	}
	for i := range 2000 { // one flow that stays busy
		table.Update(udpPacket(50, (100+int64(i))*second))
	}
	if table.Len() != 1 || ended != 99 {
		t.Errorf("%d flows left, %d ended", table.Len(), ended)
	}
	if f := table.All()[0]; f.Serial != 51 || f.Packets[FromClient] != 2001 {
		t.Errorf("flow %d with %d packets is left", f.Serial, f.Packets[FromClient])
	}
}

// A flow that was active for a while is ended soon after its timeout, not after
// another one.
func TestTableSweepsInTime(t *testing.T) {
	const timeout, flows = int64(5 * time.Minute), 100
	table := NewTable[int](Config{})
	last := map[uint64]int64{}
	table.OnEnd = func(f *Flow[int]) { last[f.Serial] = f.Last }
	for i := range flows {
		for _, at := range []int64{0, int64(i) * second} {
			table.Update(udpPacket(uint32(i), 1e18+at))
		}
	}
	busy := flows + 1
	for now := flows * second; now < 2*timeout; now += second {
		table.Update(udpPacket(uint32(busy), 1e18+now))
		for serial := range uint64(flows) {
			if at, ended := last[serial+1]; !ended && now-int64(serial)*second > timeout+timeout/8+2*second {
				t.Fatalf("flow %d is there %v after its end", serial+1, time.Duration(now-int64(serial)*second))
			} else if ended && at != 1e18+int64(serial)*second {
				t.Fatalf("flow %d ended at %d", serial+1, at)
			}
		}
	}
	if table.Len() != 1 {
		t.Errorf("%d flows left", table.Len())
	}
}

// A clock that jumps must not empty the table at once.
func TestTableClockJumps(t *testing.T) {
	table := NewTable[int](Config{})
	for i := range 1000 {
		table.Update(udpPacket(uint32(i), 0))
	}
	table.Update(udpPacket(5000, 1<<62))
	table.Update(udpPacket(5001, 0))
	if table.Len() < 990 {
		t.Errorf("%d flows left", table.Len())
	}
}

func TestTableMaxFlows(t *testing.T) {
	const most = 100
	table := NewTable[int](Config{MaxFlows: most})
	ended := map[uint64]int{}
	table.OnEnd = func(f *Flow[int]) { ended[f.Serial]++ }
	busy, _, _ := table.Update(step{flags: ack}.packet(protoTCP, 1, 0))
	for i := range 10 * most {
		table.Update(udpPacket(uint32(i), int64(i)*second/1000))
		table.Update(step{flags: ack}.packet(protoTCP, 1, int64(i)*second/1000))
		if table.Len() > most {
			t.Fatalf("%d flows", table.Len())
		}
	}
	if ended[busy.Serial] != 0 {
		t.Error("the busy flow was evicted")
	}
	table.Flush()
	if len(ended) != 10*most+1 || table.Len() != 0 {
		t.Errorf("%d flows ended, %d left", len(ended), table.Len())
	}
	for serial, n := range ended {
		if n != 1 {
			t.Errorf("flow %d ended %d times", serial, n)
		}
	}
	if s := table.Stats(); s.Evicted != 9*most+1 || s.Flows != 10*most+1 {
		t.Errorf("%+v", s)
	}
}

// udpPacket is a datagram of the i-th flow.
func udpPacket(i uint32, now int64) *Packet {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], 0x0a000000+i)
	return &Packet{
		Timestamp: now, Src: netip.AddrPortFrom(netip.AddrFrom4(a), 1000), Dst: hostB,
		Proto: protoUDP, Length: 100, Payload: 72,
	}
}

func TestTableAllocs(t *testing.T) {
	table := NewTable[int](Config{})
	packets := make([]*Packet, 100)
	for i := range packets {
		packets[i] = udpPacket(uint32(i), 0)
		table.Update(packets[i])
	}
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		table.Update(packets[i%len(packets)])
		i++
	}); n != 0 {
		t.Errorf("%v allocations for a packet of a known flow", n)
	}
}

// FuzzTable sends packets among a few ends at random times: counts must add up
// and each flow must end exactly once.
func FuzzTable(f *testing.F) {
	f.Add([]byte{0x00, 0x02, 1, 0, 0x81, 0x12, 2, 0, 0x00, 0x10, 200, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		table := NewTable[uint64](Config{MaxFlows: 4})
		var packets, bytes, flows uint64
		ended := map[uint64]bool{}
		table.OnEnd = func(f *Flow[uint64]) {
			if ended[f.Serial] {
				t.Fatalf("flow %d ended twice", f.Serial)
			}
			ended[f.Serial] = true
			packets += f.Packets[0] + f.Packets[1]
			bytes += f.Bytes[0] + f.Bytes[1]
			if f.State == StateNew {
				t.Fatalf("flow %d ended while new", f.Serial)
			}
			if f.Value != f.Packets[0]+f.Packets[1] {
				t.Fatalf("flow %d: %v packets, %d were given to it", f.Serial, f.Packets, f.Value)
			}
		}
		ends := [...]netip.AddrPort{hostA, hostB, ap("[2001:db8::1]:1"), ap("10.0.0.1:2000")}
		protos := [...]uint8{protoTCP, protoUDP, protoICMP, protoICMPv6, protoSCTP, 89, protoTCP, protoTCP}
		now, sent := int64(0), uint64(0)
		for ; len(data) >= 4; data = data[4:] {
			p := &Packet{
				Number: sent + 1, Src: ends[data[0]&3], Dst: ends[data[0]>>2&3], Proto: protos[data[0]>>5],
				Flags: data[1], ICMPType: data[1], ICMPID: uint16(data[3] & 1), Seq: uint32(data[3]), Length: int(data[2]),
			}
			switch p.Proto {
			case protoICMP, protoICMPv6, 89: // no ports
				p.Src, p.Dst = netip.AddrPortFrom(p.Src.Addr(), 0), netip.AddrPortFrom(p.Dst.Addr(), 0)
			}
			now += int64(int8(data[2])) * second * int64(data[3])
			p.Timestamp = now
			sent++
			f, d, fresh := table.Update(p)
			if fresh {
				flows++
			}
			f.Value++
			if p.Src != p.Dst && f.Endpoint(d) != p.Src {
				t.Fatalf("packet from %v, direction %v of %v", p.Src, d, summary(f))
			}
			if table.Len() > 4 {
				t.Fatalf("%d flows", table.Len())
			}
			if data[3]&0x80 != 0 {
				f.Swap(RolesProtocol)
			}
			if data[3]&0x40 != 0 {
				table.Refuse(p.Proto, 0, p.Src, p.Dst, sent)
			}
		}
		table.Flush()
		if packets != sent || uint64(len(ended)) != flows {
			t.Fatalf("%d packets of %d, %d flows of %d", packets, sent, len(ended), flows)
		}
	})
}

func BenchmarkTableInsert(b *testing.B) {
	const flows = 1_000_000
	packets := make([]Packet, flows)
	for i := range packets {
		packets[i] = *udpPacket(uint32(i), 0)
	}
	b.ReportAllocs()
	for b.Loop() {
		table := NewTable[int](Config{})
		for i := range packets {
			table.Update(&packets[i])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/flows, "ns/flow")
}

func BenchmarkTableLookup(b *testing.B) {
	for _, flows := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(flows), func(b *testing.B) {
			table := NewTable[int](Config{})
			packets := make([]Packet, flows)
			for i := range packets {
				packets[i] = *udpPacket(uint32(i), 0)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				table.Update(&packets[i])
				if i++; i == flows {
					i = 0
				}
			}
		})
	}
}
