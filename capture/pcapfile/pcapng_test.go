package pcapfile

import (
	"io"
	"math"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/capture"
)

func TestPcapngSections(t *testing.T) {
	name := func(o order, s string) []byte { return option(o, ifName, []byte(s)) }
	resolution := func(o order, v byte) []byte { return option(o, ifTSResol, []byte{v}) }
	offset := func(o order, s int64) []byte { return option(o, ifTSOffset, o.AppendUint64(nil, uint64(s))) }
	file := concat(
		section(le),
		iface(le, 1, 96, name(le, "eth0"), option(le, ifDescription, []byte("uplink"))),
		iface(le, 276, 0, name(le, "any"), resolution(le, 9), option(le, optEnd, nil), name(le, "after the end")),
		enhanced(le, 1, 7_000_000_001, 5, "abc", option(le, epbFlags, []byte{1, 0, 0, 0})),
		enhanced(le, 0, 7_000_001, 4, "abcd", option(le, epbFlags, []byte{2, 0, 0, 0})),
		block(le, 4, []byte("name resolution block")),
		block(le, 10, []byte("decryption secrets")),
		block(le, 0xbad, []byte("custom block")),
		simple(le, 200, strings.Repeat("s", 96)),
		block(le, blockPacket, []byte{1, 0, 0xff, 0xff}, make([]byte, 4), []byte{9, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0}, []byte("old\x00"), option(le, epbFlags, []byte{2, 0, 0, 0})),
		block(le, blockStatistics, []byte{1, 0, 0, 0}, make([]byte, 8), option(le, isbIfDrop, le.AppendUint64(nil, 3)), option(le, isbOSDrop, le.AppendUint64(nil, 4))),
		section(be),
		iface(be, 101, 0, resolution(be, 0x80|10), offset(be, -1)),
		enhanced(be, 0, 3<<10|512, 1, "z"),
		iface(be, 1, 0, name(be, "late"), resolution(be, 12), offset(be, 100)),
		enhanced(be, 1, 5_000_000_001_999, 0, ""),
	)
	s := open(t, file)
	got, err := readAll(s)
	if err != io.EOF {
		t.Errorf("ended with %v", err)
	}
	diff(t, []capture.Packet{
		{Number: 1, Timestamp: 7_000_000_001, Data: []byte("abc"), Length: 5, LinkType: 276, Interface: 1, Direction: capture.DirectionIn},
		{Number: 2, Timestamp: 7_000_001_000, Data: []byte("abcd"), Length: 4, LinkType: 1, Direction: capture.DirectionOut},
		{Number: 3, Data: []byte(strings.Repeat("s", 96)), Length: 200, LinkType: 1},
		{Number: 4, Timestamp: 9, Data: []byte("old"), Length: 3, LinkType: 276, Interface: 1, Direction: capture.DirectionOut},
		{Number: 5, Timestamp: 2_500_000_000, Data: []byte("z"), Length: 1, LinkType: 101, Interface: 2},
		{Number: 6, Timestamp: 105_000_000_001, Data: []byte{}, LinkType: 1, Interface: 3},
	}, got)
	diff(t, []capture.Interface{
		{Name: "eth0", Description: "uplink", LinkType: 1, SnapLength: 96},
		{Name: "any", LinkType: 276},
		{LinkType: 101},
		{Name: "late", LinkType: 1},
	}, s.Interfaces())
	diff(t, []capture.Stats{{Received: 6, Dropped: 4, IfDropped: 3, Truncated: 2}}, []capture.Stats{s.Stats()})
}

func TestClock(t *testing.T) {
	const max = math.MaxInt64
	tests := []struct {
		name       string
		resolution byte
		offset     int64
		ticks      uint64
		want       int64
	}{
		{"seconds", 0, 0, 5, 5e9},
		{"milliseconds", 3, 0, 5, 5e6},
		{"microseconds", 6, 0, 1_700_000_000_000_001, 1_700_000_000_000_001_000},
		{"nanoseconds", 9, 0, 17, 17},
		{"picoseconds", 12, 0, 17_999, 17},
		{"10^-28 seconds", 28, 0, math.MaxUint64, 1},
		{"10^-29 seconds", 29, 0, math.MaxUint64, 0},
		{"10^-127 seconds", 127, 0, math.MaxUint64, 0},
		{"2^0 seconds", 0x80, 0, 7, 7e9},
		{"2^-1 seconds", 0x81, 0, 3, 15e8},
		{"2^-32 seconds", 0x80 | 32, 0, 1<<32 | 1<<31, 15e8},
		{"2^-64 seconds", 0x80 | 64, 0, 1 << 63, 5e8},
		{"2^-127 seconds", 0xff, 0, math.MaxUint64, 0},
		{"offset forward", 6, 10, 1, 10_000_001_000},
		{"offset back", 6, -10, 1, -9_999_999_000},
		{"too many seconds", 0, 0, math.MaxUint64, max},
		{"too many half seconds", 0x81, 0, math.MaxUint64, max},
		{"offset beyond", 9, math.MaxInt64, 1, max},
		{"offset before", 9, math.MinInt64, 1, math.MinInt64 + 1},
		{"sum beyond", 9, max / 1_000_000_000, max, max},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c clock
			c.setResolution(tt.resolution)
			c.setOffset(tt.offset)
			if got := c.nanoseconds(tt.ticks); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestProcesses(t *testing.T) {
	index := func(code uint16, i uint32) []byte { return option(be, code, be.AppendUint32(nil, i)) }
	id := func(pid uint32) []byte { return option(be, epbProcess, be.AppendUint32(be.AppendUint32(nil, pid), 77)) }
	comment := func(s string) []byte { return option(be, optComment, []byte(s)) }
	pktap := make([]byte, pktapHeaderLen)
	le.PutUint32(pktap, pktapHeaderLen)
	le.PutUint32(pktap[pktapFlags:], 2)
	le.PutUint32(pktap[pktapPID:], 612)
	copy(pktap[pktapCommand:], "trustd\x00rubbish")
	helper := append([]byte(nil), pktap...)
	le.PutUint32(helper[pktapPID:], 1<<32-1)
	clear(helper[pktapCommand : pktapCommand+20])
	le.PutUint32(helper[pktapEffectivePID:], 99)
	copy(helper[pktapEffectiveCommand:], "a name of 20 bytes..")

	file := concat(
		section(be),
		iface(be, 1, 0), iface(be, 258, 0),
		process(be, 500, option(be, darwinName, []byte("ssh\x00")), option(be, darwinPath, []byte("/usr/bin/ssh"))),
		process(be, 501),
		block(be, blockDarwinProcess), // no process number: takes a place all the same
		enhanced(be, 0, 0, 0, "", index(epbDarwinProcess, 0), index(epbDarwinEffectiveProcess, 1)),
		enhanced(be, 0, 0, 0, "", index(epbDarwinEffectiveProcess, 1), id(9)),
		enhanced(be, 0, 0, 0, "", index(epbDarwinProcess, 2), id(9)),
		enhanced(be, 0, 0, 0, "", index(epbDarwinProcess, 3)),
		enhanced(be, 0, 0, 0, "", id(0)),
		enhanced(be, 0, 0, 0, "", id(9), comment("PID: 1234\nCmd: /usr/bin/curl (deleted)\nArgs: curl -s http://example.org/"), comment("ParentPID: 1\nParentCmd: /sbin/init")),
		enhanced(be, 0, 0, 0, "", comment("rustnet process=Google Chrome Helper pid=812 ppid=1 uid=501 attr=ExactTuple")),
		enhanced(be, 0, 0, 0, "", comment("a remark")),
		enhanced(be, 1, 0, 0, string(pktap)),
		enhanced(be, 1, 0, 0, string(helper)),
		section(be), iface(be, 1, 0),
		enhanced(be, 0, 0, 0, "", index(epbDarwinProcess, 0)),
	)
	packets, err := readAll(open(t, file))
	if err != io.EOF {
		t.Errorf("ended with %v", err)
	}
	var got []*capture.Process
	for _, p := range packets {
		got = append(got, p.Process)
	}
	diff(t, []*capture.Process{
		{PID: 500, Name: "ssh", Path: "/usr/bin/ssh"},
		{PID: 501},
		{PID: 9}, // the block without a number names nobody
		nil,      // no such block
		nil,      // number 0: unknown
		{PID: 1234, Name: "curl", Path: "/usr/bin/curl"},
		{PID: 812, Name: "Google Chrome Helper"},
		nil,
		{PID: 612, Name: "trustd"},
		{PID: 99, Name: "a name of 20 bytes.."},
		nil, // blocks of the section before do not count
	}, got)
	diff(t, []string{"a remark"}, packets[7].Comments)
	if packets[8].Direction != capture.DirectionOut {
		t.Errorf("PKTAP direction = %d", packets[8].Direction)
	}
}

func TestCommentProcess(t *testing.T) {
	tests := []struct {
		in   string
		want *capture.Process
	}{
		{"", nil},
		{"PID: ", nil},
		{"PID: x\nCmd: ", nil},
		{"PID: -1", nil},
		{"PID: 99999999999999999999", nil},
		{"PID: 7\r\nCmd: C:\\Windows\\System32\\svchost.exe\r\n", &capture.Process{PID: 7, Name: "svchost.exe", Path: `C:\Windows\System32\svchost.exe`}},
		{"UserId: 1000\nPID: 7", nil},
		{"rustnet", nil},
		{"rustnet ", nil},
		{"rustnet pid=5", &capture.Process{PID: 5}},
		{`rustnet process="my tool" pid=5 sni=a=b`, &capture.Process{PID: 5, Name: "my tool"}},
		{"rustnetpid=5", nil},
	}
	for _, tt := range tests {
		diff(t, []*capture.Process{tt.want}, []*capture.Process{commentProcess(tt.in)})
	}
}

// TestOptionsDamaged: options that overrun their block end the list and leave
// the packet as it is.
func TestOptionsDamaged(t *testing.T) {
	for _, damaged := range [][]byte{{1, 0, 5, 0, 'a'}, {1, 0, 1, 0}, {1, 0, 255, 255}} {
		b := concat(section(le), iface(le, 1, 0), enhanced(le, 0, 0, 1, "x", option(le, epbFlags, []byte{1, 0, 0, 0}), damaged))
		packets, err := readAll(open(t, b))
		if err != io.EOF || len(packets) != 1 || packets[0].Direction != capture.DirectionIn || len(packets[0].Comments) != 0 {
			t.Errorf("options % x: %+v, %v", damaged, packets, err)
		}
	}
}

// TestNotesAreBounded: comments that never repeat do not pile up.
func TestNotesAreBounded(t *testing.T) {
	var a annotator
	text := make([]byte, 60_000)
	for i := range 1000 {
		le.PutUint32(text, uint32(i))
		a.note(text)
		if a.knownBytes > maxCommentBytes+len(text)+64 {
			t.Fatalf("%d bytes are remembered", a.knownBytes)
		}
	}
	var c processCache
	for i := range uint32(maxProcessCache + 10) {
		c.get(processKey{pid: i})
	}
	if len(c.known) > maxProcessCache {
		t.Errorf("%d processes are remembered", len(c.known))
	}
}

func TestTooManyInterfaces(t *testing.T) {
	file := section(le)
	for range maxInterfaces + 1 {
		file = append(file, iface(le, 1, 0)...)
	}
	_, err := readAll(open(t, file))
	if err == nil || !strings.Contains(err.Error(), "more than 65536 interfaces") {
		t.Error(err)
	}
}
