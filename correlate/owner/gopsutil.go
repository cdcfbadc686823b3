package owner

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"github.com/shirou/gopsutil/v3/net"
)

// gopsutilStates are gopsutil's words for the states that Windows netstat has
// other words for.
var gopsutilStates = map[string]string{
	"LISTEN": "LISTENING", "SYN_RECV": "SYN_RECEIVED", "FIN_WAIT1": "FIN_WAIT_1", "FIN_WAIT2": "FIN_WAIT_2",
	"CLOSE": "CLOSED", "DELETE": "DELETE_TCB", "NONE": "",
}

// readGopsutil reads the tables through gopsutil. It names one process a
// socket.
func readGopsutil(ctx context.Context) ([]row, error) {
	connections, err := net.ConnectionsWithContext(ctx, "inet")
	if err != nil {
		return nil, fmt.Errorf("read the socket tables: %w", err)
	}
	rows := make([]row, 0, len(connections))
	for i := range connections {
		c := &connections[i]
		r := row{transport: "tcp", state: c.Status}
		if state, other := gopsutilStates[c.Status]; other {
			r.state = state
		}
		if c.Type == syscall.SOCK_DGRAM {
			r.transport, r.state = "udp", ""
		}
		local, ok := endOf(c.Laddr, c.Family)
		if !ok || local.Port() == 0 {
			continue
		}
		remote, _ := endOf(c.Raddr, c.Family)
		r.local, r.remote = netip.AddrPortFrom(local.Addr().Unmap().WithZone(""), local.Port()), clean(remote)
		switch {
		case c.Pid > 0:
			r.pids = []int{int(c.Pid)}
		case r.state == "TIME_WAIT" || os.Geteuid() <= 0:
			r.reason = Exited // nobody holds it any more
		default:
			r.reason = NoPermission
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// endOf reads gopsutil's address, in which "*" and "" are wildcards.
func endOf(a net.Addr, family uint32) (netip.AddrPort, bool) {
	if a.IP == "" || a.IP == "*" {
		wildcard := netip.IPv4Unspecified()
		if family == syscall.AF_INET6 {
			wildcard = netip.IPv6Unspecified()
		}
		return netip.AddrPortFrom(wildcard, uint16(a.Port)), true
	}
	addr, err := netip.ParseAddr(a.IP)
	if err != nil {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr, uint16(a.Port)), true
}
