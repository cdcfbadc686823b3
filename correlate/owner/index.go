package owner

import (
	"cmp"
	"net/netip"
	"slices"
)

// here stands for the network namespace of this process.
const here = 0

// row is one socket as the system's tables have it.
type row struct {
	transport     string
	local, remote netip.AddrPort // unmapped, without zone; remote is zero without a peer
	state         string         // in the words of netstat
	netns         uint64         // inode of the network namespace, or here
	cookie        uint64         // of the socket, where the system tells sockets apart; 0: unknown
	inode         uint64         // of the socket, where that is needed to find who holds it
	pids          []int          // who holds it, ascending; empty: see reason
	reason        Reason
	// What Windows says of the socket beyond its process; empty elsewhere.
	services []string // one of which holds it
	modules  []string // files that it was made by
	created  uint64   // when, in milliseconds since 1970; 0 = not known
}

// index finds rows by their ends.
type index struct {
	rows  []row
	pairs map[pair][]int  // both ends; the remote end is zero where there is none
	ports map[bound][]int // the local end alone, whatever the peer
	// cookies finds rows by their socket; made when it is first needed.
	cookies map[uint64]int
	free    []int // rows that were removed
}

type bound struct {
	transport string
	netns     uint64
	local     netip.AddrPort
}

type pair struct {
	bound
	remote netip.AddrPort
}

func newIndex(rows []row) *index {
	x := &index{rows: rows, pairs: make(map[pair][]int, len(rows)), ports: make(map[bound][]int, len(rows))}
	for i := range rows {
		x.insert(i)
	}
	return x
}

// insert makes row i known.
func (x *index) insert(i int) {
	p := x.rows[i].pair()
	x.pairs[p] = append(x.pairs[p], i)
	x.ports[p.bound] = append(x.ports[p.bound], i)
}

func (r *row) pair() pair { return pair{bound{r.transport, r.netns, r.local}, r.remote} }

// add makes another row known.
func (x *index) add(r *row) {
	i := len(x.rows)
	if n := len(x.free); n > 0 {
		i, x.free = x.free[n-1], x.free[:n-1]
		x.rows[i] = *r
	} else {
		x.rows = append(x.rows, *r)
	}
	if x.cookies != nil && r.cookie != 0 {
		x.cookies[r.cookie] = i
	}
	x.insert(i)
}

// cookie finds the row of a socket.
func (x *index) cookie(cookie uint64) (i int, found bool) {
	if x.cookies == nil {
		x.cookies = make(map[uint64]int, len(x.rows))
		for i := range x.rows {
			x.cookies[x.rows[i].cookie] = i
		}
	}
	i, found = x.cookies[cookie]
	return i, found && cookie != 0
}

// has reports whether a socket is known.
func (x *index) has(cookie uint64) bool {
	_, found := x.cookie(cookie)
	return found
}

// join notes that a process holds a socket too.
func (x *index) join(cookie uint64, pid int) {
	i, found := x.cookie(cookie)
	if !found || slices.Contains(x.rows[i].pids, pid) {
		return
	}
	r := &x.rows[i]
	r.pids = append(slices.Clip(r.pids), pid)
	slices.Sort(r.pids)
}

// remove forgets a socket that is closed.
func (x *index) remove(cookie uint64) {
	i, found := x.cookie(cookie)
	if !found {
		return
	}
	delete(x.cookies, cookie)
	p := x.rows[i].pair()
	drop(x.pairs, p, i)
	drop(x.ports, p.bound, i)
	x.rows[i] = row{}
	x.free = append(x.free, i)
}

// drop takes row i out of those that a key finds.
func drop[K comparable](rows map[K][]int, key K, i int) {
	kept := slices.DeleteFunc(rows[key], func(j int) bool { return i == j })
	if len(kept) == 0 {
		delete(rows, key)
		return
	}
	rows[key] = kept
}

// compare orders rows as snapshots have them.
func compare(a, b *row) int {
	return cmp.Or(cmp.Compare(a.transport, b.transport), a.local.Compare(b.local), a.remote.Compare(b.remote),
		cmp.Compare(a.state, b.state), cmp.Compare(a.netns, b.netns))
}

// find returns the rows that fit a conversation best, and how well they do:
// both ends, if somebody holds that socket; else the socket that receives what
// comes to the local end, bound to its address or to a wildcard, for a connection
// that is not accepted yet or closed already is nobody's; else, when the peer is
// not known, whatever is at the local end. An IPv6 wildcard takes IPv4 too where
// nothing else does (RFC 3493 §5.3).
func (x *index) find(transport string, netns uint64, local, remote netip.AddrPort) ([]int, Quality) {
	local, remote = clean(local), clean(remote)
	var own []int
	if remote.IsValid() {
		own = x.pairs[pair{bound{transport, netns, local}, remote}]
		if slices.ContainsFunc(own, func(i int) bool { return len(x.rows[i].pids) > 0 }) {
			return own, Snapshot
		}
	}
	quality := Listener
	if transport == "udp" {
		quality = Snapshot
	}
	for _, addr := range wildcards(local.Addr()) {
		b := bound{transport, netns, netip.AddrPortFrom(addr, local.Port())}
		waiting := x.waiting(x.pairs[pair{b, netip.AddrPort{}}])
		if len(waiting) > 0 {
			return waiting, quality
		}
	}
	if !remote.IsValid() {
		return x.ports[bound{transport, netns, local}], Snapshot
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
