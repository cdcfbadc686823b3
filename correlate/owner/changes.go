package owner

import (
	"cmp"
	"net/netip"
	"slices"
)

// Event says what became of a listener.
type Event string

// The events.
const (
	Appeared Event = "appeared" // this reading has it, the one before does not
	Gone     Event = "gone"     // the one before has it, this one does not
	Changed  Event = "changed"  // both have it, under different owners
)

// Change is what became of one listener between two readings.
type Change struct {
	Event Event
	// Socket is the row of the later reading; of a listener that is gone, that of
	// the earlier one.
	Socket Socket
	// Previous is the owner that the earlier reading has, where Event is Changed.
	Previous Owner
	// Stopped and Started are the units, Windows services and containers of the
	// owners that did so at that time; what was started again is in both. Where one
	// process hosts several that did, any of them may be meant.
	Stopped, Started []string
	// Ended says that the process is gone that had the listener before, Began that
	// the one that has it now is new. They are said where processes are known.
	Ended, Began bool
}

// listener tells sockets apart that wait for peers.
type listener struct {
	transport string
	local     netip.AddrPort
	netns     uint64
}

// Changes compares two socket tables, the earlier one first: which listeners
// appeared, which are gone, and which have another owner. Several sockets at one
// end, as workers have them that share a port, are told apart by their owners; what
// is left over on both sides is the same socket under another owner. It is a pure
// function, and leaves it to [Recent] to say why. The changes are ordered by
// transport, local end and network namespace, and those of one end by event: gone,
// changed, appeared.
func Changes(before, after []Socket) []Change {
	old, now := byListener(before), byListener(after)
	var ends []listener
	for end := range old {
		ends = append(ends, end)
	}
	for end := range now {
		if _, known := old[end]; !known {
			ends = append(ends, end)
		}
	}
	slices.SortFunc(ends, func(a, b listener) int {
		return cmp.Or(cmp.Compare(a.transport, b.transport), a.local.Compare(b.local), cmp.Compare(a.netns, b.netns))
	})
	var changes []Change
	for _, end := range ends {
		changes = append(changes, compareEnd(old[end], now[end])...)
	}
	return changes
}

func byListener(sockets []Socket) map[listener][]*Socket {
	ends := map[listener][]*Socket{}
	for i := range sockets {
		if s := &sockets[i]; s.Listening() {
			end := listener{s.Transport, s.Local, s.NetNS}
			ends[end] = append(ends[end], s)
		}
	}
	return ends
}

// compareEnd compares the sockets of one end. It does not change the slices.
func compareEnd(before, after []*Socket) []Change {
	var old []*Socket
	now := slices.Clone(after)
	for _, s := range before {
		at := slices.IndexFunc(now, func(n *Socket) bool { return sameOwner(&s.Owner, &n.Owner) })
		if at < 0 {
			old = append(old, s)
			continue
		}
		now = slices.Delete(now, at, at+1)
	}
	byPID := func(a, b *Socket) int { return cmp.Compare(a.Owner.PID, b.Owner.PID) }
	slices.SortStableFunc(old, byPID)
	slices.SortStableFunc(now, byPID)
	both := min(len(old), len(now))
	var changes []Change
	for _, s := range old[both:] {
		changes = append(changes, Change{Event: Gone, Socket: *s})
	}
	for i, s := range now[:both] {
		changes = append(changes, Change{Event: Changed, Socket: *s, Previous: old[i].Owner})
	}
	for _, s := range now[both:] {
		changes = append(changes, Change{Event: Appeared, Socket: *s})
	}
	return changes
}

// sameOwner reports whether two rows name the same process; or the same
// processes, in whatever order; or the same reason for naming none. One number
// under two names is a process that became another program, or another process.
func sameOwner(a, b *Owner) bool {
	if a.PID != b.PID || a.Reason != b.Reason || len(a.Candidates) != len(b.Candidates) {
		return false
	}
	if a.Name != b.Name && a.Name != "" && b.Name != "" {
		return false
	}
	for i := range a.Candidates {
		pid := a.Candidates[i].PID
		if !slices.ContainsFunc(b.Candidates, func(p Process) bool { return p.PID == pid }) {
			return false
		}
	}
	return true
}
