package owner

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
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
	next          int // see index.heads
	// What Windows says of the socket beyond its process; empty elsewhere.
	services []string // one of which holds it
	modules  []string // files that it was made by
	urls     []string // prefixes reserved with HTTP.sys
	created  uint64   // when, in milliseconds since 1970; 0 = not known
}

// index finds rows by their ends. Readers may share it; what changes it may not
// run beside them.
type index struct {
	rows []row
	// heads has the first row, plus one, of those with the same ends; row.next
	// the others. It is made when it is first needed, which many readings are not.
	heads map[pair]int
	once  sync.Once
	// cookies finds rows by their socket; made when it is first needed.
	cookies map[uint64]int
	free    []int // rows that were removed
}

// pair is both ends of a socket; remote is zero where there is none.
type pair struct {
	transport     string
	netns         uint64
	local, remote netip.AddrPort
}

func newIndex(rows []row) *index { return &index{rows: rows} }

// prepare makes heads.
func (x *index) prepare() {
	x.once.Do(func() {
		x.heads = make(map[pair]int, len(x.rows))
		for i := range x.rows {
			x.insert(i)
		}
	})
}

// insert makes row i known.
func (x *index) insert(i int) {
	p := x.rows[i].pair()
	x.rows[i].next = x.heads[p]
	x.heads[p] = i + 1
}

// with returns the rows with the ends p.
func (x *index) with(p pair) []int {
	x.prepare()
	var rows []int
	for at := x.heads[p]; at > 0; at = x.rows[at-1].next {
		rows = append(rows, at-1)
	}
	return rows
}

// at returns the rows whose local end is that of p, whatever their peer. It looks
// at all of them.
func (x *index) at(p pair) []int {
	var rows []int
	for i := range x.rows {
		if r := &x.rows[i]; r.local == p.local && r.transport == p.transport && r.netns == p.netns {
			rows = append(rows, i)
		}
	}
	return rows
}

func (r *row) pair() pair { return pair{r.transport, r.netns, r.local, r.remote} }

// add makes another row known, and returns its place.
func (x *index) add(r *row) int {
	x.prepare()
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
	return i
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
	x.prepare()
	delete(x.cookies, cookie)
	p := x.rows[i].pair()
	if x.heads[p] == i+1 {
		if next := x.rows[i].next; next > 0 {
			x.heads[p] = next
		} else {
			delete(x.heads, p)
		}
	} else {
		at := x.heads[p]
		for x.rows[at-1].next != i+1 {
			at = x.rows[at-1].next
		}
		x.rows[at-1].next = x.rows[i].next
	}
	x.rows[i] = row{}
	x.free = append(x.free, i)
}

// ordered returns the rows in the order of snapshots.
func (x *index) ordered() []int {
	// Numbers are compared far quicker than ends.
	type place struct {
		local, remote uint64
		row           int
	}
	places := make([]place, 0, len(x.rows))
	for i := range x.rows {
		if r := &x.rows[i]; r.transport != "" { // else it was removed
			// "udp" and "udplite" have one letter.
			transport := uint64(r.transport[0])<<56 | uint64(len(r.transport))<<52
			places = append(places, place{transport | endKey(r.local), endKey(r.remote), i})
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		switch {
		case a.local != b.local:
			return cmp.Compare(a.local, b.local)
		case a.local&exact != 0 && a.remote != b.remote:
			return cmp.Compare(a.remote, b.remote)
		}
		return compare(&x.rows[a.row], &x.rows[b.row])
	})
	order := make([]int, len(places))
	for i := range places {
		order[i] = places[i].row
	}
	return order
}

// exact marks keys that say all of their end.
const exact = 1 << 48

// endKey orders ends as AddrPort.Compare does, as far as 50 bits can: by the
// family, the first four bytes of the address and, of IPv4, the port.
func endKey(end netip.AddrPort) uint64 {
	addr := end.Addr()
	switch {
	case addr.Is4():
		b := addr.As4()
		return exact | uint64(binary.BigEndian.Uint32(b[:]))<<16 | uint64(end.Port())
	case addr.Is6():
		b := addr.As16()
		return 1<<49 | uint64(binary.BigEndian.Uint32(b[:4]))<<16
	}
	return 0
}

// compare orders rows as snapshots have them.
func compare(a, b *row) int {
	if c := cmp.Compare(a.transport, b.transport); c != 0 {
		return c
	}
	if c := a.local.Compare(b.local); c != 0 {
		return c
	}
	if c := a.remote.Compare(b.remote); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.state, b.state), cmp.Compare(a.netns, b.netns))
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
		own = x.with(pair{transport, netns, local, remote})
		if slices.ContainsFunc(own, func(i int) bool { return len(x.rows[i].pids) > 0 }) {
			return own, Snapshot
		}
	}
	quality := Listener
	if transport == "udp" {
		quality = Snapshot
	}
	for _, addr := range wildcards(local.Addr()) {
		waiting := x.waiting(x.with(pair{transport, netns, netip.AddrPortFrom(addr, local.Port()), netip.AddrPort{}}))
		if len(waiting) > 0 {
			return waiting, quality
		}
	}
	if !remote.IsValid() {
		return x.at(pair{transport: transport, netns: netns, local: local}), Snapshot
	}
	return own, Snapshot
}

// waiting keeps the rows that take new peers.
func (x *index) waiting(rows []int) []int {
	return slices.DeleteFunc(rows, func(i int) bool {
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
