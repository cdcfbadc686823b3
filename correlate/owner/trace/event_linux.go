package trace

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"unsafe"
)

// Kind says what an event tells.
type Kind uint8

// The kinds, as in bpf/sockets.c.
const (
	// Flow: the first packet between two ends passed; Local and Remote are set. The
	// address of Local is unspecified where a datagram was received by a socket
	// that is bound to a wildcard.
	Flow Kind = iota + 1
	// Bound: a datagram socket was bound to Local, or a stream socket listens there.
	Bound
	// Claimed: a socket that was told of before is used by another process. Local
	// is not set; Remote is where the socket has no fixed peer.
	Claimed
	// Released: a socket that was told of as bound is closed. No ends are set.
	Released
)

// How says what the process did with the socket that it is named for. The
// greater, the better founded.
type How uint8

// The ways, as in bpf/sockets.c.
const (
	Unknown How = iota // nobody is named: the kernel's own socket, or one from before
	Held               // had a descriptor of it when [Tracer.Holdings] was read
	Made               // called socket(2)
	Binds              // called bind(2) or listen(2)
	Uses               // connected, sent or received
)

// Event is what happened to a socket.
type Event struct {
	Kind Kind
	How  How
	// Copied says that the socket was accepted and not used yet: the process is
	// its listener's.
	Copied bool
	// Proto is the IP protocol number.
	Proto uint8
	// Time is when it happened, in nanoseconds of the monotonic clock.
	Time uint64
	// Cookie tells sockets apart for as long as the machine runs (SO_COOKIE).
	Cookie uint64
	// NetNS is the cookie of the network namespace (SO_NETNS_COOKIE); 0 is not
	// known.
	NetNS uint64
	// PID is the process (thread group) in the first PID namespace; 0 is none.
	PID uint32
	UID uint32
	// Start is when the process began, in nanoseconds since boot; with PID it
	// tells processes apart.
	Start         uint64
	Name          Name // the thread's at that moment
	Local, Remote netip.AddrPort
}

var errShort = errors.New("trace: short record")

// decode reads a record of the ring, which is aligned.
func (e *Event) decode(record []byte) error {
	if len(record) < int(unsafe.Sizeof(objectsEvent{})) {
		return errShort
	}
	r := (*objectsEvent)(unsafe.Pointer(&record[0]))
	*e = Event{
		Kind: Kind(r.Kind), How: How(r.How), Copied: r.Copied != 0, Proto: r.Proto,
		Time: r.Time, Cookie: r.Cookie, NetNS: r.Netns,
		PID: r.Pid, UID: r.Uid, Start: r.Start, Name: r.Comm,
	}
	switch e.Kind {
	case Flow:
		e.Local, e.Remote = end(r.Family, &r.Local, r.LocalPort), end(r.Family, &r.Remote, r.RemotePort)
	case Claimed:
		if r.RemotePort != 0 {
			e.Remote = end(r.Family, &r.Remote, r.RemotePort)
		}
	case Bound:
		e.Local = end(r.Family, &r.Local, r.LocalPort)
	}
	return nil
}

func end(family byte, addr *[16]byte, port uint16) netip.AddrPort {
	switch family {
	case 4:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(addr[:4])), port)
	case 6:
		return netip.AddrPortFrom(netip.AddrFrom16(*addr).Unmap(), port)
	}
	return netip.AddrPort{}
}

// Name is a thread's name (TASK_COMM_LEN), padded with zeros.
type Name [16]byte

// String is the name without its padding.
func (n Name) String() string { return cString(n[:]) }

func cString(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}

// Events hands over what has happened since the last call, in order, and does not
// wait for more. The event is valid during the call only.
func (t *Tracer) Events(each func(*Event)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.events.AvailableBytes() == 0 {
		return nil
	}
	var e Event
	for {
		err := t.events.ReadInto(&t.record)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the ring of events: %w", err)
		}
		if err := e.decode(t.record.RawSample); err != nil {
			return err
		}
		each(&e)
	}
}

// Lost is how many events found no room, because they were not read in time.
func (t *Tracer) Lost() uint64 {
	var n uint64
	if err := t.objects.Maps[objectsMapLost].Lookup(uint32(0), &n); err != nil {
		return 0
	}
	return n
}
