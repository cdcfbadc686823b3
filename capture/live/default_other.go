//go:build !linux

package live

import (
	"fmt"
	"net"
	"net/netip"
)

// routedInterface looks for the interface whose address the system would use.
func routedInterface() (string, bool) {
	addr, ok := routedAddress()
	if !ok {
		return "", false
	}
	name, err := interfaceWith(addr)
	return name, err == nil
}

// routedAddress is this host's address towards the Internet. Connecting a UDP
// socket makes the system choose a route and sends nothing; the addresses are
// reserved for documentation (RFC 5737, RFC 3849).
func routedAddress() (netip.Addr, bool) {
	for _, remote := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		c, err := net.Dial("udp", remote)
		if err != nil {
			continue
		}
		local, err := netip.ParseAddrPort(c.LocalAddr().String())
		c.Close()
		if err == nil {
			return local.Addr().Unmap().WithZone(""), true
		}
	}
	return netip.Addr{}, false
}

// interfaceWith returns the device that has the address.
func interfaceWith(addr netip.Addr) (string, error) {
	devices, err := Interfaces()
	if err != nil {
		return "", err
	}
	for _, d := range devices {
		for _, a := range d.Addresses {
			if a == addr {
				return d.Name, nil
			}
		}
	}
	return "", fmt.Errorf("no interface has the address %s", addr)
}
