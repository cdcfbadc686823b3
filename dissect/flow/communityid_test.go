package flow

import (
	"net/netip"
	"testing"
)

// The values are those of the specification's baseline files
// (https://github.com/corelight/community-id-spec/tree/master/baseline), with
// the default seed.
func TestCommunityID(t *testing.T) {
	tests := []struct {
		name     string
		proto    uint8
		src, dst string
		typ      uint8
		code     uint8
		want     string
	}{
		{"tcp", 6, "128.232.110.120:34855", "66.35.250.204:80", 0, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"udp", 17, "192.168.1.52:54585", "8.8.8.8:53", 0, 0, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{"sctp", 132, "192.168.170.8:7", "192.168.170.56:7", 0, 0, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
		{"icmp echo", 1, "192.168.0.89:0", "192.168.0.1:0", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"icmp echo reply", 1, "192.168.0.1:0", "192.168.0.89:0", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"icmp time exceeded, one way", 1, "10.0.0.1:0", "10.0.0.2:0", 11, 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
		{"ipv6 tcp", 6, "[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25", 0, 0, "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{"icmpv6 packet too big, one way", 58, "[3ffe:501:1800:2345::2]:0", "[3ffe:507:0:1:200:86ff:fe05:80da]:0", 3, 0, "1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
		{"icmpv6 port unreachable, one way", 58, "[3ffe:501:410:0:2c0:dfff:fe47:33e]:0", "[3ffe:507:0:1:200:86ff:fe05:80da]:0", 1, 4, "1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
		{"icmpv6 echo reply", 58, "[3ffe:501:0:1001::2]:0", "[3ffe:507:0:1:200:86ff:fe05:80da]:0", 129, 0, "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
		{"icmpv6 router advertisement", 58, "[fe80::260:97ff:fe07:69ea]:0", "[ff02::1]:0", 134, 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00="},
		{"rsvp", 46, "10.1.12.1:0", "10.1.12.2:0", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
		{"icmpv6 neighbour solicitation", 58, "[fe80::200:86ff:fe05:80da]:0", "[fe80::260:97ff:fe07:69ea]:0", 135, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src, dst := netip.MustParseAddrPort(tt.src), netip.MustParseAddrPort(tt.dst)
			if got := CommunityID(tt.proto, src, dst, tt.typ, tt.code); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if tt.proto != protoICMP && tt.proto != protoICMPv6 {
				if got := CommunityID(tt.proto, dst, src, 0, 0); got != tt.want {
					t.Errorf("reverse: %s, want %s", got, tt.want)
				}
			}
		})
	}
}

// The flow's identifier is that of its packets, whichever came first.
func TestFlowCommunityID(t *testing.T) {
	const want = "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="
	request := Packet{Src: ap("192.168.0.89:0"), Dst: ap("192.168.0.1:0"), Proto: protoICMP, ICMPType: 8, ICMPID: 1}
	reply := Packet{Src: ap("192.168.0.1:0"), Dst: ap("192.168.0.89:0"), Proto: protoICMP, ICMPID: 1}
	for _, first := range []*Packet{&request, &reply} {
		f, _, _ := NewTable[struct{}](Config{}).Update(first)
		if got := f.CommunityID(); got != want {
			t.Errorf("type %d first: %s, want %s", first.ICMPType, got, want)
		}
		if f.Client() != request.Src {
			t.Errorf("type %d first: client %v", first.ICMPType, f.Client())
		}
	}
}
