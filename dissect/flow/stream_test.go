package flow

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recorder writes down what it is given: direction, flags, bytes.
type recorder struct{ got []string }

func (r *recorder) Deliver(d Direction, s Segment) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d+%d", d, s.Packet, s.Offset)
	if s.Start {
		b.WriteString(" start")
	}
	if s.Gap {
		b.WriteString(" gap")
	}
	if s.End {
		b.WriteString(" end")
	}
	fmt.Fprintf(&b, " %q", s.Data)
	if s.Size != len(s.Data) {
		fmt.Fprintf(&b, " of %d", s.Size)
	}
	if s.PPID != 0 {
		fmt.Fprintf(&b, " as %d", s.PPID)
	}
	r.got = append(r.got, b.String())
}

// segment describes one TCP segment; packets are numbered by their place in the
// list, from 1.
type segment struct {
	from  Direction
	flags uint8
	seq   uint32
	ack   uint32 // 0: no ACK flag
	data  string
	size  int // 0: len(data)
}

const isn = 0xfffffffe // so that sequence numbers wrap

func TestConversation(t *testing.T) {
	const C, S = FromClient, FromServer
	syn := segment{from: C, flags: flagSYN, seq: isn}
	at := func(i int) uint32 { return isn + 1 + uint32(i) }
	data := func(i int, s string) segment { return segment{from: C, seq: at(i), data: s} }
	acks := func(i int) segment { return segment{from: S, seq: 1, ack: at(i)} }
	tests := []struct {
		name string
		in   []segment
		want []string
	}{
		{"in order", []segment{syn, data(0, "ab"), data(2, "cd")}, []string{`client 2+0 start "ab"`, `client 3+0 "cd"`}},
		{"reordered", []segment{syn, data(4, "ef"), data(2, "cd"), data(0, "ab")}, []string{`client 4+0 start "ab"`, `client 3+0 "cd"`, `client 2+0 "ef"`}},
		{"retransmitted", []segment{syn, data(0, "ab"), data(0, "ab"), data(2, "cd")}, []string{`client 2+0 start "ab"`, `client 4+0 "cd"`}},
		{"retransmitted with more", []segment{syn, data(0, "ab"), data(0, "abcd")}, []string{`client 2+0 start "ab"`, `client 3+2 "cd"`}},
		{"overlap, first wins", []segment{syn, data(2, "CD"), data(0, "abcdef")}, []string{`client 3+0 start "ab"`, `client 2+0 "CD"`, `client 3+4 "ef"`}},
		{"overlap of several", []segment{syn, data(1, "B"), data(3, "D"), data(0, "abcde")}, []string{`client 4+0 start "a"`, `client 2+0 "B"`, `client 4+2 "c"`, `client 3+0 "D"`, `client 4+4 "e"`}},
		{"keep-alive probe", []segment{syn, data(0, "ab"), data(1, "\x00"), data(2, "cd")}, []string{`client 2+0 start "ab"`, `client 4+0 "cd"`}},
		{"empty keep-alive probe", []segment{syn, data(0, "ab"), data(1, ""), data(2, "cd")}, []string{`client 2+0 start "ab"`, `client 4+0 "cd"`}},
		{"zero window probe", []segment{syn, data(0, "ab"), data(2, "c"), data(2, "cd")}, []string{`client 2+0 start "ab"`, `client 3+0 "c"`, `client 4+1 "d"`}},
		{"data with SYN", []segment{{from: C, flags: flagSYN, seq: isn, data: "ab"}, data(2, "cd")}, []string{`client 1+0 start "ab"`, `client 2+0 "cd"`}},
		{"SYN repeated", []segment{syn, syn, data(0, "ab")}, []string{`client 3+0 start "ab"`}},
		{"SYN with another number", []segment{{from: C, flags: flagSYN, seq: 77}, syn, data(0, "ab")}, []string{`client 3+0 start "ab"`}},
		{"two SYNs, the first was taken", []segment{syn, {from: C, flags: flagSYN, seq: 77}, data(0, "ab")}, []string{`client 3+0 start "ab"`}},
		{"two SYNs in turn", []segment{syn, {from: C, flags: flagSYN, seq: 77}, syn, {from: C, seq: 78, data: "ab"}, {from: C, seq: 80, data: "cd"}}, []string{`client 4+0 start "ab"`, `client 5+0 "cd"`}},
		{"two SYNs, held data of the other", []segment{{from: C, flags: flagSYN, seq: isn - 200}, data(2, "cd"), syn, data(0, "ab")}, []string{`client 4+0 start "ab"`, `client 2+0 "cd"`}},
		{"mid-stream", []segment{data(7, "ab"), data(9, "cd")}, []string{`client 1+0 "ab"`, `client 2+0 "cd"`}},
		{"mid-stream after a bare ACK", []segment{data(7, ""), data(9, "cd"), data(7, "ab")}, []string{`client 3+0 "ab"`, `client 2+0 "cd"`}},
		{"mid-stream after a probe", []segment{data(6, ""), data(7, "ab")}, []string{`client 2+0 "ab"`}},
		{"mid-stream after a probe with garbage", []segment{data(6, "\x00"), acks(7), data(7, "ab")}, []string{`client 3+0 "ab"`}},
		{"mid-stream, a NUL and more", []segment{data(6, "\x00"), data(7, "ab")}, []string{`client 1+0 "\x00"`, `client 2+0 "ab"`}},
		{"a bare ACK's padding", []segment{syn, data(0, "\x00\x00"), data(0, "abc")}, []string{`client 3+0 start "abc"`}},
		{"a SYN's padding, twice", []segment{{from: C, flags: flagSYN, seq: isn, data: "\x00\x00"}, {from: C, flags: flagSYN, seq: isn, data: "\x00\x00"}, data(0, "abc")}, []string{`client 3+0 start "abc"`}},
		{"padding between data", []segment{syn, data(0, "ab"), data(2, "\x00\x00\x00\x00\x00\x00"), data(2, "cd")}, []string{`client 2+0 start "ab"`, `client 4+0 "cd"`}},
		{"NULs that are data", []segment{syn, data(0, "\x00\x00"), data(2, "ab")}, []string{`client 2+0 start "\x00\x00"`, `client 3+0 "ab"`}},
		{"NULs acknowledged", []segment{syn, data(0, "\x00\x00"), acks(2)}, []string{`client 2+0 start "\x00\x00"`}},
		{"NULs, pushed", []segment{syn, {from: C, flags: flagPSH, seq: at(0), data: "\x00\x00"}}, []string{`client 2+0 start "\x00\x00"`}},
		{"NULs, then FIN", []segment{syn, data(0, "\x00\x00"), {from: C, flags: flagFIN, seq: at(2)}}, []string{`client 2+0 start "\x00\x00"`, `client 0+0 end "" of 0`}},
		{"padding, then FIN", []segment{syn, data(0, "\x00\x00"), {from: C, flags: flagFIN, seq: at(0)}}, []string{`client 0+0 start end "" of 0`}},
		{"NULs before a hole", []segment{syn, data(0, "\x00\x00"), data(3, "b"), data(2, "a")}, []string{`client 2+0 start "\x00\x00"`, `client 4+0 "a"`, `client 3+0 "b"`}},
		{"NULs before a hole that stays", []segment{syn, data(0, "\x00\x00"), data(3, "b"), acks(4)}, []string{`client 2+0 start "\x00\x00"`, `client 3+0 gap "b"`}},
		{"padding, then data out of order", []segment{syn, data(0, "\x00\x00"), data(3, "d"), data(0, "abc")}, []string{`client 4+0 start "abc"`, `client 3+0 "d"`}},
		{"SYN not captured, its ACK was", []segment{{from: S, flags: flagSYN, seq: 0, ack: at(0)}, data(2, "cd"), data(0, "ab")}, []string{`client 3+0 start "ab"`, `client 2+0 "cd"`}},
		{"gap given up by ACK", []segment{syn, data(2, "cd"), acks(2), acks(4), data(4, "ef")}, []string{`client 2+0 gap "cd"`, `client 5+0 "ef"`}},
		{"ACK captured before its data", []segment{syn, acks(4), data(2, "cd"), data(0, "ab")}, []string{`client 4+0 start "ab"`, `client 3+0 "cd"`}},
		{"gap acknowledged before", []segment{syn, acks(4), data(2, "cd"), data(4, "ef")}, []string{`client 3+0 gap "cd"`, `client 4+0 "ef"`}},
		{"duplicate ACKs are no reason", []segment{syn, data(2, "cd"), acks(0), acks(0), data(0, "ab")}, []string{`client 5+0 start "ab"`, `client 2+0 "cd"`}},
		{"FIN with data", []segment{syn, {from: C, flags: flagFIN, seq: at(0), data: "ab"}}, []string{`client 2+0 start end "ab"`}},
		{"FIN alone", []segment{syn, data(0, "ab"), {from: C, flags: flagFIN, seq: at(2)}}, []string{`client 2+0 start "ab"`, `client 0+0 end "" of 0`}},
		{"FIN before data", []segment{syn, {from: C, flags: flagFIN, seq: at(2)}, data(0, "ab")}, []string{`client 3+0 start end "ab"`}},
		{"RST with text", []segment{syn, {from: C, flags: flagRST, seq: at(0), data: "no"}}, nil},
		{"cut by the capture", []segment{syn, {from: C, seq: at(0), data: "ab", size: 10}, data(10, "cd")}, []string{`client 2+0 start "ab" of 10`, `client 3+0 "cd"`}},
		{"cut and reordered", []segment{syn, {from: C, seq: at(2), data: "c", size: 3}, data(0, "ab"), data(3, "de")}, []string{`client 3+0 start "ab"`, `client 2+0 "c" of 3`}},
		{"both directions", []segment{syn, {from: S, flags: flagSYN, seq: 0, ack: at(0)}, data(0, "ab"), {from: S, seq: 1, ack: at(2), data: "xy"}}, []string{`client 3+0 start "ab"`, `server 4+0 start "xy"`}},
		{"one stray", []segment{syn, data(0, "ab"), data(1<<30+5, "zz"), data(2, "cd")}, []string{`client 2+0 start "ab"`, `client 4+0 "cd"`}},
		{"strays that insist", []segment{data(0, "ab"), data(1<<30+5, "1"), data(1<<30+6, "2"), data(1<<30+7, "3"), data(1<<30+8, "4")}, []string{`client 1+0 "ab"`, `client 5+0 gap "4"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Conversation
			var b Bounds
			var r recorder
			for i, s := range tt.in {
				c.Push(s.from, s.tcp(i), &b, &r)
			}
			got := r.got
			for i, s := range got {
				got[i] = strings.TrimSuffix(s, " of 0")
			}
			want := make([]string, len(tt.want))
			for i, s := range tt.want {
				want[i] = strings.TrimSuffix(s, " of 0")
			}
			if diff := cmp.Diff(want, append([]string{}, got...)); diff != "" {
				t.Errorf("deliveries (-want +got):\n%s", diff)
			}
		})
	}
}

func (s *segment) tcp(i int) *TCP {
	t := &TCP{Seq: s.seq, Ack: s.ack, Flags: s.flags, Payload: []byte(s.data), Size: s.size, Packet: uint64(i) + 1}
	if s.ack != 0 {
		t.Flags |= flagACK
	}
	return t
}

func TestConversationStats(t *testing.T) {
	var c Conversation
	var b Bounds
	for i, s := range []segment{
		{flags: flagSYN, seq: 0},
		{seq: 3, data: "cd"},
		{seq: 1, data: "abXd"},
		{seq: 1, data: "ab"},
		{seq: 9, data: "x"},
		{from: FromServer, seq: 1, ack: 10},
		{seq: 1 << 31, data: "?"},
	} {
		c.Push(s.from, s.tcp(i), &b, &recorder{})
	}
	want := StreamStats{Retransmitted: 1, OutOfOrder: 2, Conflicts: 1, Gaps: 1, Stray: 1}
	if got := c.Stats(FromClient); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestConversationFlush(t *testing.T) {
	var c Conversation
	var b Bounds
	var r recorder
	for i, s := range []segment{{flags: flagSYN, seq: 0}, {seq: 3, data: "cd"}, {seq: 7, data: "gh", flags: flagFIN}} {
		c.Push(s.from, s.tcp(i), &b, &r)
	}
	if len(r.got) != 0 || b.InUse() == 0 {
		t.Fatalf("delivered %v, %d bytes held", r.got, b.InUse())
	}
	c.Flush(&b, &r)
	if diff := cmp.Diff([]string{`client 2+0 gap "cd"`, `client 3+0 gap end "gh"`}, r.got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	if b.InUse() != 0 || !c.Done() {
		t.Errorf("%d bytes held, done %v", b.InUse(), c.Done())
	}
}

func TestConversationBounds(t *testing.T) {
	b := Bounds{Held: 1000, TotalHeld: 1500}
	payload := make([]byte, 100)
	conversations := make([]Conversation, 20)
	for i := range conversations {
		c := &conversations[i]
		c.Push(FromClient, &TCP{Flags: flagSYN}, &b, &recorder{})
		for j := range 50 { // every second segment is missing
			c.Push(FromClient, &TCP{Seq: uint32(1 + 100 + 200*j), Payload: payload}, &b, &recorder{})
			if b.InUse() > b.TotalHeld || c.streams[0].heldBytes > b.Held {
				t.Fatalf("%d bytes held, %d in all", c.streams[0].heldBytes, b.InUse())
			}
		}
	}
	for i := range conversations {
		conversations[i].Stop(FromClient, &b)
	}
	if b.InUse() != 0 {
		t.Errorf("%d bytes held after the end", b.InUse())
	}
}

// stopper ends the stream from within the delivery.
type stopper struct {
	c *Conversation
	b *Bounds
	n int
}

func (s *stopper) Deliver(d Direction, _ Segment) {
	s.n++
	s.c.Stop(d, s.b)
}

func TestConversationStopWhileDelivering(t *testing.T) {
	var c Conversation
	var b Bounds
	s := &stopper{c: &c, b: &b}
	for i, seg := range []segment{{flags: flagSYN, seq: 0}, {seq: 3, data: "cd"}, {seq: 5, data: "ef"}, {seq: 1, data: "abcdef"}, {seq: 7, data: "gh"}} {
		c.Push(FromClient, seg.tcp(i), &b, s)
	}
	c.Flush(&b, s)
	if s.n != 1 || b.InUse() != 0 {
		t.Errorf("%d deliveries, %d bytes held", s.n, b.InUse())
	}
}

func TestConversationLimit(t *testing.T) {
	var c Conversation
	b := Bounds{Limit: 3}
	var r recorder
	for i, s := range []segment{{flags: flagSYN, seq: 0}, {seq: 5, data: "ef"}, {seq: 1, data: "abcd"}, {seq: 7, data: "gh"}} {
		c.Push(s.from, s.tcp(i), &b, &r)
	}
	if diff := cmp.Diff([]string{`client 3+0 start "abcd"`}, r.got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	if b.InUse() != 0 {
		t.Errorf("%d bytes held", b.InUse())
	}
}

func TestConversationSwap(t *testing.T) {
	var c Conversation
	var b Bounds
	var r recorder
	first, second := segment{seq: 10, data: "ab"}, segment{from: FromServer, seq: 14, data: "ef"}
	c.Push(first.from, first.tcp(0), &b, &r)
	c.Swap()
	c.Push(second.from, second.tcp(1), &b, &r)
	last := segment{from: FromServer, seq: 12, data: "cd"}
	c.Push(last.from, last.tcp(2), &b, &r)
	if diff := cmp.Diff([]string{`client 1+0 "ab"`, `server 3+0 "cd"`, `server 2+0 "ef"`}, r.got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
}

func TestConversationAllocs(t *testing.T) {
	var c Conversation
	var b Bounds
	sink := new(counter)
	payload := make([]byte, 1000)
	seg := TCP{Flags: flagACK, Payload: payload}
	if n := testing.AllocsPerRun(1000, func() {
		seg.Seq += uint32(len(payload))
		c.Push(FromClient, &seg, &b, sink)
	}); n != 0 {
		t.Errorf("%v allocations for a segment in order", n)
	}
}

type counter struct{ segments, bytes int }

func (c *counter) Deliver(_ Direction, s Segment) {
	c.segments++
	c.bytes += s.Size
}

// judge compares what a stream delivers with the model: each byte is that of
// the first segment that brought it, in order, and holes are marked.
type judge struct {
	t      testing.TB
	model  []byte // first byte seen for each position
	starts map[uint64]int
	at     int
	gaps   int
	ended  bool
}

func (j *judge) Deliver(_ Direction, s Segment) {
	if j.ended {
		j.t.Fatal("a segment behind the end")
	}
	j.ended = s.End
	if s.Size == 0 {
		return
	}
	pos := j.starts[s.Packet] + s.Offset
	if pos < j.at || (pos > j.at) != s.Gap {
		j.t.Fatalf("segment at %d, gap %v, expected at %d", pos, s.Gap, j.at)
	}
	if s.Start != (pos == 0) {
		j.t.Fatalf("segment at %d, start %v", pos, s.Start)
	}
	if s.Gap {
		j.gaps++
	}
	if len(s.Data) > s.Size {
		j.t.Fatalf("%d bytes of %d", len(s.Data), s.Size)
	}
	for i, b := range s.Data {
		if j.model[pos+i] != b {
			j.t.Fatalf("byte %d is %#x, first seen as %#x", pos+i, b, j.model[pos+i])
		}
	}
	j.at = pos + s.Size
}

// runStream sends a stream of the given length in a random order, cut at
// random, with duplicates and overlaps that differ. The seed decides.
func runStream(t testing.TB, seed uint64, length int, start uint32, held int, acks bool) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	type span struct{ from, to int }
	var spans []span
	for at := 0; at < length; { // all of it, once
		n := 1 + rnd.IntN(min(20, length-at))
		spans = append(spans, span{at, at + n})
		at += n
	}
	rnd.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	for range rnd.IntN(10) {
		from := rnd.IntN(length)
		i := rnd.IntN(len(spans) + 1)
		spans = append(spans[:i], append([]span{{from, from + rnd.IntN(length-from+1)}}, spans[i:]...)...)
	}
	var c Conversation
	b := Bounds{Held: held}
	j := &judge{t: t, model: make([]byte, length), starts: map[uint64]int{}}
	c.Push(FromClient, &TCP{Seq: start, Flags: flagSYN}, &b, j)
	for i, s := range spans {
		payload := make([]byte, s.to-s.from)
		for k := range payload {
			payload[k] = byte(rnd.IntN(255) + 1)
			if m := &j.model[s.from+k]; *m == 0 {
				*m = payload[k]
			}
		}
		j.starts[uint64(i)+1] = s.from
		seg := &TCP{Seq: start + 1 + uint32(s.from), Payload: payload, Packet: uint64(i) + 1}
		if s.to == length {
			seg.Flags |= flagFIN
		}
		c.Push(FromClient, seg, &b, j)
		clear(payload) // the stream must have its own copy
		if acks && rnd.IntN(3) == 0 {
			c.Push(FromServer, &TCP{Flags: flagACK, Ack: start + 1 + uint32(rnd.IntN(length+1))}, &b, j)
		}
	}
	if held == 0 && !acks && (j.gaps != 0 || j.at != length || !j.ended) {
		t.Fatalf("all was sent, %d of %d delivered, %d gaps, end %v", j.at, length, j.gaps, j.ended)
	}
	c.Flush(&b, j)
	if b.InUse() != 0 {
		t.Fatalf("%d bytes held after the end", b.InUse())
	}
}

func TestStreamRandomOrder(t *testing.T) {
	for seed := range uint64(300) {
		runStream(t, seed, 1+int(seed)*3, uint32(-seed*2), 0, false)
	}
}

func FuzzStream(f *testing.F) {
	f.Add(uint64(1), uint16(100), uint32(0), uint16(0), false)
	f.Add(uint64(2), uint16(1000), uint32(0xfffffff0), uint16(500), true)
	f.Fuzz(func(t *testing.T, seed uint64, length uint16, start uint32, held uint16, acks bool) {
		runStream(t, seed, 1+int(length%2000), start, int(held), acks)
	})
}

func BenchmarkConversation(b *testing.B) {
	payload := make([]byte, 1400)
	var c Conversation
	var bounds Bounds
	var sink counter
	seg := TCP{Flags: flagACK, Payload: payload}
	b.ReportAllocs()
	for b.Loop() {
		seg.Seq += uint32(len(payload))
		c.Push(FromClient, &seg, &bounds, &sink)
	}
}
