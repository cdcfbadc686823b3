package etw

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

// data writes an event's data as the provider does; connection events have more.
func data(pid uint32, source, target string, more int) []byte {
	s, t := netip.MustParseAddrPort(source), netip.MustParseAddrPort(target)
	b := binary.LittleEndian.AppendUint32(nil, pid)
	b = binary.LittleEndian.AppendUint32(b, 1460)
	b = append(b, t.Addr().AsSlice()...)
	b = append(b, s.Addr().AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, t.Port())
	b = binary.BigEndian.AppendUint16(b, s.Port())
	return append(b, make([]byte, more)...)
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		name           string
		number         uint16
		source, target string
		transport      string // "" = not told of
		sent           bool
	}{
		{"TCP, sent", 10, "192.168.0.111:2888", "192.168.0.54:139", "tcp", true},
		{"TCP, received", 11, "192.168.0.111:2888", "192.168.0.54:139", "tcp", false},
		{"TCP, connecting", 12, "192.168.0.111:2888", "192.168.0.54:139", "tcp", true},
		{"TCP, accepted", 15, "192.168.0.111:445", "192.168.0.54:1139", "tcp", false},
		{"TCP over IPv6, connecting", 28, "[2001:db8::1]:2888", "[2001:db8::2]:139", "tcp", true},
		{"UDP, sent", 42, "192.168.0.111:500", "192.168.0.54:500", "udp", true},
		{"UDP over IPv6, received", 59, "[fe80::1]:546", "[fe80::2]:547", "udp", false},
		{"TCP, closed", 13, "192.168.0.111:2888", "192.168.0.54:139", "", false},
		{"an event of the future", 99, "192.168.0.111:2888", "192.168.0.54:139", "", false},
		{"no port", 42, "192.168.0.111:0", "192.168.0.54:139", "", false},
	} {
		b := data(4711, tt.source, tt.target, 12)
		e, ok := Decode(tt.number, b)
		if ok != (tt.transport != "") {
			t.Errorf("%s: told of: %v", tt.name, ok)
			continue
		}
		if !ok {
			continue
		}
		if e.PID != 4711 || e.Transport != tt.transport || e.Sent != tt.sent || e.Source.String() != tt.source || e.Target.String() != tt.target {
			t.Errorf("%s: %+v", tt.name, e)
		}
		whole := len(b) - 12
		for n := range b {
			if _, ok := Decode(tt.number, b[:n]); ok != (n >= whole) {
				t.Errorf("%s, cut to %d bytes: told of: %v", tt.name, n, ok)
			}
		}
	}
	for _, pid := range []uint32{0, 1<<32 - 1} {
		if e, ok := Decode(10, data(pid, "192.168.0.111:2888", "192.168.0.54:139", 0)); ok {
			t.Errorf("nobody: %+v", e)
		}
	}
}

func TestOwn(t *testing.T) {
	here := map[netip.Addr]bool{netip.MustParseAddr("192.168.0.111"): true, netip.MustParseAddr("127.0.0.1"): true}
	local := func(a netip.Addr) bool { return here[a] }
	for _, tt := range []struct {
		name           string
		source, target string
		sent           bool
		own            string // "" = can't be told
	}{
		{"sent", "192.168.0.111:2888", "192.168.0.54:139", true, "192.168.0.111:2888"},
		{"sent to oneself", "127.0.0.1:2888", "127.0.0.1:139", true, "127.0.0.1:2888"},
		{"received, source is here", "192.168.0.111:2888", "192.168.0.54:139", false, "192.168.0.111:2888"},
		{"received, target is here", "192.168.0.54:139", "192.168.0.111:2888", false, "192.168.0.111:2888"},
		{"received from oneself", "127.0.0.1:2888", "127.0.0.1:139", false, ""},
		{"of others", "192.168.0.54:139", "192.168.0.55:139", false, ""},
	} {
		e := Event{Source: netip.MustParseAddrPort(tt.source), Target: netip.MustParseAddrPort(tt.target), Sent: tt.sent}
		own, peer, ok := e.Own(local)
		if ok != (tt.own != "") || ok && (own.String() != tt.own || peer == own) {
			t.Errorf("%s: %v, %v, %v", tt.name, own, peer, ok)
		}
	}
}

// Whatever the bytes: what is told is complete, and in the data.
func FuzzDecode(f *testing.F) {
	f.Add(uint16(10), data(4711, "192.168.0.111:2888", "192.168.0.54:139", 12))
	f.Add(uint16(58), data(4711, "[fe80::1]:546", "[fe80::2]:547", 0))
	f.Fuzz(func(t *testing.T, number uint16, b []byte) {
		e, ok := Decode(number, b)
		if !ok {
			return
		}
		if e.PID <= 0 || !e.Source.IsValid() || !e.Target.IsValid() || e.Source.Port() == 0 || e.Target.Port() == 0 || e.Transport != "tcp" && e.Transport != "udp" {
			t.Errorf("%+v", e)
		}
		if len(b) < 20 {
			t.Errorf("told from %d bytes", len(b))
		}
	})
}
