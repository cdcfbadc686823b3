package pipeline

import (
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/sample"
)

// conversation is what the pipeline keeps per flow.
type conversation struct {
	// session identifies the flow; nil before the first payload, and again when
	// nothing could change the answer any more (concluded).
	session   *dissect.Session
	concluded bool
	// answer is the session's last word, valid once concluded.
	answer dissect.Identification
	// turned says that the session's client is the flow's server, because a
	// handshake seen late turned the flow.
	turned bool

	// sample is the beginning of the payload while it has no name, by the
	// session's directions; nil when it has one, or is described.
	sample *sample.Sample

	tcp  flow.Conversation
	sctp *flow.Messages // nil before the first chunk

	// first is the number of the flow's first packet.
	first uint64
	// owners are those of the ends, by the direction they send in.
	owners [2]owner.Owner
	// asked says that the owners were asked for again when an end sent its
	// first payload, by the direction of that end.
	asked [2]bool
	// announcements is how many there were when the session last looked.
	announcements uint64
	// told is what OnUpdate was last told.
	told told
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
	c.tcp.Swap()
	if c.sctp != nil {
		c.sctp.Swap()
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
	if c.session != nil {
		return c.session.Identify()
	}
	return c.answer
}

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
		if oldest.Value.session != nil {
			return oldest
		}
	}
	return nil
}

// compact drops the flows whose session has ended.
func (q *sessionQueue) compact() {
	kept := make([]*flow.Flow[conversation], 0, q.open+1024)
	for _, f := range q.queue {
		if f.Value.session != nil {
			kept = append(kept, f)
		}
	}
	q.queue = kept
}
