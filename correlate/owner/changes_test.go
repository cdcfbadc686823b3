package owner

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bound is a listening socket; options set the rest.
func bound(transport, local string, pid int, name string, options ...func(*Socket)) Socket {
	s := Socket{Transport: transport, Local: netip.MustParseAddrPort(local), Owner: Owner{PID: pid, Name: name}}
	if transport == "tcp" {
		s.State = "LISTENING"
	}
	for _, set := range options {
		set(&s)
	}
	return s
}

func unit(name string) func(*Socket) { return func(s *Socket) { s.Owner.Unit = name } }
func space(inode uint64) func(*Socket) {
	return func(s *Socket) { s.NetNS, s.Owner.NetNS = inode, inode }
}

func in(id, name string) func(*Socket) {
	return func(s *Socket) { s.Owner.Container, s.Owner.ContainerName = id, name }
}

func socketUnit(name string) func(*Socket) {
	return func(s *Socket) { s.Owner.SocketUnit = name }
}

func services(names ...string) func(*Socket) {
	return func(s *Socket) { s.Owner.Services = names }
}

func nobody(r Reason, candidates ...int) func(*Socket) {
	return func(s *Socket) {
		s.Owner = Owner{Reason: r}
		for _, pid := range candidates {
			s.Owner.Candidates = append(s.Owner.Candidates, Process{PID: pid})
		}
	}
}

func peer(remote string) func(*Socket) {
	return func(s *Socket) { s.State, s.Remote = "ESTABLISHED", netip.MustParseAddrPort(remote) }
}

// reading is a table with the processes that have sockets in it, and others, and
// with the services that the sockets are of: those with one process each.
func reading(others []int, sockets ...Socket) *Reading {
	running := map[int]bool{1: true}
	for _, pid := range others {
		running[pid] = true
	}
	services := map[Service]bool{}
	for i := range sockets {
		o := &sockets[i].Owner
		if o.PID != 0 {
			running[o.PID] = true
		}
		if o.Unit != "" {
			services[Service{Name: o.Unit, Instance: uint64(o.PID)}] = true
		}
		if o.Container != "" {
			services[Service{Container: o.Container, Instance: uint64(o.PID)}] = true
		}
		for _, name := range o.Services {
			services[Service{Name: name, PID: o.PID, Instance: uint64(o.PID)}] = true
		}
	}
	return &Reading{Sockets: sockets, Services: services, Processes: running}
}

// with adds services that run.
func (r *Reading) with(services ...Service) *Reading {
	for _, s := range services {
		r.Services[s] = true
	}
	return r
}

// explained are the changes between two readings, and why.
func explained(before, after *Reading) []Change {
	var r Recent
	r.Add(before)
	r.Add(after)
	changes := Changes(before.Sockets, after.Sockets)
	for i := range changes {
		r.Explain(&changes[i])
	}
	return changes
}

// describe says a change in a line.
func describe(c *Change) string {
	line := fmt.Sprintf("%s %s %s %d", c.Event, c.Socket.Transport, c.Socket.Local, c.Socket.Owner.PID)
	if c.Socket.NetNS != 0 {
		line += fmt.Sprintf(" netns %d", c.Socket.NetNS)
	}
	if c.Event == Changed {
		line += fmt.Sprintf(" was %d", c.Previous.PID)
	}
	if c.Ended {
		line += " ended"
	}
	if c.Began {
		line += " began"
	}
	for _, list := range []struct {
		word  string
		names []string
	}{{"stopped", c.Stopped}, {"started", c.Started}} {
		if len(list.names) > 0 {
			line += " " + list.word + " " + strings.Join(list.names, ",")
		}
	}
	return line
}

func TestChanges(t *testing.T) {
	smbd := unit("smbd.service")
	tests := []struct {
		name          string
		before, after *Reading
		want          []string
	}{
		{"nothing", reading(nil, bound("tcp", "0.0.0.0:22", 6, "sshd")), reading(nil, bound("tcp", "0.0.0.0:22", 6, "sshd")), nil},
		{
			"several of one owner at once",
			reading(nil, bound("tcp", "0.0.0.0:139", 8, "smbd", smbd), bound("tcp", "0.0.0.0:445", 8, "smbd", smbd), bound("tcp", "[::]:445", 8, "smbd", smbd)),
			reading(nil),
			[]string{
				"gone tcp 0.0.0.0:139 8 ended stopped smbd.service",
				"gone tcp 0.0.0.0:445 8 ended stopped smbd.service",
				"gone tcp [::]:445 8 ended stopped smbd.service",
			},
		},
		{
			"closed by a process that goes on",
			reading(nil, bound("tcp", "0.0.0.0:445", 8, "smbd", smbd)),
			reading([]int{8}).with(Service{Name: "smbd.service", Instance: 8}),
			[]string{"gone tcp 0.0.0.0:445 8"},
		},
		{
			"rebound from the wildcard to an address",
			reading(nil, bound("tcp", "0.0.0.0:80", 7, "web")),
			reading(nil, bound("tcp", "127.0.0.1:80", 7, "web")),
			[]string{"gone tcp 0.0.0.0:80 7", "appeared tcp 127.0.0.1:80 7"},
		},
		{
			"the wildcards of both families, and an address beside them",
			reading(nil, bound("tcp", "0.0.0.0:80", 7, "web")),
			reading(nil, bound("tcp", "0.0.0.0:80", 7, "web"), bound("tcp", "192.0.2.1:80", 7, "web"), bound("tcp", "[::]:80", 7, "web")),
			[]string{"appeared tcp 192.0.2.1:80 7", "appeared tcp [::]:80 7"},
		},
		{
			"rebound by another process",
			reading([]int{9}, bound("tcp", "0.0.0.0:80", 7, "web")),
			reading([]int{7}, bound("tcp", "0.0.0.0:80", 9, "other")),
			[]string{"changed tcp 0.0.0.0:80 9 was 7"},
		},
		{
			"the process becomes another program",
			reading(nil, bound("tcp", "0.0.0.0:80", 7, "sh")),
			reading(nil, bound("tcp", "0.0.0.0:80", 7, "web")),
			[]string{"changed tcp 0.0.0.0:80 7 was 7"},
		},
		{
			"a name that is not known is not another one",
			reading(nil, bound("tcp", "0.0.0.0:80", 7, "")),
			reading(nil, bound("tcp", "0.0.0.0:80", 7, "web")),
			nil,
		},
		{
			"one port in two namespaces",
			reading(nil, bound("tcp", "0.0.0.0:80", 7, "web"), bound("tcp", "0.0.0.0:80", 70, "web", space(40))),
			reading(nil, bound("tcp", "0.0.0.0:80", 70, "web", space(40)), bound("tcp", "0.0.0.0:80", 71, "web", space(41))),
			[]string{"gone tcp 0.0.0.0:80 7 ended", "appeared tcp 0.0.0.0:80 71 netns 41 began"},
		},
		{
			"one number, two transports",
			reading(nil, bound("tcp", "0.0.0.0:53", 7, "dns"), bound("udp", "0.0.0.0:53", 7, "dns")),
			reading(nil, bound("tcp", "0.0.0.0:53", 7, "dns")),
			[]string{"gone udp 0.0.0.0:53 7"},
		},
		{
			"one of the workers that share a port is replaced",
			reading(nil, bound("tcp", "0.0.0.0:80", 12, "web"), bound("tcp", "0.0.0.0:80", 13, "web"), bound("tcp", "0.0.0.0:80", 14, "web")),
			reading(nil, bound("tcp", "0.0.0.0:80", 15, "web"), bound("tcp", "0.0.0.0:80", 14, "web"), bound("tcp", "0.0.0.0:80", 12, "web")),
			[]string{"changed tcp 0.0.0.0:80 15 was 13 ended began"},
		},
		{
			"workers go and come",
			reading(nil, bound("tcp", "0.0.0.0:80", 12, "web"), bound("tcp", "0.0.0.0:80", 13, "web")),
			reading(nil, bound("tcp", "0.0.0.0:80", 12, "web")),
			[]string{"gone tcp 0.0.0.0:80 13 ended"},
		},
		{
			"a process has the port several times",
			reading(nil, bound("udp", "0.0.0.0:53", 7, "dns"), bound("udp", "0.0.0.0:53", 7, "dns")),
			reading(nil, bound("udp", "0.0.0.0:53", 7, "dns"), bound("udp", "0.0.0.0:53", 7, "dns"), bound("udp", "0.0.0.0:53", 7, "dns")),
			[]string{"appeared udp 0.0.0.0:53 7"},
		},
		{
			"the same candidates in another order",
			reading(nil, bound("tcp", "0.0.0.0:80", 0, "", nobody(Ambiguous, 12, 13))),
			reading(nil, bound("tcp", "0.0.0.0:80", 0, "", nobody(Ambiguous, 13, 12))),
			nil,
		},
		{
			"other candidates",
			reading(nil, bound("tcp", "0.0.0.0:80", 0, "", nobody(Ambiguous, 12, 13))),
			reading(nil, bound("tcp", "0.0.0.0:80", 0, "", nobody(Ambiguous, 12, 14))),
			[]string{"changed tcp 0.0.0.0:80 0 was 0"},
		},
		{
			"the kernel's own",
			reading(nil, bound("tcp", "0.0.0.0:2049", 0, "", nobody(Kernel))),
			reading(nil, bound("tcp", "0.0.0.0:2049", 0, "", nobody(Kernel)), bound("udp", "0.0.0.0:4789", 0, "", nobody(Kernel))),
			[]string{"appeared udp 0.0.0.0:4789 0"},
		},
		{
			"the kernel's own goes",
			reading(nil, bound("tcp", "0.0.0.0:2049", 0, "", nobody(Kernel))), reading(nil),
			[]string{"gone tcp 0.0.0.0:2049 0"},
		},
		{
			"connections are no listeners",
			reading(nil, bound("tcp", "192.0.2.1:22", 7, "sshd", peer("192.0.2.9:5000"))),
			reading(nil, bound("udp", "192.0.2.1:5000", 7, "dig", peer("192.0.2.9:53"))),
			nil,
		},
		{
			"a unit is started again",
			reading(nil, bound("tcp", "0.0.0.0:445", 8, "smbd", smbd)),
			reading(nil, bound("tcp", "0.0.0.0:445", 9, "smbd", smbd)),
			[]string{"changed tcp 0.0.0.0:445 9 was 8 ended began stopped smbd.service started smbd.service"},
		},
		{
			"a unit is started",
			reading(nil), reading(nil, bound("tcp", "0.0.0.0:445", 8, "smbd", smbd)),
			[]string{"appeared tcp 0.0.0.0:445 8 began started smbd.service"},
		},
		{
			"a unit follows another one",
			reading(nil, bound("tcp", "0.0.0.0:80", 8, "nginx", unit("nginx.service"))),
			reading(nil, bound("tcp", "0.0.0.0:80", 9, "apache2", unit("apache2.service"))),
			[]string{"changed tcp 0.0.0.0:80 9 was 8 ended began stopped nginx.service started apache2.service"},
		},
		{
			"systemd hands over a socket",
			reading(nil, bound("tcp", "0.0.0.0:22", 1, "systemd", unit("init.scope"))),
			reading(nil, bound("tcp", "0.0.0.0:22", 9, "sshd", unit("ssh.service"))).with(Service{Name: "init.scope", Instance: 1}),
			[]string{"changed tcp 0.0.0.0:22 9 was 1 began started ssh.service"},
		},
		{
			"a unit that runs opens another port",
			reading(nil, bound("tcp", "0.0.0.0:445", 8, "smbd", smbd)),
			reading(nil, bound("tcp", "0.0.0.0:445", 8, "smbd", smbd), bound("tcp", "0.0.0.0:139", 8, "smbd", smbd)),
			[]string{"appeared tcp 0.0.0.0:139 8"},
		},
		{
			"another process of a unit that runs",
			reading(nil).with(Service{Name: "docker.service", Instance: 5}),
			reading(nil, bound("tcp", "0.0.0.0:8080", 5, "docker-proxy", unit("docker.service"))),
			[]string{"appeared tcp 0.0.0.0:8080 5 began"},
		},
		{
			"one of a unit's daemons ends",
			reading(nil, bound("tcp", "0.0.0.0:445", 8, "smbd", smbd)),
			reading(nil).with(Service{Name: "smbd.service", Instance: 8}),
			[]string{"gone tcp 0.0.0.0:445 8 ended"},
		},
		{
			"a socket unit is stopped",
			reading(nil, bound("tcp", "0.0.0.0:22", 1, "systemd", unit("init.scope"), socketUnit("ssh.socket"))),
			reading(nil).with(Service{Name: "init.scope", Instance: 1}),
			[]string{"gone tcp 0.0.0.0:22 1 stopped ssh.socket"},
		},
		{
			"a session's process",
			reading(nil, bound("tcp", "0.0.0.0:8000", 8, "python3", unit("session-3.scope"))), reading(nil),
			[]string{"gone tcp 0.0.0.0:8000 8 ended stopped session-3.scope"},
		},
		{
			"a container",
			reading(nil, bound("tcp", "0.0.0.0:80", 8, "nginx", in("0a0b0c0d0e0f000102", "web"), space(40)), bound("tcp", "0.0.0.0:81", 8, "nginx", in("0a0b0c0d0e0f000102", ""), space(40))), reading(nil),
			[]string{
				"gone tcp 0.0.0.0:80 8 netns 40 ended stopped container web",
				"gone tcp 0.0.0.0:81 8 netns 40 ended stopped container 0a0b0c0d0e0f",
			},
		},
		{
			"Windows services",
			reading(nil, bound("udp", "0.0.0.0:500", 8, "svchost.exe", services("BITS", "IKEEXT"))),
			reading(nil, bound("tcp", "0.0.0.0:49664", 9, "spoolsv.exe", services("Spooler"))),
			[]string{"appeared tcp 0.0.0.0:49664 9 began started Spooler", "gone udp 0.0.0.0:500 8 ended stopped BITS,IKEEXT"},
		},
		{
			"one of the services of a process stops",
			reading(nil, bound("udp", "0.0.0.0:500", 8, "svchost.exe", services("BITS", "IKEEXT")), bound("udp", "0.0.0.0:4500", 8, "svchost.exe", services("BITS", "IKEEXT"))),
			reading([]int{8}).with(Service{Name: "BITS", PID: 8, Instance: 8}),
			[]string{"gone udp 0.0.0.0:500 8 stopped IKEEXT", "gone udp 0.0.0.0:4500 8 stopped IKEEXT"},
		},
		{
			"a service stops whose process has another one's socket",
			reading(nil, bound("udp", "0.0.0.0:500", 8, "svchost.exe", services("IKEEXT"))).with(Service{Name: "BITS", PID: 8, Instance: 8}),
			reading([]int{8}).with(Service{Name: "IKEEXT", PID: 8, Instance: 8}),
			[]string{"gone udp 0.0.0.0:500 8"},
		},
		{
			"nothing is known of the processes",
			&Reading{Sockets: []Socket{bound("tcp", "0.0.0.0:445", 8, "smbd", smbd)}},
			&Reading{Sockets: []Socket{bound("tcp", "0.0.0.0:445", 9, "smbd", smbd)}},
			[]string{"changed tcp 0.0.0.0:445 9 was 8"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			old, now := slices.Clone(tt.before.Sockets), slices.Clone(tt.after.Sockets)
			check := func() {
				t.Helper()
				var got []string
				for _, c := range explained(tt.before, tt.after) {
					got = append(got, describe(&c))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			check()
			if !cmp.Equal(old, tt.before.Sockets, cmp.Comparer(equalSockets)) || !cmp.Equal(now, tt.after.Sockets, cmp.Comparer(equalSockets)) {
				t.Error("the readings were changed")
			}
			// The order of the rows says nothing.
			for range 5 {
				shuffle(tt.before.Sockets)
				shuffle(tt.after.Sockets)
				check()
			}
		})
	}
}

func equalSockets(a, b Socket) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }

func shuffle(s []Socket) { rand.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] }) }

// Whatever the readings: the changes lead from the one to the other.
func FuzzChanges(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		before, after := randomReading(a), randomReading(b)
		count := map[string]int{}
		add := func(s *Socket, o *Owner, n int) {
			if s.Listening() {
				count[fmt.Sprint(s.Transport, s.Local, s.NetNS, o.PID, o.Reason)] += n
			}
		}
		for i := range before.Sockets {
			add(&before.Sockets[i], &before.Sockets[i].Owner, 1)
		}
		for _, c := range Changes(before.Sockets, after.Sockets) {
			switch c.Event {
			case Gone:
				add(&c.Socket, &c.Socket.Owner, -1)
			case Appeared:
				add(&c.Socket, &c.Socket.Owner, 1)
			case Changed:
				add(&c.Socket, &c.Previous, -1)
				add(&c.Socket, &c.Socket.Owner, 1)
			default:
				t.Errorf("event %q", c.Event)
			}
		}
		for i := range after.Sockets {
			add(&after.Sockets[i], &after.Sockets[i].Owner, -1)
		}
		for key, n := range count {
			if n != 0 {
				t.Errorf("%s: %+d", key, n)
			}
		}
		if again := Changes(after.Sockets, after.Sockets); len(again) > 0 {
			t.Errorf("a reading differs from itself: %+v", again)
		}
	})
}

func randomReading(seed uint64) *Reading {
	r := rand.New(rand.NewPCG(seed, 1))
	var sockets []Socket
	for range r.IntN(12) {
		s := bound([]string{"tcp", "udp"}[r.IntN(2)], []string{"0.0.0.0:1", "[::]:1", "127.0.0.1:1"}[r.IntN(3)], 1+r.IntN(4), "some")
		switch r.IntN(6) {
		case 0:
			nobody(Kernel)(&s)
		case 1:
			space(40)(&s)
		case 2:
			peer("192.0.2.1:9")(&s)
		}
		sockets = append(sockets, s)
	}
	return reading(nil, sockets...)
}

func BenchmarkChanges(b *testing.B) {
	var sockets []Socket
	for i := range 20000 {
		end := netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(1+i%2000)).String()
		s := bound("tcp", end, 1+i%2000, "some")
		if i >= 2000 {
			peer("192.0.2.1:9")(&s)
		}
		sockets = append(sockets, s)
	}
	before, after := reading(nil, sockets...), reading(nil, sockets[1:]...)
	for b.Loop() {
		if n := len(Changes(before.Sockets, after.Sockets)); n != 1 {
			b.Fatal(n)
		}
	}
}
