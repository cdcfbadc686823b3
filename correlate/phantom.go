package correlate

import (
	"net/netip"

	"github.com/sniffid/sniffid/correlate/claims"
)

// systemPorts is the end of the System Ports (RFC 6335 §6): those that are
// servers' by convention.
const systemPorts = 1024

// outgoingRow finds the row that has the port as the local end of a connection
// to a server. Some systems list the local port of an outgoing connection as
// LISTENING besides; such a pair of rows is suspect. The peer must look like
// the server of the two: its port is registered, and either it is a system port
// or its protocol is known, while this port is no system port and nothing is
// known of its name. (A client's port may well be registered too: those of
// older systems begin at 1024.)
func (s *scene) outgoingRow() *claims.Claim {
	key := s.port.Key
	if key.Transport == "udp" || key.Port < systemPorts || s.known(key.Transport, key.Port) {
		return nil
	}
	for i := range s.port.Claims {
		c := &s.port.Claims[i]
		remote := c.Remote.Port()
		if c.State != claims.Established || remote == 0 || len(s.registry.Names(key.Transport, remote)) == 0 {
			continue
		}
		if remote < systemPorts || s.known(key.Transport, remote) {
			return c
		}
	}
	return nil
}

// known reports whether the protocol behind a port's registered name is known.
func (s *scene) known(transport string, port uint16) bool {
	for _, name := range s.registry.Names(transport, port) {
		if s.registry.Protocols(name) != nil {
			return true
		}
	}
	return false
}

// peerIsEqual tells peers that are no servers: groups, and the same port.
func peerIsEqual(port uint16) func(netip.AddrPort) bool {
	return func(peer netip.AddrPort) bool { return isGroup(peer.Addr()) || peer.Port() == port }
}
