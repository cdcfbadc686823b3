// Package sample keeps the beginning of a flow's payload and describes it, for
// flows that nothing else could name: what a person needs to see what kind of
// protocol it is, and to write a signature for it.
//
// It says what the bytes look like, never what they are.
package sample

import "github.com/sniffid/sniffid/dissect/flow"

const (
	// MaxMessages is how many messages of a direction are kept.
	MaxMessages = 8
	// MaxBytes is how many bytes of a direction are kept, all messages together.
	MaxBytes = 1 << 10
)

// Sample is the beginning of both directions of one flow. The zero value is
// empty and ready for use; it is not safe for concurrent use.
type Sample struct {
	halves [2]half
	first  flow.Direction
	any    bool
}

// half is what is kept of one direction: the messages one behind the other.
type half struct {
	buf      []byte
	messages []message
	stream   bool // the messages are segments, whose boundaries mean little
}

// message is a segment or datagram: where it begins in buf, and its size on the
// wire, of which less may be kept.
type message struct{ at, size int }

// Add takes the next message of direction d, of which data was captured and
// size was sent. Stream says that it is a segment of a byte stream. Data is not
// kept.
func (s *Sample) Add(d flow.Direction, data []byte, size int, stream bool) {
	if size == 0 {
		return
	}
	if !s.any {
		s.any, s.first = true, d
	}
	h := &s.halves[d]
	if len(h.messages) == MaxMessages || len(h.buf) == MaxBytes {
		return
	}
	h.stream = stream
	h.messages = append(h.messages, message{len(h.buf), size})
	h.buf = append(h.buf, data[:min(len(data), MaxBytes-len(h.buf))]...)
}

// Swap exchanges the directions.
func (s *Sample) Swap() {
	s.halves[0], s.halves[1] = s.halves[1], s.halves[0]
	s.first = s.first.Reverse()
}

// First returns the direction that spoke first.
func (s *Sample) First() flow.Direction { return s.first }

// Messages returns how many messages of direction d are kept.
func (s *Sample) Messages(d flow.Direction) int { return len(s.halves[d].messages) }

// Message returns what is kept of the i-th message of direction d and its size
// on the wire. The bytes belong to the sample.
func (s *Sample) Message(d flow.Direction, i int) (data []byte, size int) {
	return s.halves[d].message(i)
}

func (h *half) message(i int) (data []byte, size int) {
	m := h.messages[i]
	end := len(h.buf)
	if i+1 < len(h.messages) {
		end = h.messages[i+1].at
	}
	return h.buf[m.at:end:end], m.size
}

// complete reports whether the i-th message is kept whole.
func (h *half) complete(i int) bool {
	data, size := h.message(i)
	return len(data) == size
}
