package live

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/sniffid/sniffid/capture"
)

// TestQueueIsBounded: a reader waits while nobody takes its packets, and Close
// frees it.
func TestQueueIsBounded(t *testing.T) {
	q := newQueue()
	data := make([]byte, maxWaiting/4)
	pushed := make(chan bool)
	go func() {
		for b := new(batch); b != nil; {
			b.add(data, len(data), 0)
			if b = q.push(b); b != nil {
				pushed <- true
			}
		}
		close(pushed)
	}()
	for range 4 {
		<-pushed
	}
	select {
	case <-pushed:
		t.Fatal("a full queue took a packet")
	case <-time.After(20 * time.Millisecond):
	}
	b, size, ended := q.take(new(batch))
	if len(b.packets) == 0 || size != maxWaiting || ended {
		t.Errorf("took %d packets of %d bytes, ended %v", len(b.packets), size, ended)
	}
	<-pushed
	q.close()
	for range pushed { // those from before
	}
	if q.push(batchOf(1)) != nil {
		t.Error("a closed queue took a packet")
	}
	if _, _, ended := q.take(new(batch)); !ended {
		t.Error("a closed queue has not ended")
	}
}

// TestQueueTakesLargePackets: one packet may exceed the bound.
func TestQueueTakesLargePackets(t *testing.T) {
	q := newQueue()
	if q.push(batchOf(2*maxWaiting)) == nil {
		t.Error("refused")
	}
}

// batchOf is a batch of packets of some sizes.
func batchOf(sizes ...int) *batch {
	b := new(batch)
	for _, n := range sizes {
		b.add(make([]byte, n), n, 0)
	}
	return b
}

// TestQueueJoinsBatches: of many small batches that wait, few are kept, and their
// packets stay in order.
func TestQueueJoinsBatches(t *testing.T) {
	q := newQueue()
	b := new(batch)
	const packets = 5000
	for i := range packets {
		b.iface = i % 3
		b.add(binary.BigEndian.AppendUint32(nil, uint32(i)), 4+i%2, int64(i))
		b = q.push(b)
	}
	if len(q.waiting) > 2 {
		t.Errorf("%d batches wait", len(q.waiting))
	}
	n := 0
	for b, _, _ = q.take(new(batch)); b != nil; b, _, _ = q.take(b) {
		for _, p := range b.packets {
			want := queued{start: p.start, end: p.start + 4, length: 4 + n%2, timestamp: int64(n), iface: n % 3}
			if p != want || binary.BigEndian.Uint32(b.data[p.start:]) != uint32(n) {
				t.Fatalf("packet %d is %+v", n, p)
			}
			n++
		}
	}
	if received, truncated := q.counts(); n != packets || received != packets || truncated != packets/2 {
		t.Errorf("took %d packets; counted %d, %d of them truncated", n, received, truncated)
	}
}

// TestBacklog: how full the queue was tells that the consumer is late.
func TestBacklog(t *testing.T) {
	s := newSource(configured(t, "a"), nil, nil)
	var p capture.Packet
	for _, quarters := range []int{1, 3, 0} {
		b := batchOf(100)
		for range quarters {
			b.add(make([]byte, maxWaiting/4), maxWaiting/4, 0)
		}
		s.queue.push(b)
		for range 1 + quarters {
			if err := s.Next(&p); err != nil {
				t.Fatal(err)
			}
			if got, want := s.Backlog(), float64(quarters)/4; got < want || got > want+0.01 {
				t.Errorf("%d quarters waited: %v", quarters, got)
			}
		}
	}
}

func TestHandOverDoesNotAllocate(t *testing.T) {
	n := newNetwork("a")
	s := newSource(configured(t, "a"), n.open, n.up)
	data := make([]byte, 1500)
	batch := new(batch)
	var p capture.Packet
	run := func() {
		batch.add(data, len(data), 0)
		batch = s.queue.push(batch)
		if err := s.Next(&p); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(1000, run); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

func BenchmarkHandOver(b *testing.B) {
	for _, size := range []int{60, 1500} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c, err := Config{Interfaces: []string{"a"}}.withDefaults()
			if err != nil {
				b.Fatal(err)
			}
			s := newSource(c, nil, nil)
			data := make([]byte, size)
			b.SetBytes(int64(size))
			go func() {
				for b := new(batch); b != nil; b = s.queue.push(b) {
					b.add(data, size, 0)
				}
			}()
			var p capture.Packet
			for b.Loop() {
				if err := s.Next(&p); err != nil {
					b.Fatal(err)
				}
			}
			s.Close()
		})
	}
}
