package container

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSocket(t *testing.T) {
	const lib, etc, run = "usr/lib/systemd/system/", "etc/systemd/system/", "run/systemd/system/"
	sshd := map[string]string{
		lib + "ssh.socket":   "[Unit]\nDescription=x\n[Socket]\nListenStream=22\nAccept=no\n[Install]\nWantedBy=sockets.target\n",
		lib + "ssh.service":  "[Service]\nExecStart=/usr/sbin/sshd -D\n",
		etc + "sshd.service": "-> /usr/lib/systemd/system/ssh.service",
	}
	with := func(more map[string]string) map[string]string {
		files := map[string]string{}
		for _, m := range []map[string]string{sshd, more} {
			for name, text := range m {
				files[name] = text
			}
		}
		return files
	}
	for _, tt := range []struct {
		name      string
		files     map[string]string
		service   string
		transport string
		local     string
		want      string // "" = none
	}{
		{"port", sshd, "ssh.service", "tcp", "10.0.0.1:22", "ssh.socket"},
		{"port, wildcard", sshd, "ssh.service", "tcp", "[::]:22", "ssh.socket"},
		{"other port", sshd, "ssh.service", "tcp", "10.0.0.1:23", ""},
		{"other transport", sshd, "ssh.service", "udp", "10.0.0.1:22", ""},
		{"other service", sshd, "nginx.service", "tcp", "10.0.0.1:22", ""},
		{"not a service", sshd, "ssh.socket", "tcp", "10.0.0.1:22", ""},
		{"the service's alias", sshd, "sshd.service", "tcp", "10.0.0.1:22", "ssh.socket"},
		{"alias in Service=", with(map[string]string{lib + "x.socket": "[Socket]\nListenStream=2222\nService=sshd.service\n"}), "ssh.service", "tcp", "10.0.0.1:2222", "x.socket"},
		{"Service= takes it away", with(map[string]string{lib + "ssh.socket.d/a.conf": "[Socket]\nService=x.service\n"}), "ssh.service", "tcp", "10.0.0.1:22", ""},
		{"drop-in adds", with(map[string]string{etc + "ssh.socket.d/a.conf": "[Socket]\nListenStream=2222\n"}), "ssh.service", "tcp", "10.0.0.1:22", "ssh.socket"},
		{"drop-in resets", with(map[string]string{etc + "ssh.socket.d/a.conf": "[Socket]\nListenStream=\nListenStream=2222\n"}), "ssh.service", "tcp", "10.0.0.1:22", ""},
		{"drop-in resets and assigns", with(map[string]string{etc + "ssh.socket.d/a.conf": "[Socket]\nListenStream=\nListenStream=2222\n"}), "ssh.service", "tcp", "10.0.0.1:2222", "ssh.socket"},
		{"any kind resets all", with(map[string]string{etc + "ssh.socket.d/a.conf": "[Socket]\nListenDatagram=\n"}), "ssh.service", "tcp", "10.0.0.1:22", ""},
		{"drop-ins in order of their names", with(map[string]string{
			lib + "ssh.socket.d/20.conf": "[Socket]\nListenStream=2020\n", etc + "ssh.socket.d/30.conf": "[Socket]\nListenStream=\n", run + "ssh.socket.d/40.conf": "[Socket]\nListenStream=4040\n",
		}), "ssh.service", "tcp", "10.0.0.1:2020", ""},
		{"drop-in hides its namesake", with(map[string]string{
			lib + "ssh.socket.d/20.conf": "[Socket]\nListenStream=2020\n", etc + "ssh.socket.d/20.conf": "[Socket]\nListenStream=2021\n",
		}), "ssh.service", "tcp", "10.0.0.1:2020", ""},
		{"masked drop-in", with(map[string]string{
			lib + "ssh.socket.d/20.conf": "[Socket]\nListenStream=2020\n", etc + "ssh.socket.d/20.conf": "-> /dev/null",
		}), "ssh.service", "tcp", "10.0.0.1:2020", ""},
		{"drop-in of all sockets", with(map[string]string{etc + "socket.d/a.conf": "[Socket]\nListenStream=99\n"}), "ssh.service", "tcp", "10.0.0.1:99", "ssh.socket"},
		{"drop-in that is none", with(map[string]string{etc + "ssh.socket.d/a.conf.bak": "[Socket]\nListenStream=99\n"}), "ssh.service", "tcp", "10.0.0.1:99", ""},
		{"drop-in of the prefix", map[string]string{lib + "a-b-c.socket": "[Socket]\nListenStream=1\n", etc + "a-.socket.d/x.conf": "[Socket]\nListenStream=2\n"}, "a-b-c.service", "tcp", "10.0.0.1:2", "a-b-c.socket"},
		{"masked", with(map[string]string{etc + "ssh.socket": "-> /dev/null"}), "ssh.service", "tcp", "10.0.0.1:22", ""},
		{"masked by an empty file", with(map[string]string{etc + "ssh.socket": ""}), "ssh.service", "tcp", "10.0.0.1:22", ""},
		{"replaced", with(map[string]string{etc + "ssh.socket": "[Socket]\nListenStream=2200\n"}), "ssh.service", "tcp", "10.0.0.1:22", ""},
		{"generated", map[string]string{"run/systemd/generator/web.socket": "[Socket]\nListenStream=0.0.0.0:80\n"}, "web.service", "tcp", "10.0.0.1:80", "web.socket"},
		{"alias of a socket", map[string]string{lib + "a.socket": "[Socket]\nListenStream=80\n", etc + "0.socket": "-> /usr/lib/systemd/system/a.socket"}, "a.service", "tcp", "10.0.0.1:80", "a.socket"},
		{"linked from elsewhere", map[string]string{"opt/a/a.socket": "[Socket]\nListenStream=80\n", etc + "a.socket": "-> /opt/a/a.socket"}, "a.service", "tcp", "10.0.0.1:80", "a.socket"},
		{"IPv4 wildcard, IPv6 socket", map[string]string{lib + "web.socket": "[Socket]\nListenStream=0.0.0.0:80\n"}, "web.service", "tcp", "[::1]:80", ""},
		{"address", map[string]string{lib + "web.socket": "[Socket]\nListenStream=127.0.0.1:80\n"}, "web.service", "tcp", "127.0.0.1:80", "web.socket"},
		{"mapped address", map[string]string{lib + "web.socket": "[Socket]\nListenStream=127.0.0.1:80\n"}, "web.service", "tcp", "[::ffff:127.0.0.1]:80", "web.socket"},
		{"other address", map[string]string{lib + "web.socket": "[Socket]\nListenStream=127.0.0.1:80\n"}, "web.service", "tcp", "127.0.0.2:80", ""},
		{"IPv6 with interface", map[string]string{lib + "web.socket": "[Socket]\nListenStream=[fe80::1]:80%eth0\n"}, "web.service", "tcp", "[fe80::1%3]:80", "web.socket"},
		{"datagram", map[string]string{lib + "dns.socket": "[Socket]\nListenStream=53\nListenDatagram=[::]:53\n"}, "dns.service", "udp", "10.0.0.1:53", "dns.socket"},
		{"sctp", map[string]string{lib + "s.socket": "[Socket]\nListenSequentialPacket=53\nSocketProtocol=sctp\n"}, "s.service", "sctp", "10.0.0.1:53", "s.socket"},
		{"packets of a path", map[string]string{lib + "s.socket": "[Socket]\nListenSequentialPacket=/run/s\nListenStream=@a:53\nListenStream=vsock:2:53\n"}, "s.service", "tcp", "10.0.0.1:53", ""},
		{"its own address first", map[string]string{
			lib + "a.socket": "[Socket]\nListenStream=80\nService=web.service\n", lib + "b.socket": "[Socket]\nListenStream=127.0.0.1:80\nService=web.service\n",
		}, "web.service", "tcp", "127.0.0.1:80", "b.socket"},
		{"accept", map[string]string{lib + "ssh.socket": "[Socket]\nListenStream=22\nAccept=yes\n", lib + "ssh@.service": ""}, "ssh@3-10.0.0.1:22-10.0.0.2:5000.service", "tcp", "10.0.0.1:22", "ssh.socket"},
		{"accept starts no service of its own name", map[string]string{lib + "ssh.socket": "[Socket]\nListenStream=22\nAccept=yes\n"}, "ssh.service", "tcp", "10.0.0.1:22", ""},
		{"template", map[string]string{lib + "port@.socket": "[Socket]\nListenStream=127.0.0.1:%i\n"}, "port@8080.service", "tcp", "127.0.0.1:8080", "port@8080.socket"},
		{"template, other instance", map[string]string{lib + "port@.socket": "[Socket]\nListenStream=127.0.0.1:%i\n"}, "port@8081.service", "tcp", "127.0.0.1:8080", ""},
		{"template, instance's drop-in", map[string]string{lib + "port@.socket": "[Socket]\n", etc + "port@a.socket.d/x.conf": "[Socket]\nListenStream=7\n"}, "port@a.service", "tcp", "127.0.0.1:7", "port@a.socket"},
		{"template, unescaped", map[string]string{lib + "l@.socket": "[Socket]\nListenStream=%I\n"}, `l@\x5b\x3a\x3a1\x5d:8080.service`, "tcp", "[::1]:8080", `l@\x5b\x3a\x3a1\x5d:8080.socket`},
		{"unknown specifier", map[string]string{lib + "l.socket": "[Socket]\nListenStream=%H:80\n"}, "l.service", "tcp", "10.0.0.1:80", ""},
		{"Service= with specifier", map[string]string{lib + "l@.socket": "[Socket]\nListenStream=80\nService=web-%i.service\n", lib + "web-a.service": "x"}, "web-a.service", "tcp", "10.0.0.1:80", ""},
		{"Sockets=", map[string]string{lib + "web.service": "[Service]\nSockets=x.socket a.socket\n", lib + "a.socket": "[Socket]\nListenStream=80\nService=other.service\n"}, "web.service", "tcp", "10.0.0.1:80", "a.socket"},
		{"continued and commented", map[string]string{lib + "web.socket": "# [Socket]\n[Socket]\n ListenStream = \\\n# no\n; no\n  80  \n"}, "web.service", "tcp", "10.0.0.1:80", "web.socket"},
		{"other section", map[string]string{lib + "web.socket": "ListenStream=80\n[Socket]\n[Service]\nListenStream=80\n"}, "web.service", "tcp", "10.0.0.1:80", ""},
		{"no folders", nil, "web.service", "tcp", "10.0.0.1:80", ""},
		{"a path", sshd, "../ssh.service", "tcp", "10.0.0.1:22", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := NewUnits(tree(t, tt.files))
			for range 2 { // read, and remembered
				got, ok := u.Socket(tt.service, tt.transport, netip.MustParseAddrPort(tt.local))
				if got != tt.want || ok != (tt.want != "") {
					t.Errorf("%q, %v, want %q", got, ok, tt.want)
				}
			}
		})
	}
}

func TestSocketRemembers(t *testing.T) {
	root := t.TempDir()
	u := NewUserUnits(root, "/home/ann", 1000)
	at := time.Unix(1700000000, 0)
	u.now = func() time.Time { return at }
	find := func() string {
		unit, _ := u.Socket("web.service", "tcp", netip.MustParseAddrPort("127.0.0.1:80"))
		return unit
	}
	if got := find(); got != "" {
		t.Error(got)
	}
	write(t, root, "home/ann/.config/systemd/user/web.socket", "[Socket]\nListenStream=80\n")
	if got := find(); got != "" {
		t.Errorf("%q: the folders were read again at once", got)
	}
	at = at.Add(rememberUnits)
	if got := find(); got != "web.socket" {
		t.Error(got)
	}
}

func TestLinksInCircles(t *testing.T) {
	u := NewUnits(tree(t, map[string]string{"etc/systemd/system/a.socket": "-> b.socket", "etc/systemd/system/b.socket": "-> a.socket"}))
	if got, ok := u.Socket("a.service", "tcp", netip.MustParseAddrPort("127.0.0.1:80")); ok {
		t.Error(got)
	}
}

func FuzzUnitFile(f *testing.F) {
	f.Add([]byte("[Socket]\nListenStream=22\nListenDatagram=[::1]:53%eth0\nSocketProtocol=\\\n sctp\nAccept=on\nService=a@%i.service\n"), "a-b@c.socket")
	f.Add([]byte("[Socket\nListenStream=\n\\\n"), "x")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		keys := 0
		assignments(text, "Socket", func(key, value string) {
			keys++
			if strings.ContainsAny(key+value, "\n") || key != strings.TrimSpace(key) || value != strings.TrimSpace(value) {
				t.Errorf("%q = %q", key, value)
			}
		})
		u := parseSocket(name, [][]byte{text})
		if len(u.listens) > keys {
			t.Errorf("%d addresses of %d assignments", len(u.listens), keys)
		}
		for _, l := range u.listens {
			if l.port == 0 || l.transport == "" || l.fits(l.transport, netip.AddrPortFrom(l.addr, l.port)) == 0 {
				t.Errorf("%+v", l)
			}
		}
		u.starts(name, func(s string) string { return s })
		splitUnit(name).expand(string(text))
	})
}

// Every address that this machine's own socket units have is found.
func TestSocketLive(t *testing.T) {
	u := NewUnits("")
	u.refresh()
	t.Log(len(u.sockets), "socket units")
	if len(u.sockets) == 0 {
		t.Skip("no socket units here")
	}
	if !slices.IsSorted(u.sockets) {
		t.Error(u.sockets)
	}
	for _, name := range u.sockets {
		s := u.socket(name)
		if s.accept || strings.Contains(name, "@") {
			continue
		}
		service := s.service
		if service == "" {
			service = strings.TrimSuffix(name, ".socket") + ".service"
		}
		for _, l := range s.listens {
			addr := l.addr
			if !addr.IsValid() {
				addr = netip.IPv6Unspecified()
			}
			if _, ok := u.Socket(service, l.transport, netip.AddrPortFrom(addr, l.port)); !ok {
				t.Errorf("%s: %+v is not found for %s", name, l, service)
			}
		}
	}
}

func BenchmarkSocket(b *testing.B) {
	u := NewUnits("")
	local := netip.MustParseAddrPort("10.0.0.1:22")
	b.ReportAllocs()
	for b.Loop() {
		u.Socket("ssh.service", "tcp", local)
	}
}
