package pipeline

import (
	"net/netip"

	"github.com/sniffid/sniffid/dissect"
)

const (
	// maxExpectations bounds what flows may announce; beyond it the oldest
	// announcement goes.
	maxExpectations = 1 << 16
	// defaultExpectation is how long an announcement holds that does not say.
	defaultExpectation = 10 * 60 // seconds
)

// place is where an announced flow will have one of its ends.
type place struct {
	transport string
	addr      netip.Addr
	port      uint16
}

type announcement struct {
	dissect.Expectation
	until int64 // packet time, nanoseconds
	turn  uint64
}

// expectations remembers which flows were announced by others. Time is that of
// the packets.
type expectations struct {
	at map[place]*announcement
	// order has the places by the time of their announcement, oldest first;
	// one that was announced again stands there twice, and the turn tells.
	order []queued
	// turn counts announcements: a flow that has looked since needs not look
	// again.
	turn uint64
}

type queued struct {
	place
	turn uint64
}

// add remembers an announcement. One for a place that has another replaces it.
func (x *expectations) add(e dissect.Expectation, now int64) {
	if !e.Host.IsValid() || e.Port == 0 {
		return
	}
	if x.at == nil {
		x.at = make(map[place]*announcement)
	}
	seconds := int64(defaultExpectation)
	if e.Seconds > 0 {
		seconds = int64(e.Seconds)
	}
	x.turn++
	p := place{e.Transport, e.Host.Unmap().WithZone(""), e.Port}
	x.at[p] = &announcement{e, now + seconds*1e9, x.turn}
	x.order = append(x.order, queued{p, x.turn})
	x.trim(now)
}

// trim forgets what is too old or too much.
func (x *expectations) trim(now int64) {
	for len(x.order) > 0 {
		q := x.order[0]
		a := x.at[q.place]
		stale := a == nil || a.turn != q.turn
		if !stale && now <= a.until && len(x.at) <= maxExpectations && len(x.order) <= 2*maxExpectations {
			return
		}
		if !stale {
			delete(x.at, q.place)
		}
		x.order = x.order[1:]
	}
	x.order = nil
}

// lookup returns what was announced for either end of a flow, or nil.
func (x *expectations) lookup(transport string, a, b netip.AddrPort, now int64) *dissect.Expectation {
	for _, end := range [...]netip.AddrPort{b, a} {
		p := place{transport, end.Addr().Unmap().WithZone(""), end.Port()}
		if e := x.at[p]; e != nil && now <= e.until {
			return &e.Expectation
		}
	}
	return nil
}
