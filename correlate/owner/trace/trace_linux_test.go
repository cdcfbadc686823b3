package trace

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func open(t testing.TB) *Tracer {
	t.Helper()
	tracer, err := Open()
	if err != nil {
		t.Skip("needs root, and a kernel with BPF:", err)
	}
	t.Cleanup(func() {
		if err := tracer.Close(); err != nil {
			t.Error(err)
		}
	})
	return tracer
}

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.AddrPort()
	case *net.UDPAddr:
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

// What this process does with sockets is told, once: not for each packet.
func TestEvents(t *testing.T) {
	tracer := open(t)
	var one net.ListenConfig
	one.SetMultipathTCP(false) // which makes a second socket
	listener, err := one.Listen(t.Context(), "tcp4", "127.0.0.1:0")
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
	for range 3 { // no event for each packet
		if _, err := client.Write([]byte("?")); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	packets, err := net.ListenPacket("udp", "[::]:0")
	if err != nil {
		t.Fatal(err)
	}
	port := addrPort(packets.LocalAddr()).Port()
	sender, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sender.WriteTo([]byte("?"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := packets.ReadFrom(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []interface{ Close() error }{client, server, listener, packets, sender} {
		c.Close()
	}

	tcp, udp := [2]netip.AddrPort{addrPort(client.LocalAddr()), addrPort(listener.Addr())}, addrPort(sender.LocalAddr())
	wanted := []struct {
		what          string
		kind          Kind
		local, remote netip.AddrPort
		seen          int
	}{
		{what: "the listener", kind: Bound, local: tcp[1]},
		{what: "the client's end", kind: Flow, local: tcp[0], remote: tcp[1]},
		{what: "the server's end", kind: Flow, local: tcp[1], remote: tcp[0]},
		{what: "the bound socket", kind: Bound, local: netip.AddrPortFrom(netip.IPv6Unspecified(), port)},
		{what: "the sender", kind: Flow, local: udp, remote: netip.AddrPortFrom(udp.Addr(), port)},
		{what: "the receiver", kind: Flow, local: netip.AddrPortFrom(netip.IPv6Unspecified(), port), remote: udp},
	}
	released := 0
	err = tracer.Events(func(e *Event) {
		if int(e.PID) != os.Getpid() {
			return
		}
		if e.Kind == Released {
			released++
		}
		for i := range wanted {
			if w := &wanted[i]; e.Kind == w.kind && e.Local == w.local && e.Remote == w.remote {
				w.seen++
				if e.Cookie == 0 || e.Start == 0 || e.NetNS == 0 || e.Name.String() == "" || int(e.UID) != os.Getuid() {
					t.Errorf("%s: %+v", w.what, e)
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wanted {
		if w.seen != 1 {
			t.Errorf("%s is told of %d times", w.what, w.seen)
		}
	}
	if released < 3 {
		t.Errorf("%d bound sockets of 3 are said to be closed", released)
	}
}

// The descriptors of this process are found, with the sockets' own inodes.
func TestHoldings(t *testing.T) {
	tracer := open(t)
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet6{Addr: [16]byte{15: 1}}); err != nil {
		t.Fatal(err)
	}
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		t.Fatal(err)
	}
	cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	err = tracer.Holdings(func(h *Holding) {
		if h.Inode != s.Ino {
			return
		}
		found++
		if int(h.PID) != os.Getpid() || int(h.Parent) != os.Getppid() || h.Cookie != cookie || h.Proto != unix.IPPROTO_UDP ||
			h.Local.Addr() != netip.IPv6Loopback() || h.Local.Port() == 0 || h.Type != unix.SOCK_DGRAM {
			t.Errorf("%+v", h)
		}
	})
	if err != nil || found != 1 {
		t.Errorf("found %d times: %v", found, err)
	}
}

// What a process executed is known after its end.
func TestProgram(t *testing.T) {
	tracer := open(t)
	child, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	if err != nil {
		t.Skip("no true:", err)
	}
	if _, err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	p, known := tracer.Program(uint32(child.Pid))
	if !known || p.Path != "/bin/true" || int(p.Parent) != os.Getpid() || p.Start == 0 || p.Cgroup == 0 {
		t.Errorf("%v, %+v", known, p)
	}
	if p, known := tracer.Program(1<<22 + 1); known {
		t.Errorf("a number that no process has: %+v", p)
	}
}

func TestMountedCgroup(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n", "/sys/fs/cgroup"},
		{"30 24 0:26 /part /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n31 24 0:26 / /mnt rw shared:4 - cgroup2 none rw\n", "/mnt"},
		{"30 24 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", ""},
		{"garbage - cgroup2\n - cgroup2 x\n", ""},
		{"", ""},
	} {
		file := filepath.Join(t.TempDir(), "mountinfo")
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := mountedCgroup(file); got != tt.want || err != nil {
			t.Errorf("%q: %q, %v", tt.text, got, err)
		}
	}
	root, err := privateCgroup()
	if err != nil {
		t.Skip("needs root:", err)
	}
	defer root.Close()
	if _, err := openCgroup("/proc"); err == nil {
		t.Error("/proc passes for a cgroup")
	}
}

// Any record is decoded or refused.
func FuzzDecode(f *testing.F) {
	f.Add(make([]byte, 112))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, record []byte) {
		aligned := append([]byte(nil), record...)
		var e Event
		if err := e.decode(aligned); err == nil && e.Kind == Claimed && e.Local.IsValid() {
			t.Fatalf("%+v", e)
		}
	})
}

func BenchmarkHoldings(b *testing.B) {
	tracer := open(b)
	for b.Loop() {
		if err := tracer.Holdings(func(*Holding) {}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestCgroupPath(t *testing.T) {
	tr := open(t)
	root, err := mountedCgroup("/proc/self/mountinfo")
	if err != nil || root == "" {
		t.Skip("version 2 of the control groups is not mounted")
	}
	group := filepath.Join(root, "sniffid-test.service")
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skip(err)
	}
	info, err := os.Stat(group)
	if err != nil {
		t.Fatal(err)
	}
	number := info.Sys().(*syscall.Stat_t).Ino
	if path, ok := tr.CgroupPath(number); !ok || path != "/sniffid-test.service" {
		t.Errorf("%q, %v", path, ok)
	}
	if path, ok := tr.CgroupPath(1); ok {
		t.Errorf("the root is %q", path)
	}
	if err := os.Remove(group); err != nil {
		t.Fatal(err)
	}
	if path, ok := tr.CgroupPath(number); ok {
		t.Errorf("gone, and is %q", path)
	}
}

// Events that nobody reads are lost and counted; those before and after are there.
func TestLost(t *testing.T) {
	tracer := open(t)
	use := func() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; tracer.Lost() == 0; i++ {
		if i == 1_000_000 {
			t.Fatal("a million sockets, and nothing is lost")
		}
		use()
	}
	count := func() (n int) {
		if err := tracer.Events(func(*Event) { n++ }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n < 10_000 {
		t.Errorf("%d events were kept", n)
	}
	lost := tracer.Lost()
	use()
	if n := count(); n == 0 || tracer.Lost() != lost {
		t.Errorf("%d events, %d more lost", n, tracer.Lost()-lost)
	}
}
