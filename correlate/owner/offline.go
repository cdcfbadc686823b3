package owner

import (
	"context"
	"net/netip"
	"slices"
)

// Fixed is a [Source] that knows a given socket table and nothing else: a saved
// listing, or what a capture file says of its processes. Where the table has
// nothing, the reason is Offline.
type Fixed struct {
	sockets []Socket
	index   *index
	locals  map[netip.Addr]uint64 // the addresses that rows have, and whose they are
}

var _ Source = (*Fixed)(nil)

// NewFixed makes a source of sockets, which may be empty. It does not keep the
// slice.
func NewFixed(sockets []Socket) *Fixed {
	f := &Fixed{locals: map[netip.Addr]uint64{}}
	rows := make([]row, len(sockets))
	for i := range sockets {
		s := &sockets[i]
		local := netip.AddrPortFrom(s.Local.Addr().Unmap().WithZone(""), s.Local.Port())
		rows[i] = row{transport: s.Transport, local: local, remote: clean(s.Remote), state: s.State, netns: s.NetNS, pids: []int{i}}
		addr := local.Addr()
		if _, known := f.locals[addr]; addr.IsValid() && !addr.IsUnspecified() && (!known || s.NetNS == here) {
			f.locals[addr] = s.NetNS
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return compare(&a, &b) })
	f.index = newIndex(rows)
	f.sockets = make([]Socket, len(rows))
	for i := range rows {
		f.sockets[i] = sockets[rows[i].pids[0]]
	}
	return f
}

// Lookup implements [Source]. A wildcard row speaks for the addresses that other
// rows have; for any when no row has one.
func (f *Fixed) Lookup(q Query) Owner {
	local := clean(q.Local)
	netns := f.locals[local.Addr()]
	rows, quality := f.index.find(q.Transport, netns, local, q.Remote)
	var found []Owner
	for _, i := range rows {
		s := &f.sockets[i]
		if s.Local.Addr().Unmap().IsUnspecified() && !f.speaksFor(netns, local.Addr()) || !s.Owner.Known() {
			continue
		}
		if !slices.ContainsFunc(found, func(o Owner) bool { return o.PID == s.Owner.PID && o.Name == s.Owner.Name }) {
			found = append(found, s.Owner)
		}
	}
	switch len(found) {
	case 0:
		return Owner{Reason: Offline}
	case 1:
		o := found[0]
		o.Quality, o.Reason = quality, ""
		return o
	}
	o := Owner{Reason: Ambiguous}
	for _, c := range found[:min(len(found), maxCandidates)] {
		o.Candidates = append(o.Candidates, Process{PID: c.PID, Name: c.Name})
	}
	return o
}

// speaksFor reports whether a wildcard row of a namespace speaks for an address.
func (f *Fixed) speaksFor(netns uint64, addr netip.Addr) bool {
	if _, known := f.locals[addr]; known || addr.IsLoopback() {
		return true
	}
	for local, of := range f.locals {
		if of == netns && !local.IsLoopback() {
			return false
		}
	}
	return true
}

// Snapshot implements [Source].
func (f *Fixed) Snapshot() []Socket { return slices.Clone(f.sockets) }

// Refresh implements [Source]; there is nothing to read.
func (f *Fixed) Refresh(context.Context) error { return nil }

// Close implements [Source].
func (f *Fixed) Close() error { return nil }
