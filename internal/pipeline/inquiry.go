package pipeline

import (
	"net/netip"
	"sync/atomic"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/sample"
)

// inquiry is the identification of one flow, from its first payload to the answer.
// It belongs to the [examiner]; the pipeline, which may be packets ahead, sees over and
// stopped, and the answer when it is over.
type inquiry struct {
	// The flow, as it was when the inquiry began.
	transport      string // as announcements have it
	carrier        string // as protocols have it
	client, server netip.AddrPort
	rolesKnown     bool
	stream         bool // TCP: a direction that is not wanted once is over

	session *dissect.Session // nil when it is over
	// sample is the beginning of the payload while it has no name; nil when it has one.
	sample *sample.Sample
	// announcements is how many there were when the session last looked.
	announcements uint64
	// sated says that the session wants no more payload of a direction until something
	// happens in the other.
	sated [2]bool

	over    atomic.Bool
	stopped [2]atomic.Bool // a stream's direction: no more of it is looked at
	answer  *answer        // nil if it failed and has nothing to say
}

// answer is what is known of a flow whose identification is over.
type answer struct {
	dissect.Identification
	sample *sample.Sample // nil unless it was to be kept
}

// identify returns the answer so far.
func (in *inquiry) identify() dissect.Identification {
	switch {
	case in.session != nil:
		return in.session.Identify()
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
