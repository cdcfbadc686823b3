package live

import (
	"fmt"
	"testing"
	"time"

	"github.com/sniffid/sniffid/capture"
)

// TestQueueIsBounded: a reader waits while nobody takes its packets, and Close
// frees it.
func TestQueueIsBounded(t *testing.T) {
	q := newQueue()
	data := make([]byte, maxBatch/4)
	pushed := make(chan bool)
	go func() {
		for q.push([]frame{{data: data}}, 0, 1) {
			pushed <- true
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
	b, ended := q.take(new(batch))
	if len(b.packets) != 4 || ended {
		t.Errorf("took %d packets, ended %v", len(b.packets), ended)
	}
	<-pushed
	q.close()
	for range pushed { // those from before
	}
	if q.push([]frame{{}}, 0, 1) {
		t.Error("a closed queue took a packet")
	}
	if _, ended := q.take(new(batch)); !ended {
		t.Error("a closed queue has not ended")
	}
}

// TestQueueTakesLargePackets: one packet may exceed the bound.
func TestQueueTakesLargePackets(t *testing.T) {
	q := newQueue()
	if !q.push([]frame{{data: make([]byte, 2*maxBatch)}}, 0, 1) {
		t.Error("refused")
	}
}

// TestBacklog: how full the queue was tells that the consumer is late.
func TestBacklog(t *testing.T) {
	s := newSource(configured(t, "a"), nil, nil)
	var p capture.Packet
	for _, quarters := range []int{1, 3, 0} {
		frames := []frame{{data: make([]byte, 100)}}
		for range quarters {
			frames = append(frames, frame{data: make([]byte, maxBatch/4)})
		}
		s.queue.push(frames, 0, 1)
		for range frames {
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
	f := []frame{{data: make([]byte, 1500), length: 1500}}
	var p capture.Packet
	run := func() {
		s.queue.push(f, 0, 1)
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
			f := []frame{{data: make([]byte, size), length: size}}
			b.SetBytes(int64(size))
			go func() {
				for s.queue.push(f, 0, 1) {
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
