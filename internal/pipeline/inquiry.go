package pipeline

import (
	"net/netip"
	"sync/atomic"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/sample"
)

// inquiry is the identification of one flow, from its first payload to the answer. An
// [examiner] takes its steps one after the other, and the [ledger] enters them; the
// pipeline may be packets ahead of both.
type inquiry struct {
	// The flow, as it was when the inquiry began.
	transport      string // as announcements have it
	carrier        string // as protocols have it
	client, server netip.AddrPort
	rolesKnown     bool
	stream         bool  // TCP: a direction that is not wanted once is over
	shard          uint8 // of the examiner

	// The examiner's.

	session *dissect.Session // nil when it is over
	// sample is the beginning of the payload while it has no name; nil when it has one.
	sample *sample.Sample
	// sated says that the session wants no more payload of a direction until something
	// happens in the other.
	sated [2]bool

	// The ledger's.

	// announcements is how many there were when they were last looked through.
	announcements uint64
	expected      *dissect.Expectation // what was announced of the flow
	complete      bool                 // the answer is the last word

	// The examiner's until it says that it is over, then the ledger's.

	answer *answer // nil if it failed and has nothing to say

	// What anybody may look at.

	over    atomic.Bool
	stopped [2]atomic.Bool // a stream's direction: no more of it is looked at
}

// answer is what is known of a flow whose identification is over.
type answer struct {
	dissect.Identification
	sample *sample.Sample // nil unless it was to be kept
}

// step is what an inquiry goes on with: a segment of the flow's payload, or its end.
type step struct {
	inquiry   *inquiry
	last      bool           // the flow is over; there is no segment
	direction flow.Direction // of the inquiry
	segment   flow.Segment
	first     bool  // no payload came before
	bothWays  bool  // there were packets of both directions
	turned    bool  // the flow's client and server are the other way round by now
	time      int64 // of the packet

	// What came of it.

	passed    bool // nobody was interested
	changed   bool // the answer, perhaps
	announced []dissect.Expectation
	crowded   *inquiry // another one that is over for want of room
	over      bool     // the inquiry is
	failure   *Failure
}

// identify returns the answer so far. The steps so far have been entered.
func (in *inquiry) identify() dissect.Identification {
	switch {
	case in.session != nil:
		id := in.session.Identify()
		if in.expected != nil {
			id.Expect(in.expected)
		}
		return id
	case in.answer != nil:
		return in.answer.Identification
	}
	return dissect.Identification{}
}

// named reports whether there is an answer so far.
func (in *inquiry) named() bool { return in.session != nil && in.session.Named() }

// sessionQueue has the inquiries that go on, oldest first, so that their number can be
// bounded.
type sessionQueue struct {
	queue []*inquiry
	open  int // how many of the queue have a session
	limit int
}

// push adds an inquiry that has just got its session and returns one that has to be
// concluded for want of room, or nil.
func (q *sessionQueue) push(in *inquiry) *inquiry {
	q.queue = append(q.queue, in)
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
		if oldest.session != nil {
			return oldest
		}
	}
	return nil
}

// compact drops the inquiries that are over.
func (q *sessionQueue) compact() {
	kept := make([]*inquiry, 0, q.open+1024)
	for _, in := range q.queue {
		if in.session != nil {
			kept = append(kept, in)
		}
	}
	q.queue = kept
}
