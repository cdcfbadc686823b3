package wintable

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// field is a value at an offset of a row, as the headers have it.
type field struct {
	at    int
	value any // uint32 and uint64 little-endian, [2]byte, netip.Addr
}

// table writes a count, what pads it to first, and rows of size bytes, all else
// being 0xcc as in memory that nobody cleared.
func table(first, size int, rows ...[]field) []byte {
	b := slices.Repeat([]byte{0xcc}, first+size*len(rows))
	binary.LittleEndian.PutUint32(b, uint32(len(rows)))
	for i, fields := range rows {
		row := b[first+i*size:][:size]
		for _, f := range fields {
			switch v := f.value.(type) {
			case uint32:
				binary.LittleEndian.PutUint32(row[f.at:], v)
			case uint64:
				binary.LittleEndian.PutUint64(row[f.at:], v)
			case [2]byte:
				copy(row[f.at:], v[:])
			case netip.Addr:
				copy(row[f.at:], v.AsSlice())
			}
		}
	}
	return b
}

var (
	port139   = [2]byte{0, 139}
	port2888  = [2]byte{0x0b, 0x48}
	port5353  = [2]byte{0x14, 0xe9}
	local4    = netip.MustParseAddr("192.168.0.111")
	remote4   = netip.MustParseAddr("192.168.0.54")
	local6    = netip.MustParseAddr("fe80::1")
	remote6   = netip.MustParseAddr("fe80::2")
	mapped4   = netip.MustParseAddr("::ffff:192.168.0.111")
	wildcard4 = netip.MustParseAddr("0.0.0.0")
	wildcard6 = netip.MustParseAddr("::")
	// 2026-08-05 12:00:00.0000001 UTC
	createdTicks = uint64(134304048000000001)
	createdTime  = time.Date(2026, 8, 5, 12, 0, 0, 100, time.UTC)
)

func ends(addr netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(addr, port) }

func TestAppend(t *testing.T) {
	tests := []struct {
		name   string
		layout Layout
		table  []byte
		want   []Row
	}{
		{
			"tcp, module", TCP4Module,
			table(8, 160,
				[]field{{0, uint32(5)}, {4, local4}, {8, port2888}, {12, remote4}, {16, port139}, {20, uint32(4)}, {24, createdTicks}, {32, uint64(0)}},
				[]field{{0, uint32(2)}, {4, wildcard4}, {8, port139}, {12, remote4}, {16, port2888}, {20, uint32(900)}, {24, uint64(0)}, {32, uint64(77)}},
				[]field{{0, uint32(11)}, {4, local4}, {8, port139}, {12, remote4}, {16, port2888}, {20, uint32(0)}, {24, uint64(0)}, {32, uint64(1 << 40)}},
				[]field{{0, uint32(1)}, {4, local4}, {8, [2]byte{}}},
			),
			[]Row{
				{Transport: "tcp", Local: ends(local4, 2888), Remote: ends(remote4, 139), State: "ESTABLISHED", PID: 4, Created: createdTime},
				{Transport: "tcp", Local: ends(wildcard4, 139), State: "LISTENING", PID: 900, Tag: 77},
				{Transport: "tcp", Local: ends(local4, 139), Remote: ends(remote4, 2888), State: "TIME_WAIT"},
			},
		},
		{
			"tcp over ipv6, module", TCP6Module,
			table(8, 192,
				[]field{{0, local6}, {16, uint32(3)}, {20, port2888}, {24, remote6}, {40, uint32(3)}, {44, port139}, {48, uint32(8)}, {52, uint32(900)}, {56, createdTicks}, {64, uint64(78)}},
				[]field{{0, mapped4}, {16, uint32(0)}, {20, port2888}, {24, wildcard6}, {40, uint32(0)}, {44, [2]byte{}}, {48, uint32(99)}, {52, uint32(8)}, {56, uint64(1 << 63)}, {64, uint64(0)}},
			),
			[]Row{
				{Transport: "tcp", Local: ends(local6, 2888), Remote: ends(remote6, 139), State: "CLOSE_WAIT", PID: 900, Created: createdTime, Tag: 78},
				{Transport: "tcp", Local: ends(local4, 2888), State: "UNKNOWN", PID: 8},
			},
		},
		{
			"udp, module", UDP4Module,
			table(8, 160, []field{{0, local4}, {4, port5353}, {8, uint32(1200)}, {16, createdTicks}, {24, uint32(1)}, {32, uint64(5)}}),
			[]Row{{Transport: "udp", Local: ends(local4, 5353), PID: 1200, Created: createdTime, Tag: 5}},
		},
		{
			"udp over ipv6, module", UDP6Module,
			table(8, 176, []field{{0, wildcard6}, {16, uint32(9)}, {20, port5353}, {24, uint32(1200)}, {32, createdTicks}, {40, uint32(1)}, {48, uint64(6)}}),
			[]Row{{Transport: "udp", Local: ends(wildcard6, 5353), PID: 1200, Created: createdTime, Tag: 6}},
		},
		{
			"tcp, pid", TCP4PID,
			table(4, 24, []field{{0, uint32(3)}, {4, local4}, {8, port2888}, {12, remote4}, {16, port139}, {20, uint32(4)}}),
			[]Row{{Transport: "tcp", Local: ends(local4, 2888), Remote: ends(remote4, 139), State: "SYN_SENT", PID: 4}},
		},
		{
			"tcp over ipv6, pid", TCP6PID,
			table(4, 56, []field{{0, local6}, {16, uint32(3)}, {20, port2888}, {24, remote6}, {40, uint32(3)}, {44, port139}, {48, uint32(12)}, {52, uint32(4)}}),
			[]Row{{Transport: "tcp", Local: ends(local6, 2888), Remote: ends(remote6, 139), State: "DELETE_TCB", PID: 4}},
		},
		{
			"udp, pid", UDP4PID,
			append(table(4, 12, []field{{0, local4}, {4, port5353}, {8, uint32(7)}}), "room to spare"...),
			[]Row{{Transport: "udp", Local: ends(local4, 5353), PID: 7}},
		},
		{
			"udp over ipv6, pid", UDP6PID,
			table(4, 28, []field{{0, local6}, {16, uint32(1)}, {20, port5353}, {24, uint32(7)}}),
			[]Row{{Transport: "udp", Local: ends(local6, 5353), PID: 7}},
		},
		{"empty", TCP6Module, make([]byte, 4), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.layout.Append(nil, tt.table)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }), cmpopts.IgnoreFields(Row{}, "Raw", "Layout")); d != "" {
				t.Error(d)
			}
			at := &layouts[tt.layout]
			for i := range got {
				if got[i].Layout != tt.layout || len(got[i].Raw) != at.size || &got[i].Raw[0] != &tt.table[at.first+i*at.size] {
					t.Errorf("row %d: not its own bytes", i)
				}
			}
		})
	}
}

// A table that is cut anywhere is an error, and leaves the rows as they were.
func TestAppendTruncated(t *testing.T) {
	before := []Row{{PID: 1}}
	for l := range layoutCount {
		at := &layouts[l]
		whole := table(at.first, at.size, nil, nil)
		if _, err := l.Append(nil, whole); err != nil {
			t.Errorf("layout %d: %v", l, err)
		}
		for n := range whole {
			if got, err := l.Append(before, whole[:n]); !errors.Is(err, ErrMalformed) || len(got) != 1 {
				t.Errorf("layout %d cut to %d bytes: %d rows, %v", l, n, len(got), err)
			}
		}
	}
	if _, err := layoutCount.Append(nil, make([]byte, 400)); !errors.Is(err, ErrMalformed) {
		t.Errorf("no layout: %v", err)
	}
}

func TestFiletime(t *testing.T) {
	for ticks, want := range map[int64]time.Time{
		116444736000000000:      time.Unix(0, 0).UTC(),
		1:                       time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC),
		0:                       {},
		-1:                      {},
		2650467744000000000:     {},
		2650467744000000000 - 1: time.Date(9999, 12, 31, 23, 59, 59, 999999900, time.UTC),
	} {
		if got := filetime(ticks); !got.Equal(want) {
			t.Errorf("%d: %v, want %v", ticks, got, want)
		}
	}
}

func FuzzAppend(f *testing.F) {
	for l := range layoutCount {
		f.Add(uint8(l), table(layouts[l].first, layouts[l].size, nil, nil))
		f.Add(uint8(l), []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, layout uint8, b []byte) {
		rows, err := Layout(layout).Append(nil, b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || rows != nil {
				t.Fatalf("%d rows and %v", len(rows), err)
			}
			return
		}
		if len(rows) > len(b)/12 {
			t.Fatalf("%d rows of %d bytes", len(rows), len(b))
		}
		for _, r := range rows {
			local, remote := r.Local.Addr(), r.Remote.Addr()
			switch {
			case !r.Local.IsValid() || r.Local.Port() == 0 || local.Is4In6() || local.Zone() != "":
				t.Fatalf("local end %v", r.Local)
			case r.Remote != netip.AddrPort{} && (r.Remote.Port() == 0 || remote.Is4In6() || remote.Zone() != "" || r.State == "LISTENING"):
				t.Fatalf("remote end %v, %s", r.Remote, r.State)
			case (r.Transport == "tcp") != (r.State != ""):
				t.Fatalf("%s in state %q", r.Transport, r.State)
			case r.PID < 0:
				t.Fatalf("PID %d", r.PID)
			case !r.Created.IsZero() && (r.Created.Year() < 1601 || r.Created.Year() > 9999):
				t.Fatalf("created %v", r.Created)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	fields := []field{{0, uint32(5)}, {4, local4}, {8, port2888}, {12, remote4}, {16, port139}, {20, uint32(4)}, {24, createdTicks}, {32, uint64(0)}}
	buffer := table(8, 160, slices.Repeat([][]field{fields}, 1000)...)
	rows := make([]Row, 0, 1000)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if rows, err = TCP4Module.Append(rows[:0], buffer); err != nil {
			b.Fatal(err)
		}
	}
}
