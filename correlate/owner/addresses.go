package owner

import (
	"fmt"
	"net"
	"net/netip"
)

// localAddresses are the addresses of this machine's interfaces.
func localAddresses() (map[netip.Addr]bool, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list interface addresses: %w", err)
	}
	locals := make(map[netip.Addr]bool, len(all))
	for _, a := range all {
		network, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		if addr, ok := netip.AddrFromSlice(network.IP); ok {
			locals[addr.Unmap().WithZone("")] = true
		}
	}
	return locals, nil
}
