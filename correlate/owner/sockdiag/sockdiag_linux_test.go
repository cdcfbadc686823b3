package sockdiag

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.AddrPort()
	case *net.UDPAddr:
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

func open(t testing.TB) *Conn {
	t.Helper()
	c, err := Open(0)
	if err != nil {
		t.Skip("sock_diag can't be asked here:", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// cookie asks a socket itself.
func cookie(t *testing.T, c syscall.Conn) uint64 {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var n uint64
	if err := raw.Control(func(fd uintptr) { n, err = unix.GetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_COOKIE) }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDumpAndFind(t *testing.T) {
	c := open(t)
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Logf("no %s: %v", address, err)
			continue
		}
		defer listener.Close()
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		local, remote := addrPort(client.LocalAddr()), addrPort(client.RemoteAddr())

		s, err := c.Find(unix.IPPROTO_TCP, local, remote)
		if err != nil {
			t.Fatal(err)
		}
		want := cookie(t, client.(*net.TCPConn))
		if s.Cookie != want || s.Inode == 0 || s.State != Established || int(s.UID) != os.Getuid() || s.Local != local || s.Remote != remote {
			t.Errorf("%+v, want cookie %d of %v to %v", s, want, local, remote)
		}

		family := uint8(unix.AF_INET)
		if local.Addr().Is6() {
			family = unix.AF_INET6
		}
		listening, connected := 0, 0
		err = c.Dump(family, unix.IPPROTO_TCP, AllStates, func(s Socket) {
			if s.Local == remote && s.State == Listen {
				listening++
			}
			if s.Cookie == want {
				connected++
			}
		})
		if err != nil || listening != 1 || connected != 1 {
			t.Errorf("listed %d times listening, %d times connected: %v", listening, connected, err)
		}
		err = c.Dump(family, unix.IPPROTO_TCP, 1<<Listen, func(s Socket) {
			if s.State != Listen {
				t.Errorf("asked for listeners, got %+v", s)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestFindDatagram(t *testing.T) {
	c := open(t)
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	want := cookie(t, server.(*net.UDPConn))
	for _, remote := range []netip.AddrPort{{}, netip.MustParseAddrPort("127.0.0.1:9")} {
		s, err := c.Find(unix.IPPROTO_UDP, addrPort(server.LocalAddr()), remote)
		if err != nil || s.Cookie != want {
			t.Errorf("from %v: %+v, %v", remote, s, err)
		}
	}
	server.Close()
	if s, err := c.Find(unix.IPPROTO_UDP, addrPort(server.LocalAddr()), netip.AddrPort{}); !IsGone(err) {
		t.Errorf("a closed socket: %+v, %v", s, err)
	}
}

// Any message gives a socket with valid ends or none.
func FuzzParse(f *testing.F) {
	f.Add(append([]byte{unix.AF_INET, 1}, make([]byte, messageSize)...))
	f.Add(append([]byte{unix.AF_INET6, 10}, make([]byte, messageSize)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := parse(b); ok && (!s.Local.IsValid() || !s.Remote.IsValid()) {
			t.Fatalf("%+v", s)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	c := open(b)
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	local := addrPort(server.LocalAddr())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Find(unix.IPPROTO_UDP, local, netip.AddrPort{}); err != nil {
			b.Fatal(err)
		}
	}
}
