package pipeline

import (
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/sample"
)

// conversation is what the pipeline keeps per flow. Most flows of a long run
// are decided: what identification needs is a [work] of its own, which they
// have given back.
type conversation struct {
	// work is nil before the first payload or TCP segment, and again when nothing
	// could change the answer any more (concluded).
	work *work
	// answer is the session's last word; nil until concluded, and for a flow
	// without payload.
	answer *answer
	// owners are those of the ends, by the direction they send in; nil: nobody
	// was asked. They are shared and read only.
	owners [2]*owner.Owner
	// told is what OnUpdate was last told; nil: nothing.
	told *told
	// first is the number of the flow's first packet.
	first uint64

	concluded bool
	// turned says that the session's client is the flow's server, because a
	// handshake seen late turned the flow.
	turned bool
	// asked says that the owners were asked for again when an end sent its
	// first payload, by the direction of that end.
	asked [2]bool
}

// answer is what is known of a flow whose identification is over.
type answer struct {
	dissect.Identification
	sample *sample.Sample // nil unless it was to be kept
}

// work is what the identification of a flow needs while it goes on.
type work struct {
	session *dissect.Session // nil before the first payload
	tcp     flow.Conversation
	sctp    *flow.Messages // nil before the first chunk
	// sample is the beginning of the payload while it has no name, by the
	// session's directions; nil when it has one.
	sample *sample.Sample
	// announcements is how many there were when the session last looked.
	announcements uint64
	// sated says, by the session's directions, that it wants no more payload of one
	// until something happens in the other.
	sated [2]bool
}

// told is the part of an answer whose change is worth an update.
type told struct {
	layers     int
	top        string
	confidence dissect.Confidence
	refused    bool
}

// swap follows the flow when its roles turn out to be the other way round.
func (c *conversation) swap() {
	c.turned = !c.turned
	if w := c.work; w != nil {
		w.tcp.Swap()
		if w.sctp != nil {
			w.sctp.Swap()
		}
	}
	c.owners[0], c.owners[1] = c.owners[1], c.owners[0]
	c.asked[0], c.asked[1] = c.asked[1], c.asked[0]
}

// direction translates between the flow's directions and the session's.
func (c *conversation) direction(d flow.Direction) flow.Direction {
	if c.turned {
		return d.Reverse()
	}
	return d
}

// identify returns the answer so far, in the session's directions.
func (c *conversation) identify() dissect.Identification {
	switch {
	case c.open():
		return c.work.session.Identify()
	case c.answer != nil:
		return c.answer.Identification
	}
	return dissect.Identification{}
}

// open reports whether the flow is under identification.
func (c *conversation) open() bool { return c.work != nil && c.work.session != nil }

// sessionQueue has the flows that are under identification, oldest first, so
// that their number can be bounded.
type sessionQueue struct {
	queue []*flow.Flow[conversation]
	open  int // how many of the queue have a session
	limit int
}

// push adds a flow that has just got its session and returns a flow that has to
// be concluded for want of room, or nil.
func (q *sessionQueue) push(f *flow.Flow[conversation]) *flow.Flow[conversation] {
	q.queue = append(q.queue, f)
	q.open++
	if len(q.queue) > 2*q.open+1024 {
		q.compact()
	}
	if q.open <= q.limit {
		return nil
	}
	for len(q.queue) > 0 {
		oldest := q.queue[0]
		q.queue = q.queue[1:]
		if oldest.Value.open() {
			return oldest
		}
	}
	return nil
}

// compact drops the flows whose session has ended.
func (q *sessionQueue) compact() {
	kept := make([]*flow.Flow[conversation], 0, q.open+1024)
	for _, f := range q.queue {
		if f.Value.open() {
			kept = append(kept, f)
		}
	}
	q.queue = kept
}

// works lends out the works of flows, so that a new flow need not make one.
type works struct {
	spare []*work
	// leaving are those that reassembly may still be at work on.
	leaving []*work
}

// maxSpare bounds how many are kept for later.
const maxSpare = 256

func (x *works) take() *work {
	n := len(x.spare) - 1
	if n < 0 {
		return new(work)
	}
	w := x.spare[n]
	x.spare = x.spare[:n]
	return w
}

// leave takes back a work that may be in use until the next settle.
func (x *works) leave(w *work) { x.leaving = append(x.leaving, w) }

// settle makes what has left ready for others.
func (x *works) settle() {
	for i, w := range x.leaving {
		x.leaving[i] = nil
		*w = work{}
		if len(x.spare) < maxSpare {
			x.spare = append(x.spare, w)
		}
	}
	x.leaving = x.leaving[:0]
}
