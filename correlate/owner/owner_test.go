package owner

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func end(text string) netip.AddrPort {
	if text == "" {
		return netip.AddrPort{}
	}
	return netip.MustParseAddrPort(text)
}

func socket(transport, local, remote, state string, pids ...int) row {
	return row{transport: transport, local: end(local), remote: end(remote), state: state, pids: pids}
}

// fake is a machine with processes 1 (init), 10 and its child 11 and grandchild
// 12, 20, and 30 which has gone.
func fake(rows ...row) *Table {
	t := New(Config{Interval: time.Nanosecond})
	t.read = func(context.Context) ([]row, error) { return append([]row(nil), rows...), nil }
	t.addresses = func() (addresses, error) {
		a := addresses{of: map[netip.Addr][]uint64{}}
		a.add(netip.MustParseAddr("10.0.0.1"), here)
		a.add(netip.MustParseAddr("2001:db8::1"), here)
		return a, nil
	}
	parents := map[int]int{1: 0, 10: 1, 11: 10, 12: 11, 20: 1}
	t.processes = newProcesses(func(pid int) (description, bool) {
		parent, alive := parents[pid]
		return description{owner: Owner{Name: "p" + string(rune('a'+pid%26))}, parent: parent}, alive
	}, func(int) uint64 { return 0 })
	return t
}

func TestTableLookup(t *testing.T) {
	rows := []row{
		socket("tcp", "0.0.0.0:80", "", "LISTENING", 10, 11, 12),
		socket("tcp", "10.0.0.1:80", "10.0.0.2:40000", "ESTABLISHED", 11),
		{transport: "tcp", local: end("10.0.0.1:80"), remote: end("10.0.0.2:40001"), state: "ESTABLISHED", reason: Exited},
		{transport: "tcp", local: end("10.0.0.1:40002"), remote: end("10.0.0.2:443"), state: "TIME_WAIT", reason: Exited},
		socket("tcp", "10.0.0.1:40001", "10.0.0.2:443", "ESTABLISHED", 20),
		socket("tcp", "[::]:8080", "", "LISTENING", 20),
		socket("tcp", "127.0.0.1:631", "", "LISTENING", 1, 20),
		socket("tcp", "0.0.0.0:81", "", "LISTENING", 10, 20),
		socket("tcp", "0.0.0.0:82", "", "LISTENING", 30),
		socket("udp", "0.0.0.0:53", "", "", 20),
		socket("udp", "10.0.0.1:53", "", "", 10),
		socket("udp", "10.0.0.1:5000", "10.0.0.2:53", "", 20),
		{transport: "tcp", local: end("10.0.0.1:2049"), state: "LISTENING", reason: Kernel},
	}
	tests := []struct {
		name, transport, local, remote string
		pid                            int
		quality                        Quality
		reason                         Reason
	}{
		{"both ends", "tcp", "10.0.0.1:40001", "10.0.0.2:443", 20, Snapshot, ""},
		{"both ends, accepted by a child", "tcp", "10.0.0.1:80", "10.0.0.2:40000", 11, Snapshot, ""},
		{"not accepted yet", "tcp", "10.0.0.1:80", "10.0.0.2:40001", 10, Listener, ""},
		{"closed", "tcp", "10.0.0.1:40002", "10.0.0.2:443", 0, "", Exited},
		{"listener shared with children", "tcp", "10.0.0.1:80", "10.0.0.2:40009", 10, Listener, ""},
		{"mapped address", "tcp", "[::ffff:10.0.0.1]:40001", "[::ffff:10.0.0.2]:443", 20, Snapshot, ""},
		{"zone", "tcp", "[2001:db8::1%eth0]:8080", "[2001:db8::2]:1", 20, Listener, ""},
		{"ipv6 wildcard takes ipv4", "tcp", "10.0.0.1:8080", "10.0.0.2:1", 20, Listener, ""},
		{"ipv4 wildcard takes no ipv6", "tcp", "[2001:db8::1]:80", "[2001:db8::2]:1", 0, "", Exited},
		{"socket activation", "tcp", "127.0.0.1:631", "127.0.0.1:50000", 20, Listener, ""},
		{"unrelated holders", "tcp", "10.0.0.1:81", "10.0.0.2:1", 0, "", Ambiguous},
		{"process gone", "tcp", "10.0.0.1:82", "10.0.0.2:1", 0, "", Exited},
		{"nothing there", "tcp", "10.0.0.1:9", "10.0.0.2:1", 0, "", Exited},
		{"the other transport", "udp", "10.0.0.1:80", "10.0.0.2:1", 0, "", Exited},
		{"datagram, own address before wildcard", "udp", "10.0.0.1:53", "10.0.0.2:1", 10, Snapshot, ""},
		{"datagram, wildcard", "udp", "127.0.0.1:53", "127.0.0.1:1", 20, Snapshot, ""},
		{"datagram, connected", "udp", "10.0.0.1:5000", "10.0.0.2:53", 20, Snapshot, ""},
		{"datagram, connected elsewhere", "udp", "10.0.0.1:5000", "10.0.0.3:53", 0, "", Exited},
		{"peer not known", "tcp", "10.0.0.1:40001", "", 20, Snapshot, ""},
		{"kernel", "tcp", "10.0.0.1:2049", "10.0.0.2:1", 0, "", Kernel},
		{"another machine", "tcp", "10.0.0.2:443", "10.0.0.1:40001", 0, "", NotLocal},
	}
	table := fake(rows...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := table.Lookup(Query{Transport: tt.transport, Local: end(tt.local), Remote: end(tt.remote)})
			if o.PID != tt.pid || o.Quality != tt.quality || o.Reason != tt.reason {
				t.Errorf("got %+v", o)
			}
			if (o.Reason == Ambiguous) != (len(o.Candidates) > 1) {
				t.Errorf("candidates %v", o.Candidates)
			}
		})
	}
	if n := len(table.Snapshot()); n != len(rows) {
		t.Errorf("%d sockets", n)
	}
	if o := table.Lookup(Query{Transport: "tcp"}); o.Known() || o.Reason != "" {
		t.Errorf("no end at all: %+v", o)
	}
}

// Lookups read the tables when they miss, and only so often.
func TestTableReadings(t *testing.T) {
	table := fake(socket("tcp", "0.0.0.0:80", "", "LISTENING", 10))
	table.interval = time.Hour
	readings := 0
	read := table.read
	table.read = func(ctx context.Context) ([]row, error) { readings++; return read(ctx) }
	hit := Query{Transport: "tcp", Local: end("10.0.0.1:80"), Remote: end("10.0.0.2:1")}
	miss := Query{Transport: "tcp", Local: end("10.0.0.1:81"), Remote: end("10.0.0.2:1")}
	for range 3 {
		table.Lookup(hit)
		table.Lookup(miss)
	}
	if readings != 1 {
		t.Errorf("%d readings within the interval", readings)
	}
	if err := table.Refresh(context.Background()); err != nil || readings != 2 {
		t.Errorf("a refresh made %d readings: %v", readings, err)
	}
	table.next = time.Time{} // the hour is over
	if err := table.Refresh(context.Background()); err != nil {
		t.Error(err)
	}
	if table.Lookup(miss); readings != 4 {
		t.Errorf("a lookup that misses soon after a refresh: %d readings", readings)
	}
	disk := errors.New("disk")
	table.read = func(context.Context) ([]row, error) { return nil, disk }
	if err := table.Refresh(context.Background()); !errors.Is(err, disk) {
		t.Errorf("got %v", err)
	}
	if o := table.Lookup(hit); o.PID != 10 {
		t.Errorf("the reading before an error is lost: %+v", o)
	}
	if err := table.Close(); err != nil {
		t.Error(err)
	}
}

// A process number that is used again gets a new description.
func TestProcessesAge(t *testing.T) {
	asked := 0
	p := newProcesses(func(int) (description, bool) { asked++; return description{}, true }, func(int) uint64 { return 0 })
	p.get(5)
	p.get(5)
	if asked != 1 {
		t.Errorf("asked %d times in a round", asked)
	}
	p.age()
	p.get(5)
	if asked != 2 {
		t.Errorf("asked %d times in two rounds", asked)
	}
	for range 4 {
		p.age()
	}
	if len(p.known) != 0 {
		t.Errorf("%d remembered", len(p.known))
	}
}

// The real tables name this process, in every way a socket can be held.
func TestTableLive(t *testing.T) {
	table := New(Config{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no loopback:", err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	packets, err := net.ListenPacket("udp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	if err := table.Refresh(context.Background()); err != nil {
		t.Skip("no socket table:", err)
	}
	tcp := func(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }
	udp := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), packets.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	for _, tt := range []struct {
		name    string
		q       Query
		quality Quality
	}{
		{"client end", Query{Transport: "tcp", Local: tcp(client.LocalAddr()), Remote: tcp(client.RemoteAddr())}, Snapshot},
		{"server end", Query{Transport: "tcp", Local: tcp(server.LocalAddr()), Remote: tcp(server.RemoteAddr())}, Snapshot},
		{"listener", Query{Transport: "tcp", Local: tcp(listener.Addr()), Remote: end("127.0.0.1:9")}, Listener},
		{"datagrams", Query{Transport: "udp", Local: udp, Remote: end("127.0.0.1:9")}, Snapshot},
	} {
		o := table.Lookup(tt.q)
		if o.PID != os.Getpid() || o.Quality != tt.quality || o.Name == "" || o.Parent == nil {
			t.Errorf("%s: %+v", tt.name, o)
		}
	}
	listed := false
	for _, s := range table.Snapshot() {
		listed = listed || s.Local == tcp(listener.Addr()) && s.Listening() && s.Owner.PID == os.Getpid()
	}
	if !listed {
		t.Error("the listener is not in the snapshot")
	}
}

// gopsutil's tables, the ones of the other systems, say the same.
func TestReadGopsutil(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no loopback:", err)
	}
	defer listener.Close()
	rows, err := readGopsutil(context.Background())
	if err != nil {
		t.Skip("no socket table:", err)
	}
	want := listener.Addr().(*net.TCPAddr).AddrPort()
	for _, r := range rows {
		if r.local == want && r.state == "LISTENING" && cmp.Equal(r.pids, []int{os.Getpid()}) {
			return
		}
	}
	t.Errorf("%s is not listed", want)
}

func TestFixed(t *testing.T) {
	named := func(pid int, name string) Owner { return Owner{PID: pid, Name: name} }
	f := NewFixed([]Socket{
		{Transport: "tcp", Local: end("0.0.0.0:445"), State: "LISTENING", Owner: named(4, "System")},
		{Transport: "tcp", Local: end("10.0.0.1:2888"), Remote: end("10.0.0.2:139"), State: "ESTABLISHED", Owner: named(4, "System")},
		{Transport: "tcp", Local: end("10.0.0.1:81"), State: "LISTENING", Owner: named(5, "a")},
		{Transport: "tcp", Local: end("10.0.0.1:81"), State: "LISTENING", Owner: named(6, "b")},
		{Transport: "tcp", Local: end("10.0.0.1:82"), State: "LISTENING"},
		{Transport: "tcp", Local: end("127.0.0.1:83"), State: "LISTENING", Owner: named(7, "c")},
		{Transport: "tcp", Local: end("0.0.0.0:445"), State: "LISTENING", NetNS: 40, Owner: named(8, "smbd")},
		{Transport: "tcp", Local: end("10.88.0.5:50000"), Remote: end("10.88.0.1:53"), State: "ESTABLISHED", NetNS: 40, Owner: named(9, "d")},
		{Transport: "tcp", Local: end("127.0.0.1:83"), State: "LISTENING", NetNS: 40, Owner: named(9, "d")},
	})
	tests := []struct {
		local, remote string
		pid           int
		quality       Quality
		reason        Reason
	}{
		{"10.0.0.1:2888", "10.0.0.2:139", 4, Snapshot, ""},
		{"10.0.0.1:445", "10.0.0.2:50000", 4, Listener, ""},
		{"10.0.0.9:445", "10.0.0.2:50000", 0, "", Offline}, // the wildcard of another machine
		{"127.0.0.1:83", "127.0.0.1:50000", 7, Listener, ""},
		{"10.88.0.5:445", "10.0.0.2:50000", 8, Listener, ""}, // another namespace's address, so its wildcard
		{"10.0.0.1:81", "10.0.0.2:1", 0, "", Ambiguous},
		{"10.0.0.1:82", "10.0.0.2:1", 0, "", Offline},
		{"10.0.0.1:9", "10.0.0.2:1", 0, "", Offline},
	}
	for _, tt := range tests {
		o := f.Lookup(Query{Transport: "tcp", Local: end(tt.local), Remote: end(tt.remote)})
		if o.PID != tt.pid || o.Quality != tt.quality || o.Reason != tt.reason {
			t.Errorf("%s: %+v", tt.local, o)
		}
	}
	if o := NewFixed(nil).Lookup(Query{Transport: "udp", Local: end("1.1.1.1:53")}); o.Reason != Offline {
		t.Errorf("nothing known: %+v", o)
	}
	if len(f.Snapshot()) != 9 {
		t.Error("snapshot")
	}
}

// The quick order is the exact one.
func TestOrdered(t *testing.T) {
	var rows []row
	for _, transport := range []string{"udp", "tcp", "udplite", "sctp"} {
		for _, local := range []string{"0.0.0.0:9", "127.0.0.1:80", "127.0.0.1:443", "255.255.255.255:1", "[::]:1", "[::1]:80", "[fe80::1]:1", "[ffff:ffff::1]:2", "[ffff:ffff::1]:1"} {
			for _, remote := range []string{"", "1.2.3.4:5"} {
				rows = append(rows, socket(transport, local, remote, "ESTABLISHED"))
			}
		}
	}
	rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	order := newIndex(rows).ordered()
	if len(order) != len(rows) {
		t.Fatalf("%d rows of %d", len(order), len(rows))
	}
	for i := 1; i < len(order); i++ {
		if a, b := &rows[order[i-1]], &rows[order[i]]; compare(a, b) > 0 {
			t.Errorf("%s %v before %s %v", a.transport, a.local, b.transport, b.local)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	rows := make([]row, 0, 20000)
	for i := range 20000 {
		r := socket("tcp", "10.0.0.1:80", "10.0.0.2:40000", "ESTABLISHED", 10)
		r.remote = netip.AddrPortFrom(r.remote.Addr(), uint16(i))
		rows = append(rows, r)
	}
	table := fake(rows...)
	if err := table.Refresh(context.Background()); err != nil {
		b.Fatal(err)
	}
	q := Query{Transport: "tcp", Local: end("10.0.0.1:80"), Remote: end("10.0.0.2:777")}
	b.ReportAllocs()
	for b.Loop() {
		table.Lookup(q)
	}
}

func BenchmarkRefresh(b *testing.B) {
	table := New(Config{})
	for b.Loop() {
		if err := table.Refresh(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
