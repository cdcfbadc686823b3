package rpc

import (
	"net/netip"
	"strconv"
	"strings"
)

// endpoint is where a program is: a port, and the host unless it is the one that
// was asked.
type endpoint struct {
	host netip.Addr
	port uint16
}

// parseUniversal reads a universal address, RFC 5665 §5.2.3: an IPv4 or IPv6
// address and the two bytes of the port in decimal, with dots between. One that
// is none has port 0.
func parseUniversal(b []byte) endpoint {
	const longest = 64 // an IPv6 address with a zone, and the port
	if len(b) > longest {
		return endpoint{}
	}
	rest, low, ok := cutLast(string(b))
	if !ok {
		return endpoint{}
	}
	address, high, ok := cutLast(rest)
	if !ok {
		return endpoint{}
	}
	hi, err1 := strconv.ParseUint(high, 10, 8)
	lo, err2 := strconv.ParseUint(low, 10, 8)
	host, err3 := netip.ParseAddr(address)
	if err1 != nil || err2 != nil || err3 != nil {
		return endpoint{}
	}
	e := endpoint{host: host.Unmap().WithZone(""), port: uint16(hi<<8 | lo)}
	if e.host.IsUnspecified() {
		e.host = netip.Addr{} // all addresses of the server
	}
	return e
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// port is a port number in a reply; 0 means that there is none, as do numbers
// that are no port.
func port(v uint32) uint16 {
	if v > 0xFFFF {
		return 0
	}
	return uint16(v)
}
