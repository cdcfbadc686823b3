// Package etw follows the sockets of a Windows machine through the events of its
// kernel: whoever connects, sends or receives is named in the event itself, however
// briefly it lives (provider Microsoft-Windows-Kernel-Network of Event Tracing for
// Windows).
//
// What the events say is read from bytes, on any system; the session that receives
// them is for Windows and needs an administrator, or a member of "Performance Log
// Users".
package etw

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Event is a process that took part in a conversation.
type Event struct {
	Time time.Time
	PID  int
	// Transport is "tcp" or "udp".
	Transport string
	// Source and Target are the ends as the provider names them.
	Source, Target netip.AddrPort
	// Sent says that Source is the process's own end. Otherwise either may be: of
	// received datagrams it is Target, of connections Source, as far as is known.
	Sent bool
}

// kind is what an event's number stands for.
type kind struct {
	transport string
	v6, sent  bool
}

// kinds are the events that name both ends, by their number in the provider's
// manifest ("wevtutil get-publisher Microsoft-Windows-Kernel-Network /ge"). Those of
// connections that end or fail tell nothing new.
var kinds = map[uint16]kind{
	10: {"tcp", false, true},  // data sent
	11: {"tcp", false, false}, // data received
	12: {"tcp", false, true},  // connection attempted
	15: {"tcp", false, false}, // connection accepted
	26: {"tcp", true, true},
	27: {"tcp", true, false},
	28: {"tcp", true, true},
	31: {"tcp", true, false},
	42: {"udp", false, true},
	43: {"udp", false, false},
	58: {"udp", true, true},
	59: {"udp", true, false},
}

// Of an event's data: process and size, 32 bits each; then the target's and the
// source's address; then their ports, in network byte order.
const (
	addressesAt = 8
	portSize    = 2
)

// Decode reads the data of the provider's event with a number. It does not keep the
// data. false: the event names no conversation, or is cut short.
func Decode(number uint16, data []byte) (Event, bool) {
	k, known := kinds[number]
	size := 4
	if k.v6 {
		size = 16
	}
	if !known || len(data) < addressesAt+2*size+2*portSize {
		return Event{}, false
	}
	pid := binary.LittleEndian.Uint32(data)
	rest := data[addressesAt:]
	target, _ := netip.AddrFromSlice(rest[:size])
	source, _ := netip.AddrFromSlice(rest[size : 2*size])
	ports := rest[2*size:]
	e := Event{
		PID: int(pid), Transport: k.transport, Sent: k.sent,
		Target: netip.AddrPortFrom(target.Unmap(), binary.BigEndian.Uint16(ports)),
		Source: netip.AddrPortFrom(source.Unmap(), binary.BigEndian.Uint16(ports[portSize:])),
	}
	// An event that was written after its process had gone has all bits set.
	return e, pid != 0 && pid != 1<<32-1 && e.Source.Port() != 0 && e.Target.Port() != 0
}

// Own is the end of the process that the event names, and its peer. local tells this
// machine's addresses. false: it can't be told which of the two it is.
func (e *Event) Own(local func(netip.Addr) bool) (own, peer netip.AddrPort, ok bool) {
	source, target := local(e.Source.Addr()), local(e.Target.Addr())
	switch {
	case e.Sent, source && !target:
		return e.Source, e.Target, true
	case target && !source:
		return e.Target, e.Source, true
	}
	return netip.AddrPort{}, netip.AddrPort{}, false
}
