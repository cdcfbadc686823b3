package owner

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompareWitnesses(t *testing.T) {
	http := func(options ...func(*Socket)) Socket { return bound("tcp", "0.0.0.0:80", 7, "web", options...) }
	tests := []struct {
		name string
		a, b []Socket
		want string
	}{
		{"the same", []Socket{http()}, []Socket{http()}, ""},
		{"both have none", nil, nil, ""},
		{"hidden from the second", []Socket{http()}, nil, "A has it, and B does not"},
		{"hidden from the first", nil, []Socket{http()}, "B has it, and A does not"},
		{"the process is hidden from the second", []Socket{http()}, []Socket{http(nobody(Exited))}, "A names PID 7, B names no process"},
		{"another process", []Socket{http()}, []Socket{bound("tcp", "0.0.0.0:80", 9, "other")}, "A names PID 7, B names PID 9"},
		{"one of several", []Socket{http(nobody(Ambiguous, 12, 7))}, []Socket{http()}, ""},
		{"none of several", []Socket{http(nobody(Ambiguous, 12, 8))}, []Socket{http()}, "A names PID 8, 12, B names PID 7"},
		{"workers", []Socket{http(), bound("tcp", "0.0.0.0:80", 8, "web")}, []Socket{bound("tcp", "0.0.0.0:80", 8, "web")}, ""},
		{"no permission", []Socket{http()}, []Socket{http(nobody(NoPermission))}, ""},
		{"the kernel's", []Socket{http(nobody(Kernel))}, []Socket{http(nobody(Exited))}, ""},
		{"connections", []Socket{http(peer("192.0.2.1:9"))}, nil, ""},
		{"another namespace", []Socket{http(space(40))}, nil, ""},
	}
	for _, tt := range tests {
		var got string
		for _, d := range compareWitnesses([]Witness{{"A", tt.a}, {"B", tt.b}}) {
			got += d.Text
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// This machine's own witnesses agree about sockets of all kinds.
func TestExamine(t *testing.T) {
	own := map[string]bool{}
	for _, end := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		tcp, err := net.Listen("tcp", end)
		if err != nil {
			t.Fatal(err)
		}
		defer tcp.Close()
		udp, err := net.ListenPacket("udp", end)
		if err != nil {
			t.Fatal(err)
		}
		defer udp.Close()
		own["tcp "+tcp.Addr().String()], own["udp "+udp.LocalAddr().String()] = true, true
	}
	heard, disagreements, err := Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(heard) == 0 || len(heard[0].Sockets) < 6 {
		t.Errorf("heard %+v", heard)
	}
	for _, d := range disagreements {
		if own[d.Transport+" "+d.Local.String()] {
			t.Errorf("%+v", d)
		}
	}
}
