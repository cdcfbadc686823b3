package dissect

import (
	"math/bits"

	"github.com/sniffid/sniffid/dissect/flow"
)

// Protocol describes one protocol to the engine. Values are immutable once
// given to [NewEngine] and may be shared between goroutines.
type Protocol struct {
	// Name is the Wireshark display-filter name ("smb2"); unique.
	Name string
	// Title is the name in words, Spec the specification with sections.
	Title, Spec string
	// Over lists what may carry the protocol: transports ("tcp", "udp", "sctp"),
	// numbers of layers below ([Carrier]) and names of other protocols.
	Over []string
	// Rows say how the protocol's messages can begin: the index's input.
	Rows []Row
	// Budget is how many bytes a direction the protocol wants to see; 0 stands
	// for the default of 8 KiB.
	Budget int
	// Framing says that the protocol only delimits what it carries (TPKT, a
	// record mark), so that it is reported only with a child above it.
	Framing bool
	// Above lists protocols that lose against this one when both match with
	// equal evidence, each a stated precedence.
	Above []string
	// Begins, if set, reports whether a new parser would not reject the message:
	// a cheaper question than making one. It must be safe for concurrent use.
	Begins func(*Message) bool
	// New makes a parser for one conversation.
	New func() Parser
}

// PrefixLen is how many bytes of a message the index looks at.
const PrefixLen = 32

// From restricts a row to a direction.
type From uint8

// The directions of a row. FromEither is the zero value.
const (
	FromEither From = iota
	FromClientOnly
	FromServerOnly
)

// Allows reports whether a message in direction d may match the row.
func (f From) Allows(d flow.Direction) bool {
	return f == FromEither || (f == FromClientOnly) == (d == flow.FromClient)
}

// Row is one necessary condition of the index: a message can match the protocol
// only if, for some row, every byte at hand lies in that row's set for its
// offset. The index never decides; it only spares parsers.
type Row struct {
	Signature string // "protocol.message"
	From      From
	// FirstOnly restricts the row to the first message of a direction.
	FirstOnly bool
	// Min is the fewest bytes with which a decision is possible, Least the fewest
	// of a whole delimited message, if more, and Most the most, 0 for any number.
	Min, Least, Most int
	// Prefix has the permitted values of each of the first bytes. A nil entry
	// permits all; the slice may be shorter than PrefixLen.
	Prefix []*ByteSet
}

// share is the part of all beginnings that the row permits.
func (r *Row) share() float64 {
	share := 1.0
	for _, s := range r.Prefix {
		if s != nil {
			share *= float64(s.Len()) / 256
		}
	}
	return share
}

// ByteSet is a set of byte values.
type ByteSet [4]uint64

// Add puts b into the set.
func (s *ByteSet) Add(b byte) { s[b>>6] |= 1 << (b & 63) }

// AddRange puts lo to hi, both included, into the set.
func (s *ByteSet) AddRange(lo, hi byte) {
	for b := int(lo); b <= int(hi); b++ {
		s.Add(byte(b))
	}
}

// Has reports whether b is in the set.
func (s *ByteSet) Has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

// Len returns how many values are in the set.
func (s *ByteSet) Len() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// directional reports whether the protocol's messages tell client and server
// apart.
func (p *Protocol) directional() bool {
	for i := range p.Rows {
		if p.Rows[i].From != FromEither {
			return true
		}
	}
	return false
}
