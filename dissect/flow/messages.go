package flow

// Chunk is one SCTP DATA or I-DATA chunk, RFC 9260 §3.3.1.
type Chunk struct {
	TSN    uint32
	Stream uint16
	// PPID is the payload protocol identifier; of a fragmented message the first
	// chunk's counts.
	PPID uint32
	// Begins and Ends say that the user message's first or last byte is here.
	Begins, Ends bool
	// Data are the captured bytes of the user message, Size how many there were
	// on the wire.
	Data []byte
	Size int
	// Packet is the number of the packet, Offset where Data begins in its
	// transport payload.
	Packet uint64
	Offset int
}

// Messages turns the DATA chunks of an SCTP association into user messages.
// The zero value is ready for use. The same Bounds have to be passed to every
// call.
//
// A message in one chunk is delivered at once, whatever its number: user
// messages have their own boundaries, and order among them is not restored. A
// fragmented one is delivered, as one segment, when its chunks came in the
// order of their numbers. Retransmissions are dropped.
type Messages struct {
	halves [2]messages
}

// messages is one direction.
type messages struct {
	highest uint32 // TSN, valid iff started
	seen    uint64 // bit i: the TSN highest-i was seen
	started bool

	partial Segment // its Data is the buffer; valid iff open
	open    bool
	stream  uint16
	next    uint32 // TSN that goes on with partial
}

// maxMessage is how many bytes of a fragmented message are kept.
const maxMessage = 64 << 10

// Push takes a chunk of direction d and delivers the message that it completes.
func (m *Messages) Push(d Direction, c *Chunk, b *Bounds, sink Sink) {
	h := &m.halves[d]
	if h.duplicate(c.TSN) {
		return
	}
	size := max(c.Size, len(c.Data))
	switch {
	case c.Begins && c.Ends:
		sink.Deliver(d, Segment{Data: c.Data, Size: size, Packet: c.Packet, Offset: c.Offset, PPID: c.PPID})
		return
	case c.Begins:
		h.release(b)
		h.partial = Segment{Packet: c.Packet, Offset: c.Offset, PPID: c.PPID}
		h.open, h.stream = true, c.Stream
	case !h.open || c.TSN != h.next || c.Stream != h.stream:
		return
	}
	h.next = c.TSN + 1
	if kept := len(h.partial.Data); kept == h.partial.Size { // nothing missing so far
		n := min(len(c.Data), max(maxMessage-kept, 0))
		if !b.exceeded(kept, n) {
			h.partial.Data = append(h.partial.Data, c.Data[:n]...)
			b.used += n
		}
	}
	h.partial.Size += size
	if c.Ends {
		sink.Deliver(d, h.partial)
		h.release(b)
	}
}

// Stop frees the memory of direction d; what is incomplete is dropped.
func (m *Messages) Stop(d Direction, b *Bounds) { m.halves[d].release(b) }

// Swap exchanges the directions.
func (m *Messages) Swap() { m.halves[0], m.halves[1] = m.halves[1], m.halves[0] }

func (h *messages) release(b *Bounds) {
	b.used -= len(h.partial.Data)
	h.partial, h.open = Segment{}, false
}

// duplicate notes a TSN and reports whether it was there before. What is more
// than 63 behind the highest counts as a retransmission.
func (h *messages) duplicate(tsn uint32) bool {
	if !h.started {
		h.started, h.highest, h.seen = true, tsn, 1
		return false
	}
	ahead := int32(tsn - h.highest)
	if ahead > 0 {
		h.highest = tsn
		h.seen = h.seen<<uint(ahead) | 1 // shifts of 64 and more give 0
		return false
	}
	if ahead <= -64 {
		return true
	}
	bit := uint64(1) << uint(-ahead)
	if h.seen&bit != 0 {
		return true
	}
	h.seen |= bit
	return false
}
