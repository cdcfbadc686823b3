package live

import (
	"errors"
	"time"

	"github.com/sniffid/sniffid/capture"
)

// drain bounds how long packets of the time before Stop are read.
const drain = 2 * time.Second

// rest leaves what had come when the capture was told to end, and reports whether a
// reader is through with that.
func (s *source) rest(last time.Time, b *batch, err error) bool {
	switch late := time.Since(last); {
	case errors.Is(err, capture.ErrTimeout):
		return late > 2*s.config.Batch // the kernel may hold some back
	case err != nil:
		return true
	default:
		for i := range b.packets {
			if b.packets[i].timestamp > last.UnixNano() {
				b.cut(i)
				return true
			}
		}
		return late > drain
	}
}

// Stop implements [Source].
func (s *source) Stop() {
	now := time.Now()
	if !s.last.CompareAndSwap(nil, &now) {
		return
	}
	s.stopOnce.Do(func() { close(s.stop) })
	s.mu.Lock()
	s.follow = false
	none := len(s.readers) == 0
	s.mu.Unlock()
	if none {
		s.queue.end()
	}
	// A read may wait for a packet that does not come.
	time.AfterFunc(2*maxBatchTime, s.interrupt)
}

// interrupt makes reads return.
func (s *source) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.readers {
		r.handle.interrupt()
	}
}

// Close implements [capture.Source]. It returns when all interfaces are
// released, which takes pollInterval at most, whoever else closes meanwhile.
func (s *source) Close() error {
	defer s.running.Wait()
	if s.stopping.Swap(true) {
		return nil
	}
	s.stopOnce.Do(func() { close(s.stop) })
	s.queue.close()
	s.interrupt()
	return nil
}
