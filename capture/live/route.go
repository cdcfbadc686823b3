package live

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// defaultRoute reads Linux' /proc/net/route (IPv4) and returns the interface of
// the default route with the lowest metric, or "".
func defaultRoute(r io.Reader) string {
	return bestRoute(r, func(f []string) (name, metric string, base int, ok bool) {
		// Iface Destination Gateway Flags RefCnt Use Metric Mask …
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			return "", "", 0, false
		}
		return f[0], f[6], 10, usable(f[3])
	})
}

// defaultRoute6 does the same for /proc/net/ipv6_route.
func defaultRoute6(r io.Reader) string {
	return bestRoute(r, func(f []string) (name, metric string, base int, ok bool) {
		// destination length source length next-hop metric refcount use flags name
		if len(f) < 10 || f[1] != "00" || f[3] != "00" || strings.Trim(f[0], "0") != "" {
			return "", "", 0, false
		}
		return f[9], f[5], 16, usable(f[8])
	})
}

// The flags of a route (Linux' include/uapi/linux/route.h).
const (
	routeUp     = 0x0001
	routeReject = 0x0200
)

func usable(flags string) bool {
	v, err := strconv.ParseUint(flags, 16, 32)
	return err == nil && v&(routeUp|routeReject) == routeUp
}

// bestRoute returns the name on the line with the lowest metric among those
// that fields accepts.
func bestRoute(r io.Reader, fields func([]string) (name, metric string, base int, ok bool)) string {
	var best string
	lowest := uint64(1 << 32)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		name, metric, base, ok := fields(strings.Fields(lines.Text()))
		if !ok {
			continue
		}
		m, err := strconv.ParseUint(metric, base, 32)
		if err == nil && m < lowest {
			best, lowest = name, m
		}
	}
	return best
}
