package live

import "sync"

// maxWaiting is how many bytes of packets wait at most; beyond that the readers
// wait, and the kernel's buffers take up the rest.
const maxWaiting = 4 << 20

// maxSpare is how many batches are kept for later.
const maxSpare = maxWaiting/batchRoom + 1

// queue carries packets from several readers to one consumer. Both have a batch of
// their own, and exchange it: a packet is copied once, into the reader's batch.
type queue struct {
	mu      sync.Mutex
	space   sync.Cond // a batch was taken, or the queue closed
	waiting []*batch  // the oldest first
	size    int       // bytes of those that wait
	spare   []*batch  // empty
	// ready has a token whenever packets wait or the queue has ended since the
	// consumer last looked.
	ready chan struct{}
	// ended: no more packets will come. closed: none are wanted.
	ended, closed bool

	received, truncated uint64
}

func newQueue() *queue {
	q := &queue{ready: make(chan struct{}, 1)}
	q.space.L = &q.mu
	return q
}

// push takes over a batch, waiting for space, and returns an empty one for it. The
// result is nil if the queue has been closed.
func (q *queue) push(b *batch) *batch {
	if len(b.packets) == 0 {
		return b
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && q.size > 0 && q.size+len(b.data) > maxWaiting {
		q.space.Wait()
	}
	if q.closed {
		return nil
	}
	q.received += uint64(len(b.packets))
	q.truncated += b.truncated
	q.size += len(b.data)
	if n := len(q.waiting); n > 0 && q.waiting[n-1].join(b) {
		b.reset()
		return b
	}
	q.waiting = append(q.waiting, b)
	q.signal()
	n := len(q.spare)
	if n == 0 {
		return new(batch)
	}
	b, q.spare = q.spare[n-1], q.spare[:n-1]
	return b
}

// take exchanges a batch whose packets are done with for the oldest that waits; nil:
// there is none, and the other is not taken. Size is how many bytes waited.
func (q *queue) take(done *batch) (b *batch, size int, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, 0, true
	}
	if len(q.waiting) == 0 {
		return nil, 0, q.ended
	}
	b, size = q.waiting[0], q.size
	q.size -= len(b.data)
	n := copy(q.waiting, q.waiting[1:])
	q.waiting[n], q.waiting = nil, q.waiting[:n]
	if len(q.spare) < maxSpare {
		done.reset()
		q.spare = append(q.spare, done)
	}
	q.space.Broadcast()
	return b, size, false
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
