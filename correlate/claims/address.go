package claims

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

var (
	errAddress = errors.New("not an address and port")
	errName    = errors.New("a host or service name; make the listing with numbers (-n)")
)

var (
	any4 = netip.IPv4Unspecified()
	any6 = netip.IPv6Unspecified()
)

// endpoint reads an address and port as the listings write them: 0.0.0.0:80,
// [::]:80, [fe80::1%4]:445, [fe80::1]%eth0:546, :::22, *:80, *:*, and BSD's
// 127.0.0.1.631. A port "*" is 0. wildcard is the address that "*" stands for.
func endpoint(text string, wildcard netip.Addr) (netip.AddrPort, error) {
	host, service, ok := cutLast(text, ':')
	port, err := portNumber(service)
	if !ok || err != nil {
		// BSD separates the port with a dot.
		if h, s, dotted := cutLast(text, '.'); dotted {
			if p, e := portNumber(s); e == nil {
				if addr, e := address(h, wildcard); e == nil {
					return netip.AddrPortFrom(addr, p), nil
				}
			}
		}
		if !ok {
			return netip.AddrPort{}, errAddress
		}
		return netip.AddrPort{}, err
	}
	addr, err := address(host, wildcard)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(addr, port), nil
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	at := strings.LastIndexByte(s, sep)
	if at < 0 {
		return "", s, false
	}
	return s[:at], s[at+1:], true
}

func portNumber(text string) (uint16, error) {
	if text == "*" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	switch {
	case err == nil:
		return uint16(n), nil
	case text == "" || text[0] >= '0' && text[0] <= '9' && strings.Trim(text, "0123456789") == "":
		return 0, errAddress
	default:
		return 0, errName
	}
}

func address(text string, wildcard netip.Addr) (netip.Addr, error) {
	// ss writes the zone behind the bracket, the others within.
	if bracketed, zone, ok := strings.Cut(text, "]"); ok && strings.HasPrefix(bracketed, "[") {
		text = bracketed[1:] + zone
	}
	// IPv4 has no zones, but ss writes 127.0.0.53%lo and *%eth0.
	if host, _, zoned := strings.Cut(text, "%"); zoned && !strings.Contains(host, ":") {
		text = host
	}
	if text == "*" {
		return wildcard, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		if text == "" || strings.ContainsAny(text, "[]:") {
			return netip.Addr{}, errAddress
		}
		return netip.Addr{}, errName
	}
	return addr, nil
}

// peer reads the other end; no peer is the zero AddrPort.
func peer(text string, wildcard netip.Addr) (netip.AddrPort, error) {
	end, err := endpoint(text, wildcard)
	if err != nil || end.Port() == 0 && end.Addr().IsUnspecified() {
		return netip.AddrPort{}, err
	}
	return end, nil
}

// transport reads tcp, TCP, tcp4, udp6, udp46, TCPv6, sctp; ok is false for what
// has no ports.
func transport(text string) (name string, v6, ok bool) {
	name = strings.ToLower(text)
	base := strings.TrimRight(name, "v46")
	switch base {
	case "tcp", "udp", "sctp":
		return base, strings.HasSuffix(name, "6"), true
	}
	return "", false, false
}

func wildcardOf(v6 bool) netip.Addr {
	if v6 {
		return any6
	}
	return any4
}

// states are the words of ss, lsof and the netstats of Unix, as Windows writes
// them; "" where a datagram socket has none.
var states = map[string]string{
	"LISTEN": Listening, "LISTENING": Listening,
	"ESTAB": Established, "ESTABLISHED": Established,
	"SYN-SENT": "SYN_SENT", "SYN_SENT": "SYN_SENT",
	"SYN-RECV": "SYN_RECEIVED", "SYN_RECV": "SYN_RECEIVED", "SYN_RCVD": "SYN_RECEIVED", "SYN_RECEIVED": "SYN_RECEIVED",
	"FIN-WAIT-1": "FIN_WAIT_1", "FIN_WAIT1": "FIN_WAIT_1", "FIN_WAIT_1": "FIN_WAIT_1",
	"FIN-WAIT-2": "FIN_WAIT_2", "FIN_WAIT2": "FIN_WAIT_2", "FIN_WAIT_2": "FIN_WAIT_2",
	"TIME-WAIT": "TIME_WAIT", "TIME_WAIT": "TIME_WAIT",
	"CLOSE-WAIT": "CLOSE_WAIT", "CLOSE_WAIT": "CLOSE_WAIT",
	"LAST-ACK": "LAST_ACK", "LAST_ACK": "LAST_ACK",
	"CLOSING": "CLOSING", "CLOSE": "CLOSED", "CLOSED": "CLOSED", "BOUND": "BOUND", "DELETE_TCB": "DELETE_TCB",
	"UNCONN": "", "UNKNOWN": "", "IDLE": "", "NEW-SYN-RECV": "SYN_RECEIVED",
}
