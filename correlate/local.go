package correlate

import "net/netip"

// broadcast is the limited broadcast address (RFC 919 §7).
var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// isGroup reports whether a packet to addr has many receivers. Directed
// broadcasts cannot be told without the netmask.
func isGroup(addr netip.Addr) bool { return addr.IsMulticast() || addr == broadcast }

// commonAddr finds the address that takes part in every flow, if there is just
// one: a capture made at a host has that host's address in all of them.
type commonAddr struct {
	candidates []netip.Addr // at most two
	started    bool
}

func (c *commonAddr) add(f *FlowSummary) {
	client, server := plain(f.Client.Addr.Addr()), plain(f.Server.Addr.Addr())
	if client.IsLoopback() || isGroup(client) || isGroup(server) {
		return
	}
	if !c.started {
		c.started = true
		c.candidates = []netip.Addr{client, server}
		return
	}
	kept := c.candidates[:0]
	for _, candidate := range c.candidates {
		if candidate == client || candidate == server {
			kept = append(kept, candidate)
		}
	}
	c.candidates = kept
}

// local says which addresses a wildcard row covers. Groups and loopback are
// everybody's own. For the rest: what the configuration says; or the addresses
// that the listing calls its own; or the one address common to all flows; or,
// when nothing at all is known, any address.
func (a *Aggregator) local() func(netip.Addr) bool {
	known := func(netip.Addr) bool { return true }
	own := false
	for addr := range a.claims.locals {
		own = own || !addr.IsLoopback()
	}
	switch {
	case a.config.Local != nil:
		known = a.config.Local
	case own:
		known = func(addr netip.Addr) bool { return a.claims.locals[addr] }
	case len(a.common.candidates) == 1:
		host := a.common.candidates[0]
		known = func(addr netip.Addr) bool { return addr == host }
	}
	return func(addr netip.Addr) bool { return addr.IsLoopback() || isGroup(addr) || known(addr) }
}
