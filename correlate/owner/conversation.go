package owner

import "net/netip"

// conversation are the ends as the socket at local has them. For ICMP both
// ports are the identifier.
type conversation struct {
	transport     string
	local, remote netip.AddrPort
}

// unmapped is an end without zone, and IPv4 as itself (RFC 4291 §2.5.5.2).
func unmapped(end netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(end.Addr().Unmap().WithZone(""), end.Port())
}

// slack is how much later than a packet the kernel may tell of it, in nanoseconds:
// it is captured before it reaches its socket.
const slack = 5e6

// ring keeps the newest of what is pushed.
type ring[T any] struct {
	items []T
	next  int
}

func newRing[T any](size int) ring[T] { return ring[T]{items: make([]T, 0, size)} }

// push adds an item; when the ring is full, it returns the one that had its
// place.
func (r *ring[T]) push(item T) (old T, full bool) {
	if len(r.items) < cap(r.items) {
		r.items = append(r.items, item)
		return old, false
	}
	old = r.items[r.next]
	r.items[r.next] = item
	r.next = (r.next + 1) % len(r.items)
	return old, true
}
