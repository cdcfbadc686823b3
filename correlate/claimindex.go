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
		if addr := plain(c.Local.Addr()); addr.IsValid() && !addr.IsUnspecified() {
			x.locals[addr] = true
		}
	}
	return x
}

// plain removes what the wire does not have: the zone of an address, and the
// mapping of IPv4 into IPv6 (RFC 4291 §2.5.5.2).
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// listens reports whether some row says that the port number is open, on
// whatever address.
func (x *claimIndex) listens(n portNumber) bool {
	return slices.ContainsFunc(x.rows[n], func(c claims.Claim) bool { return c.Listens() })
}

// about returns the rows that speak of key, listening rows first. local says
// whether a wildcard row covers an address.
func (x *claimIndex) about(key PortKey, local func(netip.Addr) bool) []claims.Claim {
	rows := x.rows[portNumber{key.Transport, key.Port}]
	var listening, others []claims.Claim
	for _, c := range rows {
		covered := covers(c.Local.Addr(), key.Addr, rows, local)
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
