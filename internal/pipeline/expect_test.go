package pipeline

import (
	"net/netip"
	"testing"

	"github.com/sniffid/sniffid/dissect"
)

var (
	hostA = netip.MustParseAddr("10.0.0.1")
	hostB = netip.MustParseAddr("10.0.0.2")
)

func announce(port uint16, seconds int) dissect.Expectation {
	return dissect.Expectation{Transport: "tcp", Host: hostA, Port: port, Protocols: []string{"ftp-data"}, Seconds: seconds}
}

func TestExpectations(t *testing.T) {
	var x expectations
	x.add(announce(2000, 0), 0)
	x.add(announce(2001, 5), 0)
	other := netip.AddrPortFrom(hostB, 50000)
	tests := []struct {
		name      string
		transport string
		port      uint16
		seconds   int64
		want      bool
	}{
		{"announced", "tcp", 2000, 1, true},
		{"other transport", "udp", 2000, 1, false},
		{"other port", "tcp", 2002, 1, false},
		{"default time holds", "tcp", 2000, 599, true},
		{"default time is over", "tcp", 2000, 601, false},
		{"own time holds", "tcp", 2001, 5, true},
		{"own time is over", "tcp", 2001, 6, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			end := netip.AddrPortFrom(hostA, tt.port)
			if e := x.lookup(tt.transport, other, end, tt.seconds*1e9); (e != nil) != tt.want {
				t.Errorf("as server: %v, want %t", e, tt.want)
			}
			if e := x.lookup(tt.transport, end, other, tt.seconds*1e9); (e != nil) != tt.want {
				t.Errorf("as client: %v, want %t", e, tt.want)
			}
		})
	}
}

// A later announcement of the same place counts, also when the first runs out.
func TestExpectationsRenewed(t *testing.T) {
	var x expectations
	x.add(announce(2000, 10), 0)
	x.add(announce(2000, 10), 8e9)
	x.add(announce(1, 10), 15e9)
	end, other := netip.AddrPortFrom(hostA, 2000), netip.AddrPortFrom(hostB, 50000)
	if x.lookup("tcp", other, end, 16e9) == nil {
		t.Error("the renewed announcement is gone")
	}
}

func TestExpectationsAreBounded(t *testing.T) {
	var x expectations
	for i := range 4 * maxExpectations {
		e := announce(uint16(i%60000+1), 600)
		e.Host = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		x.add(e, int64(i))
	}
	if len(x.at) > maxExpectations || len(x.order) > 2*maxExpectations {
		t.Errorf("%d announcements, %d in the queue; want at most %d", len(x.at), len(x.order), maxExpectations)
	}
	for range 4 * maxExpectations {
		x.add(announce(7, 600), 0)
	}
	if len(x.order) > 2*maxExpectations {
		t.Errorf("one place announced again and again: %d in the queue", len(x.order))
	}
}
