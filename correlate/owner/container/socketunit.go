package container

import (
	"net/netip"
	"strings"
)

// socketUnit is what is used of a .socket unit (systemd.socket(5)).
type socketUnit struct {
	name    string
	service string // Service=
	accept  bool   // Accept=: a service instance for each connection
	listens []listen
}

// listen is one address that a socket unit is bound to.
type listen struct {
	transport string
	// addr is the zero Addr where only a port is given: all addresses of both
	// families.
	addr netip.Addr
	port uint16
}

// maxListens bounds the addresses of one unit.
const maxListens = 1024

// parseSocket reads a socket unit: its file and its drop-ins, in their order.
func parseSocket(name string, texts [][]byte) socketUnit {
	u := socketUnit{name: name}
	type bound struct{ kind, value string }
	var all []bound
	protocol := ""
	for _, text := range texts {
		assignments(text, "Socket", func(key, value string) {
			switch key {
			case "ListenStream", "ListenDatagram", "ListenSequentialPacket":
				if value == "" {
					all = nil // of whatever kind
				} else if len(all) < maxListens {
					all = append(all, bound{key, value})
				}
			case "Service":
				u.service = value
			case "Accept":
				u.accept = isTrue(value)
			case "SocketProtocol":
				protocol = value
			}
		})
	}
	parts := splitUnit(name)
	if service, ok := parts.expand(u.service); ok {
		u.service = service
	}
	for _, b := range all {
		value, ok := parts.expand(b.value)
		l, isPort := parseListen(value)
		if !ok || !isPort {
			continue
		}
		if l.transport = transportOf(b.kind, protocol); l.transport != "" {
			u.listens = append(u.listens, l)
		}
	}
	return u
}

// transportOf is the transport of a kind of socket; "" for those without ports.
func transportOf(kind, protocol string) string {
	switch {
	case protocol == "sctp":
		return "sctp"
	case kind == "ListenStream": // Multipath TCP is TCP
		return "tcp"
	case kind == "ListenDatagram" && protocol == "":
		return "udp"
	case kind == "ListenDatagram":
		return protocol
	}
	return ""
}

// parseListen reads an address with a port: "PORT", "ADDR:PORT", "[ADDR]:PORT",
// with an interface after a percent sign. ok is false for paths, abstract names
// and addresses of other families.
func parseListen(text string) (l listen, ok bool) {
	if l.port = portNumber(text); l.port != 0 {
		return l, true
	}
	// "[fe80::1]:80%eth0"
	if at := strings.LastIndexByte(text, '%'); at > strings.LastIndexByte(text, ']') {
		text = text[:at]
	}
	end, err := netip.ParseAddrPort(text)
	if err != nil || end.Port() == 0 {
		return listen{}, false
	}
	return listen{addr: end.Addr().Unmap().WithZone(""), port: end.Port()}, true
}

// fits says how well a unit's address is the local end of a socket: 0 not at all,
// more for its own address than for a wildcard.
func (l *listen) fits(transport string, local netip.AddrPort) int {
	addr := local.Addr().Unmap().WithZone("")
	switch {
	case l.transport != transport || l.port != local.Port() || !covers(l.addr, addr):
		return 0
	case l.addr == addr:
		return 3
	case l.addr.IsValid():
		return 2
	}
	return 1
}

// starts reports whether the unit's sockets go to a service: the one it names, or
// the one of its own name; with Accept=, an instance of that name's template for
// each connection. canonical resolves aliases.
func (u *socketUnit) starts(service string, canonical func(string) string) bool {
	s := splitUnit(service)
	if u.accept {
		return s.isInstance && s.prefix == splitUnit(u.name).prefix
	}
	named := u.service
	if named == "" {
		named = strings.TrimSuffix(u.name, ".socket") + ".service"
	}
	return canonical(named) == canonical(service)
}
