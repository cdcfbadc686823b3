package live

import (
	"sync"

	"github.com/sniffid/sniffid/capture"
)

// maxBatch is how many bytes of packets wait at most; beyond that the readers
// wait, and the kernel's buffers take up the rest.
const maxBatch = 4 << 20

// batch holds packets one behind the other.
type batch struct {
	data    []byte
	packets []queued
}

// queued is one packet of a batch.
type queued struct {
	start, end int // within data
	length     int
	timestamp  int64
	iface      int
	linkType   capture.LinkType
}

// queue carries packets from several readers to one consumer. A packet is
// copied once, into a batch; the consumer takes whole batches.
type queue struct {
	mu    sync.Mutex
	space sync.Cond // the batch was taken, or the queue closed
	batch *batch
	// ready has a token whenever the batch is not empty or the queue has ended
	// since the consumer last looked.
	ready chan struct{}
	// ended: no more packets will come. closed: none are wanted.
	ended, closed bool

	received, truncated uint64
}

func newQueue() *queue {
	q := &queue{batch: new(batch), ready: make(chan struct{}, 1)}
	q.space.L = &q.mu
	return q
}

// push appends packets, waiting for space. It returns false if the queue has been
// closed.
func (q *queue) push(frames []frame, iface int, linkType capture.LinkType) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range frames {
		f := &frames[i]
		for !q.closed && len(q.batch.packets) > 0 && len(q.batch.data)+len(f.data) > maxBatch {
			q.space.Wait()
		}
		if q.closed {
			return false
		}
		b := q.batch
		start := len(b.data)
		b.data = append(b.data, f.data...)
		b.packets = append(b.packets, queued{start, len(b.data), max(f.length, len(f.data)), f.timestamp, iface, linkType})
		q.received++
		if f.length > len(f.data) {
			q.truncated++
		}
		if len(b.packets) == 1 {
			q.signal()
		}
	}
	return !q.closed
}

// take exchanges the waiting batch, if it has packets, for the given empty one.
func (q *queue) take(empty *batch) (b *batch, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return empty, true
	}
	if len(q.batch.packets) == 0 {
		return empty, q.ended
	}
	b, q.batch = q.batch, empty
	q.space.Broadcast()
	return b, false
}

// end says that no more packets will come.
func (q *queue) end() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	q.signal()
}

// close makes push return false and take report the end.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.space.Broadcast()
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *queue) counts() (received, truncated uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.received, q.truncated
}
