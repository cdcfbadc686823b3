package pipeline

import (
	"strings"
	"testing"
)

func TestParsePorts(t *testing.T) {
	tests := []struct {
		list    string
		in, out []PortRange // single ports
	}{
		{
			"2888",
			[]PortRange{{"tcp", 2888, 0}, {"udp", 2888, 0}, {"sctp", 2888, 0}},
			[]PortRange{{"tcp", 2887, 0}, {"udp", 2889, 0}, {"icmp", 2888, 0}},
		},
		{
			"80,443",
			[]PortRange{{"tcp", 80, 0}, {"tcp", 443, 0}},
			[]PortRange{{"tcp", 81, 0}, {"tcp", 442, 0}},
		},
		{
			"6000-6010",
			[]PortRange{{"tcp", 6000, 0}, {"udp", 6005, 0}, {"tcp", 6010, 0}},
			[]PortRange{{"tcp", 5999, 0}, {"tcp", 6011, 0}},
		},
		{
			"udp/53, tcp/0-1",
			[]PortRange{{"udp", 53, 0}, {"tcp", 0, 0}, {"tcp", 1, 0}},
			[]PortRange{{"tcp", 53, 0}, {"udp", 1, 0}},
		},
		{
			"UDP/65535",
			[]PortRange{{"udp", 65535, 0}},
			[]PortRange{{"udp", 0, 0}, {"udp", 65534, 0}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.list, func(t *testing.T) {
			s, err := ParsePorts(tt.list)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range tt.in {
				if !s.Has(p.Transport, p.Low) {
					t.Errorf("%s/%d is not in the set", p.Transport, p.Low)
				}
			}
			for _, p := range tt.out {
				if s.Has(p.Transport, p.Low) {
					t.Errorf("%s/%d is in the set", p.Transport, p.Low)
				}
			}
		})
	}
}

func TestParsePortsMistakes(t *testing.T) {
	for _, list := range []string{"", "http", "80,", "65536", "-1", "10-5", "icmp/8", "tcp/", "1-2-3"} {
		if s, err := ParsePorts(list); err == nil {
			t.Errorf("ParsePorts(%q) = %v, want an error", list, s.Items())
		}
	}
}

// A list that is understood can be written down from its items and means the
// same.
func FuzzParsePorts(f *testing.F) {
	for _, list := range []string{"2888", "80,443", "6000-6010", "udp/53", "TCP/1-2, sctp/3", "-", "/"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		s, err := ParsePorts(list)
		if err != nil {
			return
		}
		var items []string
		for _, r := range s.Items() {
			items = append(items, r.String())
		}
		again, err := ParsePorts(strings.Join(items, ","))
		if err != nil {
			t.Fatal(err)
		}
		for _, transport := range portTransports {
			for port := range 1 << 16 {
				if s.Has(transport, uint16(port)) != again.Has(transport, uint16(port)) {
					t.Fatalf("%q: %s/%d", list, transport, port)
				}
			}
		}
	})
}
