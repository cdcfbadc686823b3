package ownerhelper

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/sniffid/sniffid/correlate/owner"
)

// kind is what a question asks for.
type kind uint8

const (
	askLookup   kind = 1 + iota // the owner of Local
	askLocal                    // is Local's address one of this machine?
	askRefresh                  // read the tables anew
	askSnapshot                 // all sockets
)

// A question has questionSize bytes: kind, flags, the families and ports of both ends,
// the identifier, both addresses, the time and the transport; numbers are big-endian.
// Nothing in it is of variable length, and nothing of a packet's payload.
const (
	questionSize = 72

	atKind      = 0
	atFlags     = 1
	atFamilies  = 2  // local, remote: 0, 4 or 6
	atPorts     = 4  // local, remote
	atID        = 8  // 6 bytes after it are 0
	atAddresses = 16 // local, remote: 16 bytes each, IPv4 in the first four
	atTime      = 48 // nanoseconds since 1970
	atTransport = 56

	transportSize = questionSize - atTransport
)

const (
	flagAnswers = 1 << iota
	flagTime    // the time is given
)

var errQuestion = errors.New("no question")

// putQuestion writes a question. A zone is left out: sources have no use for it.
func putQuestion(b *[questionSize]byte, k kind, q *owner.Query) {
	*b = [questionSize]byte{atKind: byte(k)}
	if q.Answers {
		b[atFlags] |= flagAnswers
	}
	if !q.Time.IsZero() {
		b[atFlags] |= flagTime
		binary.BigEndian.PutUint64(b[atTime:], uint64(q.Time.UnixNano()))
	}
	binary.BigEndian.PutUint16(b[atID:], q.ID)
	copy(b[atTransport:], q.Transport)
	for i, end := range [...]netip.AddrPort{q.Local, q.Remote} {
		binary.BigEndian.PutUint16(b[atPorts+2*i:], end.Port())
		to := b[atAddresses+16*i : atAddresses+16*i+16]
		switch addr := end.Addr(); {
		case addr.Is4():
			b[atFamilies+i] = 4
			a := addr.As4()
			copy(to, a[:])
		case addr.Is6():
			b[atFamilies+i] = 6
			a := addr.As16()
			copy(to, a[:])
		}
	}
}

// readQuestion reads what putQuestion wrote, and refuses all else.
func readQuestion(b *[questionSize]byte) (k kind, q owner.Query, err error) {
	k = kind(b[atKind])
	if k < askLookup || k > askSnapshot || b[atFlags]&^(flagAnswers|flagTime) != 0 {
		return 0, q, errQuestion
	}
	var ends [2]netip.AddrPort
	for i := range ends {
		from := b[atAddresses+16*i : atAddresses+16*i+16]
		var addr netip.Addr
		switch b[atFamilies+i] {
		case 0:
		case 4:
			addr = netip.AddrFrom4([4]byte(from))
		case 6:
			addr = netip.AddrFrom16([16]byte(from))
		default:
			return 0, q, errQuestion
		}
		ends[i] = netip.AddrPortFrom(addr, binary.BigEndian.Uint16(b[atPorts+2*i:]))
	}
	transport, _, _ := bytes.Cut(b[atTransport:], []byte{0})
	q = owner.Query{
		Transport: string(transport), Local: ends[0], Remote: ends[1],
		ID: binary.BigEndian.Uint16(b[atID:]), Answers: b[atFlags]&flagAnswers != 0,
	}
	if b[atFlags]&flagTime != 0 {
		q.Time = time.Unix(0, int64(binary.BigEndian.Uint64(b[atTime:])))
	}
	return k, q, nil
}
