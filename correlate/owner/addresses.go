package owner

import (
	"fmt"
	"net"
	"net/netip"
)

// addresses says which network namespaces have an address; [here] comes first.
type addresses struct {
	of map[netip.Addr][]uint64
	// routes says that the machine forwards packets between others.
	routes bool
}

// known reports whether the addresses have been read.
func (a *addresses) known() bool { return a.of != nil }

func (a *addresses) add(addr netip.Addr, netns uint64) {
	addr = addr.Unmap().WithZone("")
	a.of[addr] = append(a.of[addr], netns)
}

// namespaces are those in which addr is local. Loopback and the wildcard are
// everywhere, and mean this one; so does an address that is here, whoever else
// has it.
func (a *addresses) namespaces(addr netip.Addr) []uint64 {
	if addr.IsLoopback() || addr.IsUnspecified() {
		return []uint64{here}
	}
	all := a.of[addr]
	if len(all) > 0 && all[0] == here {
		return all[:1]
	}
	return all
}

// absent is the reason why an end has no owner that is at no address of this
// machine: when its peer is not either, the machine stands between them.
func (a *addresses) absent(local, remote netip.Addr) Reason {
	if a.routes && isHost(local) && isHost(remote) && len(a.namespaces(remote)) == 0 {
		return Forwarded
	}
	return NotLocal
}

// isHost reports whether addr is that of one host: packets to groups are not
// forwarded by those who see them.
func isHost(addr netip.Addr) bool { return addr.IsGlobalUnicast() }

// ownAddresses are the addresses of this machine's interfaces, as this network
// namespace has them.
func ownAddresses() (addresses, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return addresses{}, fmt.Errorf("list interface addresses: %w", err)
	}
	a := addresses{of: make(map[netip.Addr][]uint64, len(all))}
	for _, one := range all {
		network, ok := one.(*net.IPNet)
		if !ok {
			continue
		}
		if addr, ok := netip.AddrFromSlice(network.IP); ok {
			a.add(addr, here)
		}
	}
	return a, nil
}
