package owner

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/sniffid/sniffid/correlate/owner/etw"
)

// What an event said is known after its process has ended; of processes that share a
// number, each has its own conversations.
func TestHeard(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	created := map[int]uint64{7: uint64(start.UnixMilli()) - 60_000}
	names := map[int]string{7: "curl.exe"}
	p := newProcesses(func(pid int) (description, bool) {
		name, alive := names[pid]
		return description{owner: Owner{Name: name, Exe: `C:\` + name}, created: created[pid]}, alive
	}, func(pid int) uint64 { return created[pid] })
	h := newHeard(p, func(a netip.Addr) bool { return a == netip.MustParseAddr("192.168.0.111") })
	event := func(after time.Duration, pid int, source, target string, sent bool) {
		h.note(&etw.Event{Time: start.Add(after), PID: pid, Transport: "tcp", Source: netip.MustParseAddrPort(source), Target: netip.MustParseAddrPort(target), Sent: sent})
	}
	const server = "192.168.0.54:80"
	event(0, 7, "192.168.0.111:1000", server, true)
	event(0, 8, "192.168.0.111:1001", server, true) // nobody was in time to see it
	event(0, 7, server, "192.168.0.111:1002", false)
	event(0, 7, "192.168.0.7:1003", server, false) // not of this machine

	// Later the number is another's.
	names[7], created[7] = "other.exe", uint64(start.UnixMilli())+60_000
	p.age()
	event(90*time.Second, 7, "192.168.0.111:2000", server, true)
	event(10*time.Second, 7, "192.168.0.111:2001", server, true) // told of late
	// And nobody's.
	delete(names, 7)
	p.age()
	event(91*time.Second, 7, "192.168.0.111:2002", server, true)

	for _, tt := range []struct {
		local string
		after time.Duration
		want  string
	}{
		{"192.168.0.111:1000", time.Second, "7 curl.exe"},
		{"192.168.0.111:1000", 0, "7 curl.exe"},
		{"192.168.0.111:1000", -time.Minute, "0 "}, // not yet its own
		{"192.168.0.111:1001", time.Second, "8 "},
		{"192.168.0.111:1002", time.Second, "7 curl.exe"},
		{"192.168.0.7:1003", time.Second, "0 "},
		{"192.168.0.111:2000", 2 * time.Minute, "7 other.exe"},
		{"192.168.0.111:2001", 2 * time.Minute, "7 "},
		{"192.168.0.111:2002", 2 * time.Minute, "7 other.exe"},
		{"192.168.0.111:9", 2 * time.Minute, "0 "},
	} {
		o, found := h.find(conversation{"tcp", end(tt.local), end(server)}, start.Add(tt.after).UnixNano())
		if got := fmt.Sprint(o.PID, " ", o.Name); got != tt.want || found != (o.PID != 0) || found && o.Quality != Exact {
			t.Errorf("%s after %v: %+v, %v", tt.local, tt.after, o, found)
		}
	}
}

func TestHeardIsBounded(t *testing.T) {
	h := newHeard(newProcesses(func(int) (description, bool) { return description{}, false }, nil), func(netip.Addr) bool { return true })
	for i := range maxHeard + 10 {
		source := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 16), byte(i >> 8)}), uint16(1+i&0xff))
		h.note(&etw.Event{Time: time.Now(), PID: 1 + i, Transport: "udp", Source: source, Target: end("10.9.9.9:53"), Sent: true})
	}
	if len(h.conversations) != maxHeard || len(h.owners) > maxHeard {
		t.Errorf("%d conversations, %d owners", len(h.conversations), len(h.owners))
	}
}
