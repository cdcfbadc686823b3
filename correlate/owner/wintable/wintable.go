// Package wintable reads what Windows returns of its sockets and services: the
// buffers of GetExtendedTcpTable, GetExtendedUdpTable (iphlpapi.h) and
// EnumServicesStatusEx (winsvc.h). It calls no system function, so that it is
// built and tested everywhere.
//
// The structures of the socket tables have no pointers, and 64-bit numbers are
// aligned to 8 bytes by every Windows compiler: the layouts are the same on 386,
// amd64 and arm64. All Windows systems are little-endian; ports are in network
// byte order all the same, in the first two bytes of a field of four.
//
// Listeners of HTTP.sys belong to PID 4 and are not told apart here. Which
// request queue, and so which process, answers for such a port is shown by
// "netsh http show servicestate", whose text is translated, and by no documented
// function. The reservations below
// HKLM\SYSTEM\CurrentControlSet\Services\HTTP\Parameters\UrlAclInfo (also
// HttpQueryServiceConfiguration) tell which accounts may use a URL, not who does:
// at most candidates, of which nothing is made.
package wintable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"
)

// ErrMalformed says that a buffer is shorter than its own counts, or points out
// of itself.
var ErrMalformed = errors.New("malformed table")

// Row is one socket.
type Row struct {
	Transport string // "tcp", "udp"
	// Local and Remote are unmapped and without zone. Remote is the zero
	// AddrPort where there is no peer: that of a listening socket has no
	// meaning, and UDP tables have none.
	Local, Remote netip.AddrPort
	State         string // in the words of netstat; "" for UDP
	PID           int    // 0 = nobody's any more
	// Created is when the socket was bound; the zero Time where it is not known.
	Created time.Time
	// Tag is the number that the process gave the service that made the socket;
	// 0 = none. It has a meaning in that process only.
	Tag uint32
	// Raw is the row itself in its layout, and aliases the buffer.
	Raw    []byte
	Layout Layout
}

// Layout is one of the row structures.
type Layout uint8

// The layouts, named after the table classes. PID tables have neither times
// nor tags.
const (
	TCP4Module Layout = iota // MIB_TCPROW_OWNER_MODULE
	TCP6Module               // MIB_TCP6ROW_OWNER_MODULE
	UDP4Module               // MIB_UDPROW_OWNER_MODULE
	UDP6Module               // MIB_UDP6ROW_OWNER_MODULE
	TCP4PID                  // MIB_TCPROW_OWNER_PID
	TCP6PID                  // MIB_TCP6ROW_OWNER_PID
	UDP4PID                  // MIB_UDPROW_OWNER_PID
	UDP6PID                  // MIB_UDP6ROW_OWNER_PID
	layoutCount
)

// offsets are those of a row's fields in bytes; 0 where a row lacks the field,
// for local and state alone may be first.
type offsets struct {
	transport             string
	first, size           int // where rows begin, and how long one is
	address               int // length of an address
	state                 int // TCP only
	local, localPort      int
	remote, remotePort    int // TCP only
	pid, created, modules int
}

// layouts is from tcpmib.h and udpmib.h.
var layouts = [layoutCount]offsets{
	TCP4Module: {
		transport: "tcp", first: 8, size: 160, address: 4,
		state: 0, local: 4, localPort: 8, remote: 12, remotePort: 16, pid: 20, created: 24, modules: 32,
	},
	TCP6Module: {
		transport: "tcp", first: 8, size: 192, address: 16,
		local: 0, localPort: 20, remote: 24, remotePort: 44, state: 48, pid: 52, created: 56, modules: 64,
	},
	UDP4Module: {transport: "udp", first: 8, size: 160, address: 4, local: 0, localPort: 4, pid: 8, created: 16, modules: 32},
	UDP6Module: {transport: "udp", first: 8, size: 176, address: 16, local: 0, localPort: 20, pid: 24, created: 32, modules: 48},
	TCP4PID: {
		transport: "tcp", first: 4, size: 24, address: 4,
		state: 0, local: 4, localPort: 8, remote: 12, remotePort: 16, pid: 20,
	},
	TCP6PID: {
		transport: "tcp", first: 4, size: 56, address: 16,
		local: 0, localPort: 20, remote: 24, remotePort: 44, state: 48, pid: 52,
	},
	UDP4PID: {transport: "udp", first: 4, size: 12, address: 4, local: 0, localPort: 4, pid: 8},
	UDP6PID: {transport: "udp", first: 4, size: 28, address: 16, local: 0, localPort: 20, pid: 24},
}

// states are the values of MIB_TCP_STATE (tcpmib.h) in netstat's words.
var states = [...]string{
	1: "CLOSED", 2: "LISTENING", 3: "SYN_SENT", 4: "SYN_RECEIVED", 5: "ESTABLISHED", 6: "FIN_WAIT_1",
	7: "FIN_WAIT_2", 8: "CLOSE_WAIT", 9: "CLOSING", 10: "LAST_ACK", 11: "TIME_WAIT", 12: "DELETE_TCB",
}

// unknownState stands for a state that the headers do not have.
const unknownState = "UNKNOWN"

// Append reads a table, a count and that many rows, and appends the rows that
// have a local port. The buffer may be longer than the table. An error is
// [ErrMalformed], and then no row is appended.
func (l Layout) Append(rows []Row, table []byte) ([]Row, error) {
	if l >= layoutCount {
		return rows, fmt.Errorf("%w: no layout %d", ErrMalformed, l)
	}
	at := &layouts[l]
	if len(table) < 4 {
		return rows, fmt.Errorf("%w: %d bytes", ErrMalformed, len(table))
	}
	count := binary.LittleEndian.Uint32(table)
	if count == 0 {
		return rows, nil
	}
	if len(table) < at.first || uint64(count) > uint64(len(table)-at.first)/uint64(at.size) {
		return rows, fmt.Errorf("%w: %d rows of %d bytes in %d bytes", ErrMalformed, count, at.size, len(table))
	}
	body := table[at.first:]
	for range count {
		if r, ok := at.row(body[:at.size:at.size]); ok {
			r.Layout = l
			rows = append(rows, r)
		}
		body = body[at.size:]
	}
	return rows, nil
}

// row reads one row; ok is false for a socket without a port.
func (at *offsets) row(b []byte) (r Row, ok bool) {
	r = Row{Transport: at.transport, Raw: b, PID: process(b[at.pid:])}
	r.Local = at.end(b, at.local, at.localPort)
	if r.Local.Port() == 0 {
		return r, false
	}
	if at.remotePort != 0 {
		r.State = state(binary.LittleEndian.Uint32(b[at.state:]))
		if remote := at.end(b, at.remote, at.remotePort); remote.Port() != 0 && r.State != "LISTENING" {
			r.Remote = remote
		}
	}
	if at.modules != 0 {
		r.Created = filetime(int64(binary.LittleEndian.Uint64(b[at.created:])))
		// The first of 16 words of the owner module's information. Wider than
		// a tag it is something else.
		if tag := binary.LittleEndian.Uint64(b[at.modules:]); tag>>32 == 0 {
			r.Tag = uint32(tag)
		}
	}
	return r, true
}

// end reads an address and a port. The scope of an IPv6 address is between the
// two and not wanted; the upper half of a port may hold anything.
func (at *offsets) end(b []byte, address, port int) netip.AddrPort {
	addr, _ := netip.AddrFromSlice(b[address : address+at.address])
	return netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(b[port:]))
}

// process reads a PID; one that no signed number holds is nobody's.
func process(b []byte) int {
	n := binary.LittleEndian.Uint32(b)
	if n > math.MaxInt32 {
		return 0
	}
	return int(n)
}

func state(n uint32) string {
	if n == 0 || n >= uint32(len(states)) {
		return unknownState
	}
	return states[n]
}

// A FILETIME counts units of 100 ns since 1601-01-01 (minwinbase.h).
const (
	filetimeSecond = 10_000_000
	filetimeEpoch  = 11_644_473_600            // seconds from 1601 to 1970
	filetimeMax    = 2_650_467_744_000_000_000 // the year 10000
)

// filetime returns the zero Time for what is none.
func filetime(n int64) time.Time {
	if n <= 0 || n >= filetimeMax {
		return time.Time{}
	}
	return time.Unix(n/filetimeSecond-filetimeEpoch, n%filetimeSecond*100).UTC()
}
