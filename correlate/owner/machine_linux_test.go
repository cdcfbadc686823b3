package owner

import (
	"context"
	"net"
	"net/netip"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// opened is a machine by one method; the test is skipped where it can't be had.
func opened(t testing.TB, noBPF bool) Machine {
	t.Helper()
	m, err := Open(Config{NoEvents: noBPF})
	if err != nil {
		t.Skip("needs root, and a kernel with BPF:", err)
	}
	t.Cleanup(func() { m.Close() })
	if err := m.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return m
}

// connections makes so many sockets, nearly: as many as the process may have.
func connections(t testing.TB, sockets int) int {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	var all []int
	t.Cleanup(func() {
		for _, fd := range all {
			unix.Close(fd)
		}
	})
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, listener)
	if err := unix.Listen(listener, 128); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(listener)
	if err != nil {
		t.Fatal(err)
	}
	to := &unix.SockaddrInet4{Port: name.(*unix.SockaddrInet4).Port, Addr: [4]byte{127, 0, 0, 1}}
	for len(all) < min(sockets, int(limit.Cur)-100) {
		client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, client)
		if err := unix.Connect(client, to); err != nil {
			t.Fatal(err)
		}
		server, _, err := unix.Accept(listener)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, server)
	}
	return len(all)
}

// A flow begins and ends between two readings: with BPF its ends are exact all
// the same, and known after they are closed.
func TestMachineFollows(t *testing.T) {
	m := opened(t, false)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("?")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	ends := [2]netip.AddrPort{client.LocalAddr().(*net.TCPAddr).AddrPort(), client.RemoteAddr().(*net.TCPAddr).AddrPort()}
	for _, when := range []string{"open", "closed"} {
		for i, end := range ends {
			o := m.Lookup(Query{Transport: "tcp", Local: end, Remote: ends[1-i]})
			if o.PID != os.Getpid() || o.Quality != Exact || o.Name == "" || o.Exe == "" {
				t.Errorf("%s, end %d: %+v", when, i, o)
			}
		}
		client.Close()
		server.Close()
		listener.Close()
	}
	// Nobody listens there any more.
	if o := m.Lookup(Query{Transport: "tcp", Local: ends[1], Remote: netip.MustParseAddrPort("127.0.0.1:9")}); o.Known() || o.Reason != Exited {
		t.Errorf("a closed listener: %+v", o)
	}
}

// Both methods know the same sockets and owners.
func TestMethodsAgree(t *testing.T) {
	listener, err := net.Listen("tcp", "[::]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	for _, noBPF := range []bool{false, true} {
		m := opened(t, noBPF)
		seen := 0
		for _, s := range m.Snapshot() {
			switch {
			case s.Transport == "tcp" && s.Listening() && s.Local.Port() == listener.Addr().(*net.TCPAddr).AddrPort().Port(),
				s.Transport == "udp" && s.Local == packets.LocalAddr().(*net.UDPAddr).AddrPort():
				seen++
				if s.Owner.PID != os.Getpid() || s.NetNS != here {
					t.Errorf("%s: %+v", m.Method(), s)
				}
			}
			if !s.Owner.Known() && s.Owner.Reason == "" {
				t.Errorf("%s: neither owner nor reason: %+v", m.Method(), s)
			}
		}
		if seen != 2 {
			t.Errorf("%s: %d of 2 sockets", m.Method(), seen)
		}
	}
}

func BenchmarkMachine(b *testing.B) {
	sockets := connections(b, 20000)
	for _, method := range []struct {
		name  string
		noBPF bool
	}{{"bpf", false}, {"sock_diag", true}} {
		m := opened(b, method.noBPF)
		b.Run(method.name+"/refresh", func(b *testing.B) {
			b.ReportMetric(float64(sockets), "sockets")
			for b.Loop() {
				if err := m.Refresh(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(method.name+"/snapshot", func(b *testing.B) {
			for b.Loop() {
				if err := m.Refresh(context.Background()); err != nil {
					b.Fatal(err)
				}
				if n := len(m.Snapshot()); n < sockets {
					b.Fatalf("%d sockets of %d", n, sockets)
				}
			}
		})
	}
}

// When events are lost it is told, and the tables are read again.
func TestEventsLost(t *testing.T) {
	var told uint64
	m, err := Open(Config{OnLost: func(total uint64) { told = total }})
	if err != nil {
		t.Skip("needs root, and a kernel with BPF:", err)
	}
	defer m.Close()
	if err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr := m.(*tracker)
	tr.events.Lock() // nobody reads them
	for i := 0; tr.tracer.Lost() == 0 && i < 1_000_000; i++ {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	tr.events.Unlock()
	tr.regain()
	tr.events.Lock()
	defer tr.events.Unlock()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if told == 0 || !tr.next.IsZero() {
		t.Errorf("%d events are told to be lost, the tables are next read %v", told, tr.next)
	}
}
