//go:build linux

package winetest

import (
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// odd is registered for something that the peers do not speak: spcsdlobby.
const odd = 2888

// Two Windows programs speak HTTP on a port of something else, over both
// families; sniffid says what it is and whose.
func testCapture(t *testing.T, m *machine) {
	for _, tt := range []struct{ network, host string }{{"ipv4", "127.0.0.1"}, {"ipv6", "[::1]"}} {
		t.Run(tt.network, func(t *testing.T) {
			address := fmt.Sprintf("%s:%d", tt.host, odd)
			server := m.play(t, "serve", address)
			var client *actor
			// 1: the registry names the port for something else.
			r := m.watch(t, 1, func() { client = m.play(t, "fetch", address) },
				"--port", fmt.Sprint(odd), "--until-verdict", fmt.Sprintf("tcp port %d", odd))
			f := one(t, r.stdout, "flow", func(r *record) bool { return r.Server.Port == odd })
			if !slices.Equal(f.Protocols, []string{"http"}) || f.Certainty != "certain" || f.Roles != "handshake" || f.Network != tt.network || len(f.Evidence) == 0 {
				t.Errorf("the flow: %+v", f)
			}
			if local := net.JoinHostPort(f.Client.Addr, fmt.Sprint(f.Client.Port)); local != client.local {
				t.Errorf("the client is at %s, its end of the flow at %s", client.local, local)
			}
			// Wine knows who dialled only with IPv4, and never who accepted.
			if o := f.Client.Owner; tt.network == "ipv4" && (o.PID != client.pid || o.Name != "peer.exe" || o.Quality == "") {
				t.Errorf("the client has pid %d, its owner is %+v", client.pid, o)
			}
			if o := f.Server.Owner; o.PID != 0 && o.PID != server.pid || o.PID == 0 && o.Reason == "" {
				t.Errorf("the server has pid %d, its owner is %+v", server.pid, o)
			}
			p := one(t, r.stdout, "port", func(r *record) bool { return r.Port == odd && r.Role == "server" })
			if p.Verdict != "mismatch" || !strings.Contains(p.Why, "http") {
				t.Errorf("the port: %+v", p)
			}
			t.Logf("client %+v; server %+v", f.Client.Owner, f.Server.Owner)
		})
	}
	calls := m.called(t)
	immediate, activate := slices.Index(calls, "set_immediate_mode"), slices.Index(calls, "activate")
	if immediate < 0 || activate < immediate {
		t.Errorf("immediate mode is not asked for: %q", calls)
	}
	if m.count(t, "setfilter") != 2 {
		t.Errorf("the filter is not set once a capture: %q", calls)
	}
	m.balanced(t)
}

// An interrupt ends a capture in good order.
func testInterrupt(t *testing.T, m *machine) {
	cmd := m.windows(t, m.sniffid, "-i", loopback)
	var r result
	done := make(chan struct{})
	go func() {
		defer close(done)
		r = finish(t, cmd)
	}()
	awaitCapture(t)
	begin := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-done
	if r.status != 0 || !strings.Contains(r.stderr, "packets received") || time.Since(begin) > 5*time.Second {
		t.Errorf("after %v: %+v", time.Since(begin), r)
	}
	m.balanced(t)
}

// The socket table has the sockets that the peers hold, with their processes.
func testSockets(t *testing.T, m *machine) {
	l := listen(t, 4711)
	go serve(l, answer)
	client := m.play(t, "fetch", l.Addr().String())
	sender := m.play(t, "datagram", "127.0.0.1:4712")
	out := m.run(t, 0, "ports", "--format", "json").stdout
	for _, tt := range []struct {
		transport string
		of        *actor
		state     string
	}{{"tcp", client, "ESTABLISHED"}, {"udp", sender, ""}} {
		s := one(t, out, "socket", func(r *record) bool { return r.Transport == tt.transport && r.Local == tt.of.local })
		if o := s.Owner; o.PID != tt.of.pid || o.Name != "peer.exe" || !strings.HasSuffix(o.Exe, `\peer.exe`) || len(o.Services) > 0 || tt.state != "" && s.State != tt.state {
			t.Errorf("%s of pid %d: %+v", tt.transport, tt.of.pid, s)
		}
	}
	// This listener is of no Windows process.
	s := one(t, out, "socket", func(r *record) bool { return r.Local == l.Addr().String() && r.State == "LISTENING" })
	if s.Owner.PID != 0 || s.Owner.Reason == "" {
		t.Errorf("the host's own listener: %+v", s)
	}
}

// serve has each connection answered, until the listener is closed.
func serve(l net.Listener, answer func(*textproto.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			session := textproto.NewConn(c)
			defer session.Close()
			answer(session)
		}()
	}
}

// answer answers HTTP requests as far as fetch wants it.
func answer(session *textproto.Conn) {
	for line, err := session.ReadLine(); err == nil; line, err = session.ReadLine() {
		if line == "" {
			_ = session.PrintfLine("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")
		}
	}
}

// A service opens a connection while sniffid captures: its name is in the record.
func testService(t *testing.T, m *machine) {
	const name, port = "SniffidPeer", 2525
	l := listen(t, port)
	go serve(l, mail)
	removed := false
	remove := func() {
		if r := finish(t, m.windows(t, m.peer, "remove", name)); r.status != 0 || !strings.Contains(r.stdout, "removed "+name) {
			t.Errorf("the service does not go: %+v", r)
		}
		removed = true
	}
	t.Cleanup(func() {
		if !removed {
			remove()
		}
	})
	var service *actor
	r := m.watch(t, 0, func() { service = m.play(t, "install", name, l.Addr().String()) },
		"--until-verdict", "--port", fmt.Sprint(port), "--expect", "smtp")
	f := one(t, r.stdout, "flow", func(r *record) bool { return r.Server.Port == port })
	if !slices.Equal(f.Protocols, []string{"smtp"}) || f.Certainty != "certain" {
		t.Errorf("the flow: %+v", f)
	}
	if o := f.Client.Owner; o.PID != service.pid || !strings.EqualFold(o.Name, "peer.exe") || !slices.Equal(o.Services, []string{name}) {
		t.Errorf("the service has pid %d, the owner is %+v", service.pid, o)
	}
	if o := f.Server.Owner; o.PID != 0 || o.Reason == "" {
		t.Errorf("the server is of no Windows process, its owner is %+v", o)
	}
	t.Logf("client %+v", f.Client.Owner)

	local := netip.AddrPortFrom(netip.MustParseAddr(f.Client.Addr), uint16(f.Client.Port)).String()
	ofService := func(r *record) bool { return slices.Contains(r.Owner.Services, name) }
	if s := one(t, m.run(t, 0, "ports", "--format", "json").stdout, "socket", ofService); s.Local != local {
		t.Errorf("the service's socket is %s in the record and %s in the table", local, s.Local)
	}
	if text := m.run(t, 0, "ports").stdout; !strings.Contains(text, name) {
		t.Errorf("the listing does not name the service:\n%s", text)
	}
	remove()
	if out := m.run(t, 0, "ports", "--format", "json").stdout; slices.ContainsFunc(records(t, out, "socket"), func(r record) bool { return ofService(&r) }) {
		t.Errorf("the service is gone and named:\n%s", out)
	}
	m.balanced(t)
}

// mail is an SMTP server as far as the service wants it (RFC 5321, 4.1).
func mail(session *textproto.Conn) {
	err := session.PrintfLine("220 mail.example ESMTP")
	for err == nil {
		var line string
		if line, err = session.ReadLine(); err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "EHLO":
			err = session.PrintfLine("250-mail.example\r\n250 8BITMIME")
		case "QUIT":
			_ = session.PrintfLine("221 mail.example")
			return
		default:
			err = session.PrintfLine("250 OK")
		}
	}
}
