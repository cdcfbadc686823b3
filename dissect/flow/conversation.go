package flow

// TCP is what reassembly has to know of one TCP segment.
type TCP struct {
	Seq, Ack uint32
	Flags    uint8 // control bits
	// Payload are the captured bytes, Size how many there were on the wire.
	Payload []byte
	Size    int
	// Packet is the number of the packet.
	Packet uint64
}

// Bounds limits reassembly. One value is shared by the conversations of one
// goroutine; the zero value has the defaults.
type Bounds struct {
	// Limit is how many bytes of a direction are delivered before its stream
	// is done; 0 = all of them.
	Limit int
	// Held is how many bytes that came too early are kept per direction;
	// 0 = 256 KiB. TotalHeld is the same for all conversations together;
	// 0 = 64 MiB. Each segment counts for its length and a fixed overhead.
	Held, TotalHeld int

	used int
}

func (b *Bounds) exceeded(stream, more int) bool {
	held, total := b.Held, b.TotalHeld
	if held <= 0 {
		held = 256 << 10
	}
	if total <= 0 {
		total = 64 << 20
	}
	return stream+more > held || b.used+more > total
}

// InUse returns how many bytes all conversations hold together.
func (b *Bounds) InUse() int { return b.used }

// Conversation puts the two directions of a TCP connection in order. The zero
// value is ready for use. The same Bounds have to be passed to every call.
type Conversation struct {
	streams [2]stream
}

// Push takes a segment of direction d and delivers to sink what is in order
// now: of the other direction what waited in vain for bytes that t
// acknowledges, then of d.
//
// Where bytes differ between overlapping segments, those that came first stand.
func (c *Conversation) Push(d Direction, t *TCP, b *Bounds, sink Sink) {
	if t.Flags&flagACK != 0 {
		if s := &c.streams[d.Reverse()]; !s.done {
			s.acknowledge(delivery{d.Reverse(), b, sink}, t)
		}
	}
	if s := &c.streams[d]; !s.done {
		s.push(delivery{d, b, sink}, t)
	}
}

// Flush delivers what is held, with its gaps, and stops both directions.
func (c *Conversation) Flush(b *Bounds, sink Sink) {
	for d := range c.streams {
		c.streams[d].flush(delivery{Direction(d), b, sink})
		c.Stop(Direction(d), b)
	}
}

// Stop ends the work on direction d and frees its memory: nothing more is
// delivered, and pushing costs nothing.
func (c *Conversation) Stop(d Direction, b *Bounds) { c.streams[d].stop(b) }

// Done reports whether both directions have stopped.
func (c *Conversation) Done() bool { return c.streams[0].done && c.streams[1].done }

// Swap exchanges the directions, when the roles of the flow turn out to be the
// other way round.
func (c *Conversation) Swap() { c.streams[0], c.streams[1] = c.streams[1], c.streams[0] }

// Stats returns what happened in direction d so far.
func (c *Conversation) Stats(d Direction) StreamStats { return c.streams[d].stats }

// StreamStats counts what is odd about one direction.
type StreamStats struct {
	Retransmitted uint32 // segments that brought nothing new, keep-alive probes included
	OutOfOrder    uint32 // segments that came before their time
	Conflicts     uint32 // overlaps with different bytes, as far as both were at hand
	Gaps          uint32 // holes given up
	Stray         uint32 // segments far outside of any window
}
