package owner

import (
	"cmp"
	"net/netip"
	"slices"
)

// row is one socket as the system's tables have it.
type row struct {
	transport     string
	local, remote netip.AddrPort // unmapped, without zone; remote is zero without a peer
	state         string         // in the words of netstat
	pids          []int          // who holds it, ascending; empty: see reason
	reason        Reason
	// What Windows says of the socket beyond its process; empty elsewhere.
	services []string // one of which holds it
	modules  []string // files that it was made by
	created  int64    // when, in milliseconds since 1970; 0 = not known
}

// index finds rows by their ends.
type index struct {
	rows  []row
	pairs map[pair][]int  // both ends; the remote end is zero where there is none
	ports map[bound][]int // the local end alone, whatever the peer
}

type bound struct {
	transport string
	local     netip.AddrPort
}

type pair struct {
	bound
	remote netip.AddrPort
}

func newIndex(rows []row) *index {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.transport, b.transport), a.local.Compare(b.local), a.remote.Compare(b.remote), cmp.Compare(a.state, b.state))
	})
	x := &index{rows: rows, pairs: make(map[pair][]int, len(rows)), ports: make(map[bound][]int, len(rows))}
	for i := range rows {
		b := bound{rows[i].transport, rows[i].local}
		x.pairs[pair{b, rows[i].remote}] = append(x.pairs[pair{b, rows[i].remote}], i)
		x.ports[b] = append(x.ports[b], i)
	}
	return x
}

// find returns the rows that fit a conversation best, and how well they do:
// both ends, if somebody holds that socket; else the socket that receives what
// comes to the local end, bound to its address or to a wildcard, for a connection
// that is not accepted yet or closed already is nobody's; else, when the peer is
// not known, whatever is at the local end. An IPv6 wildcard takes IPv4 too where
// nothing else does (RFC 3493 §5.3).
func (x *index) find(transport string, local, remote netip.AddrPort) ([]int, Quality) {
	local, remote = clean(local), clean(remote)
	var own []int
	if remote.IsValid() {
		own = x.pairs[pair{bound{transport, local}, remote}]
		if slices.ContainsFunc(own, func(i int) bool { return len(x.rows[i].pids) > 0 }) {
			return own, Snapshot
		}
	}
	quality := Listener
	if transport == "udp" {
		quality = Snapshot
	}
	for _, addr := range wildcards(local.Addr()) {
		b := bound{transport, netip.AddrPortFrom(addr, local.Port())}
		waiting := x.waiting(x.pairs[pair{b, netip.AddrPort{}}])
		if len(waiting) > 0 {
			return waiting, quality
		}
	}
	if !remote.IsValid() {
		return x.ports[bound{transport, local}], Snapshot
	}
	return own, Snapshot
}

// waiting keeps the rows that take new peers.
func (x *index) waiting(rows []int) []int {
	return slices.DeleteFunc(slices.Clone(rows), func(i int) bool {
		return x.rows[i].transport != "udp" && x.rows[i].state != "LISTENING"
	})
}

// wildcards are the addresses to which a socket may be bound that receives what
// is sent to addr, the closest first.
func wildcards(addr netip.Addr) []netip.Addr {
	if addr.Is4() {
		return []netip.Addr{addr, netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	return []netip.Addr{addr, netip.IPv6Unspecified()}
}

// clean unmaps an address and drops its zone; an end without port and address
// is no end.
func clean(end netip.AddrPort) netip.AddrPort {
	if !end.IsValid() || end.Port() == 0 && end.Addr().Unmap().IsUnspecified() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(end.Addr().Unmap().WithZone(""), end.Port())
}
