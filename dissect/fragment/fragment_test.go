package fragment

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

var (
	src4 = netip.MustParseAddr("10.0.0.1")
	dst4 = netip.MustParseAddr("10.0.0.2")
	src6 = netip.MustParseAddr("2001:db8::1")
)

// frag is a fragment of the packet with ID 1.
func frag(offset int, more bool, data string) Fragment {
	return Fragment{
		Src: src4, Dst: dst4, Proto: 17, ID: 1, Offset: offset, More: more,
		Data: []byte(data), Size: len(data), Length: 20 + len(data),
	}
}

func TestPush(t *testing.T) {
	const a, b, c = "aaaaaaaa", "bbbbbbbb", "cc"
	cut := func(f Fragment, size int) Fragment { f.Size = size; return f }
	late := func(f Fragment, seconds int) Fragment { f.Timestamp = int64(seconds) * int64(time.Second); return f }
	other := func(f Fragment) Fragment { f.ID = 2; return f }
	tests := []struct {
		name string
		in   []Fragment
		want string // of the packet that is complete with the last fragment; "" if none
		size int    // if not len(want)
	}{
		{"in order", []Fragment{frag(0, true, a), frag(8, true, b), frag(16, false, c)}, a + b + c, 0},
		{"reversed", []Fragment{frag(16, false, c), frag(8, true, b), frag(0, true, a)}, a + b + c, 0},
		{"duplicates", []Fragment{frag(0, true, a), frag(0, true, a), frag(8, false, c)}, a + c, 0},
		{"first missing", []Fragment{frag(8, true, b), frag(16, false, c)}, "", 0},
		{"middle missing", []Fragment{frag(0, true, a), frag(16, false, c)}, "", 0},
		{"last missing", []Fragment{frag(0, true, a), frag(8, true, b)}, "", 0},
		{"overlap, first wins", []Fragment{frag(0, true, a+a), frag(8, true, b+b), frag(24, false, c)}, a + a + b + c, 0},
		{"overlap from before", []Fragment{frag(8, true, b), frag(0, true, a+a+a), frag(24, false, c)}, a + b + a + c, 0},
		{"contained", []Fragment{frag(0, true, a+a+a), frag(8, true, b), frag(24, false, c)}, a + a + a + c, 0},
		{"teardrop", []Fragment{frag(0, true, a+a+a), frag(8, false, c)}, "", 0},
		{"two ends", []Fragment{frag(8, false, c), frag(16, false, c), frag(0, true, a)}, a + c, 0},
		{"beyond the end", []Fragment{frag(8, false, c), frag(16, true, b), frag(0, true, a)}, a + c, 0},
		{"more than a multiple of eight", []Fragment{frag(0, true, a+"xyz"), frag(8, false, c)}, a + c, 0},
		{"not a multiple of eight", []Fragment{frag(0, true, "abc"), frag(8, false, c)}, "", 0},
		{"empty", []Fragment{frag(0, true, ""), frag(0, false, "")}, "", 0},
		{"too long", []Fragment{frag(65528, false, a)}, "", 0},
		{"cut by the capture", []Fragment{cut(frag(0, true, "aaaa"), 8), frag(8, false, c)}, "aaaa", 10},
		{"late", []Fragment{frag(0, true, a), late(frag(8, false, c), 31)}, "", 0},
		{"just in time", []Fragment{frag(0, true, a), late(frag(8, false, c), 30)}, a + c, 0},
		{"another identification", []Fragment{frag(0, true, a), other(frag(8, false, c))}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := New(Config{})
			var got Datagram
			var done bool
			packets, length := 0, 0
			for i := range tt.in {
				if done {
					t.Fatalf("complete before fragment %d", i)
				}
				got, done = d.Push(&tt.in[i])
				packets, length = packets+1, length+tt.in[i].Length
			}
			if done != (tt.want != "") || string(got.Data) != tt.want {
				t.Fatalf("complete %v, %q; want %q", done, got.Data, tt.want)
			}
			if !done {
				return
			}
			if want := max(tt.size, len(tt.want)); got.Size != want {
				t.Errorf("size %d, want %d", got.Size, want)
			}
			if got.Packets != packets || got.Bytes != length {
				t.Errorf("%d packets, %d bytes; want %d, %d", got.Packets, got.Bytes, packets, length)
			}
			if d.Len() != 0 || d.InUse() != 0 {
				t.Errorf("%d packets, %d bytes are left", d.Len(), d.InUse())
			}
		})
	}
}

// IPv4 tells packets apart by protocol too (RFC 791 §3.2), IPv6 does not: only
// the first fragment's next header counts (RFC 8200 §4.5).
func TestPushProtocol(t *testing.T) {
	for _, src := range []netip.Addr{src4, src6} {
		d := New(Config{})
		first, last := frag(0, true, "aaaaaaaa"), frag(8, false, "bb")
		first.Src, last.Src, last.Proto = src, src, 6
		d.Push(&first)
		if _, done := d.Push(&last); done != src.Is6() {
			t.Errorf("%v: complete %v", src, done)
		}
	}
}

func TestBounds(t *testing.T) {
	c := Config{MaxPackets: 10, MaxBytes: 4000, MaxFragments: 5}
	d := New(c)
	data := make([]byte, 800)
	for i := range 1000 {
		d.Push(&Fragment{Src: src4, Dst: dst4, ID: uint32(i / 20), Offset: i % 20 * 1600, More: true, Data: data, Size: 800})
		if d.Len() > c.MaxPackets || d.InUse() > c.MaxBytes {
			t.Fatalf("%d packets, %d bytes", d.Len(), d.InUse())
		}
	}
	if s := d.Stats(); s.Incomplete == 0 || s.Complete != 0 {
		t.Errorf("%+v", s)
	}
}

func TestOnGiveUp(t *testing.T) {
	d := New(Config{})
	var got []Incomplete
	d.OnGiveUp = func(i *Incomplete) {
		i.Data = bytes.Clone(i.Data)
		got = append(got, *i)
	}
	later := int64(time.Minute)
	for i, f := range []Fragment{
		frag(16, true, "cccccccc"),            // ID 1: a hole behind the first fragment
		frag(0, true, "aaaaaaaa"),             //
		{ID: 2, Offset: 8, Data: []byte("b")}, // ID 2: no first fragment
		{ID: 3, Data: []byte("dddddddd"), More: true, Timestamp: later},
	} {
		f.Packet = uint64(i) + 1
		d.Push(&f)
	}
	if len(got) != 1 || string(got[0].Data) != "aaaaaaaa" || got[0].Packet != 2 || got[0].ID != 1 || got[0].Src != src4 || got[0].Packets != 2 {
		t.Fatalf("given up in time: %+v", got)
	}
	d.Flush()
	if len(got) != 2 || got[1].ID != 3 || got[1].Timestamp != later || d.Len() != 0 || d.InUse() != 0 {
		t.Errorf("given up at the end: %+v", got)
	}
}

// A flood of copies of one fragment is no reason to keep a packet for ever.
func TestDuplicateFlood(t *testing.T) {
	d := New(Config{MaxFragments: 5})
	for range 100 {
		f := frag(0, true, "aaaaaaaa")
		d.Push(&f)
	}
	if s := d.Stats(); s.Incomplete == 0 {
		t.Errorf("%+v", s)
	}
}

func TestStats(t *testing.T) {
	d := New(Config{})
	for _, f := range []Fragment{frag(0, true, "aaaaaaaa"), frag(0, true, "aaaabbbb"), frag(0, true, "odd"), frag(8, false, "c")} {
		d.Push(&f)
	}
	if got, want := d.Stats(), (Stats{Fragments: 4, Complete: 1, Overlaps: 1, Malformed: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// run cuts a payload at random, sends the pieces in random order with
// duplicates and overlaps that differ, and compares with a model in which the
// first byte seen for each position stands.
func run(t testing.TB, seed uint64, length int) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	d := New(Config{})
	model := make([]byte, length)
	type span struct{ from, to int }
	var spans []span
	for at := 0; at < length; {
		n := min(8*(1+rnd.IntN(20)), length-at)
		spans = append(spans, span{at, at + n})
		at += n
	}
	rnd.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	missing := len(spans)
	for missing > 0 {
		s, last := spans[len(spans)-missing], false
		if rnd.IntN(4) == 0 && length > 16 { // something that overlaps
			s.from = rnd.IntN(length/8-1) * 8
			s.to = s.from + 8*(1+rnd.IntN((length-s.from)/8))
		} else {
			missing--
			last = missing == 0
		}
		data := make([]byte, s.to-s.from)
		for i := range data {
			data[i] = byte(1 + rnd.IntN(255))
			if m := &model[s.from+i]; *m == 0 {
				*m = data[i]
			}
		}
		f := Fragment{Src: src4, Dst: dst4, Offset: s.from, More: s.to < length, Data: data, Size: len(data)}
		got, done := d.Push(&f)
		clear(data) // the defragmenter must have its own copy
		if done {
			if !bytes.Equal(got.Data, model) || got.Size != length {
				t.Fatalf("assembled\n%x, want\n%x", got.Data, model)
			}
			return
		}
		if last {
			t.Fatalf("all %d bytes were sent, the packet is not complete", length)
		}
	}
}

func TestRandomOrder(t *testing.T) {
	for seed := range uint64(300) {
		run(t, seed, 20+int(seed)*5)
	}
}

func FuzzDefragment(f *testing.F) {
	f.Add(uint64(1), uint16(100), []byte{0, 1, 8, 3, 1, 0, 2})
	f.Fuzz(func(t *testing.T, seed uint64, length uint16, raw []byte) {
		run(t, seed, 1+int(length)%3000)
		c := Config{MaxPackets: 3, MaxBytes: 2000, MaxFragments: 8}
		d := New(c)
		for ; len(raw) >= 4; raw = raw[4:] { // anything at all
			data := raw[:min(len(raw), int(raw[2]))]
			got, done := d.Push(&Fragment{
				Src: src6, Dst: src6, ID: uint32(raw[0] & 7), Offset: int(raw[1]) * 8, More: raw[0]&8 != 0,
				Data: data, Size: int(raw[2]), Timestamp: int64(int8(raw[3])) * int64(time.Second),
			})
			if done && len(got.Data) > got.Size {
				t.Fatalf("%d bytes of %d", len(got.Data), got.Size)
			}
			if d.Len() > c.MaxPackets || d.InUse() > c.MaxBytes {
				t.Fatalf("%d packets, %d bytes", d.Len(), d.InUse())
			}
		}
	})
}

func BenchmarkPush(b *testing.B) {
	d := New(Config{})
	data := make([]byte, 1480)
	f := Fragment{Src: src4, Dst: dst4, Proto: 17, Data: data, Size: len(data)}
	b.ReportAllocs()
	for b.Loop() {
		f.ID++
		f.Offset, f.More = 0, true
		d.Push(&f)
		f.Offset, f.More = 1480, false
		if _, done := d.Push(&f); !done {
			b.Fatal("not complete")
		}
	}
}
