package correlate

import (
	"net/netip"
	"slices"

	"github.com/sniffid/sniffid/correlate/claims"
)

// maxPortClaims bounds the rows that are kept as evidence about one port.
const maxPortClaims = 8

// portNumber is a port whatever its address.
type portNumber struct {
	transport string
	port      uint16
}

// claimIndex finds the rows of a listing that speak of an end point.
type claimIndex struct {
	rows   map[portNumber][]claims.Claim // in the listing's order
	locals map[netip.Addr]bool           // the addresses that the rows call their own
}

func newClaimIndex(l *claims.Listing) *claimIndex {
	x := &claimIndex{rows: map[portNumber][]claims.Claim{}, locals: map[netip.Addr]bool{}}
	if l == nil {
		return x
	}
	for _, c := range l.Claims {
		n := portNumber{c.Transport, c.Local.Port()}
		x.rows[n] = append(x.rows[n], c)
		if addr := plain(c.Local.Addr()); addr.IsValid() && !addr.IsUnspecified() && c.NetNS == 0 {
			x.locals[addr] = true
		}
	}
	return x
}

// plain removes what the wire does not have: the zone of an address, and the
// mapping of IPv4 into IPv6 (RFC 4291 §2.5.5.2).
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// listens reports whether some row of the main network namespace or of another one
// says that the port number is open, on whatever address.
func (x *claimIndex) listens(n portNumber, netns uint64) bool {
	return slices.ContainsFunc(x.rows[n], func(c claims.Claim) bool { return c.Listens() && (c.NetNS == 0 || c.NetNS == netns) })
}

// about returns the rows that speak of key, listening rows first. netns is the
// network namespace that the end point is in, as far as that is known; local says
// whether a wildcard row of the main one covers an address.
func (x *claimIndex) about(key PortKey, netns uint64, local func(netip.Addr) bool) []claims.Claim {
	var rows, listening, others []claims.Claim
	for _, c := range x.rows[portNumber{key.Transport, key.Port}] {
		if inReach(&c, key, netns, local) {
			rows = append(rows, c)
		}
	}
	for _, c := range rows {
		own := local
		if c.NetNS != 0 {
			own = func(netip.Addr) bool { return true }
		}
		covered := covers(c.Local.Addr(), key.Addr, rows, own)
		switch {
		case c.Listens() && covered:
			listening = append(listening, c)
		case !c.Listens() && (covered || key.Addr.IsUnspecified()):
			others = append(others, c)
		}
	}
	all := slices.Concat(listening, others)
	return all[:min(len(all), maxPortClaims)]
}

// inReach reports whether a row is of a network namespace that key may be in. What
// another one calls its own is out of reach of the main one's addresses, which
// containers' published ports are at.
func inReach(c *claims.Claim, key PortKey, netns uint64, local func(netip.Addr) bool) bool {
	if c.NetNS == 0 {
		return key.NetNS == 0
	}
	return c.NetNS == key.NetNS || c.NetNS == netns && !local(key.Addr)
}

// covers reports whether a socket bound to bound receives what is sent to addr.
// The IPv6 wildcard takes IPv4 too where the rows have no IPv4 wildcard of
// their own (IPV6_V6ONLY off, RFC 3493 §5.3).
func covers(bound, addr netip.Addr, rows []claims.Claim, local func(netip.Addr) bool) bool {
	bound = plain(bound)
	switch {
	case bound == addr:
		return true
	case !bound.IsUnspecified() || !addr.IsValid():
		return false
	case addr.IsUnspecified():
		return true // one record for the wildcards of both families
	case bound.Is4() != addr.Is4():
		own := slices.ContainsFunc(rows, func(c claims.Claim) bool {
			a := plain(c.Local.Addr())
			return a.IsUnspecified() && a.Is4() == addr.Is4()
		})
		if bound.Is4() || own {
			return false
		}
	}
	return local(addr)
}
