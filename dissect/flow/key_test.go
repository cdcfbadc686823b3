package flow

import (
	"net/netip"
	"testing"
	"unsafe"
)

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func TestKeyBothWays(t *testing.T) {
	tests := []struct {
		name string
		a, b string
		same bool // the ends cannot be told apart
	}{
		{name: "ipv4", a: "10.0.0.1:1000", b: "10.0.0.2:80"},
		{name: "ipv6", a: "[2001:db8::1]:1000", b: "[2001:db8::2]:80"},
		{name: "ipv6 that differ in the lower half", a: "[2001:db8::2]:1", b: "[2001:db8::1]:1"},
		{name: "loopback", a: "127.0.0.1:1000", b: "127.0.0.1:80"},
		{name: "same port", a: "10.0.0.1:53", b: "10.0.0.2:53"},
		{name: "same end", a: "127.0.0.1:53", b: "127.0.0.1:53", same: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k1, first1 := KeyOf(6, 0, ap(tt.a), ap(tt.b))
			k2, first2 := KeyOf(6, 0, ap(tt.b), ap(tt.a))
			if k1 != k2 {
				t.Errorf("keys differ: %v, %v", k1, k2)
			}
			if first1 == first2 && !tt.same {
				t.Errorf("both ends are the first: %v", first1)
			}
		})
	}
}

func TestKeyDistinct(t *testing.T) {
	keys := map[Key]string{}
	add := func(name string, k Key, _ bool) {
		if other, ok := keys[k]; ok {
			t.Errorf("%s has the key of %s", name, other)
		}
		keys[k] = name
	}
	add2 := func(name string, p Packet) {
		k, first := p.Key()
		add(name, k, first)
	}
	a, b := ap("10.0.0.1:1"), ap("10.0.0.2:2")
	base := Packet{Src: a, Dst: b, Proto: protoTCP}
	add2("tcp", base)
	scoped := base
	scoped.Scope = 1
	add2("scope", scoped)
	other := base
	other.Proto = protoUDP
	add2("udp", other)
	add2("ports", Packet{Src: ap("10.0.0.1:2"), Dst: ap("10.0.0.2:1"), Proto: protoTCP})
	add2("echo 1", Packet{Src: a, Dst: b, Proto: protoICMP, ICMPType: 8, ICMPID: 1})
	add2("echo 2", Packet{Src: a, Dst: b, Proto: protoICMP, ICMPType: 8, ICMPID: 2})
	add2("timestamp 1", Packet{Src: a, Dst: b, Proto: protoICMP, ICMPType: 13, ICMPID: 1})
	add2("unreachable", Packet{Src: a, Dst: b, Proto: protoICMP, ICMPType: 3})
}

func TestKeyICMP(t *testing.T) {
	a, b := ap("10.0.0.1:0"), ap("10.0.0.2:0")
	request, _ := (&Packet{Src: a, Dst: b, Proto: protoICMP, ICMPType: 8, ICMPID: 7}).Key()
	reply, _ := (&Packet{Src: b, Dst: a, Proto: protoICMP, ICMPType: 0, ICMPID: 7}).Key()
	if request != reply {
		t.Errorf("echo request and reply: %v, %v", request, reply)
	}
	request, _ = (&Packet{Src: a, Dst: b, Proto: protoICMPv6, ICMPType: 135}).Key()
	reply, _ = (&Packet{Src: b, Dst: a, Proto: protoICMPv6, ICMPType: 136}).Key()
	if request != reply {
		t.Errorf("neighbour solicitation and advertisement: %v, %v", request, reply)
	}
}

func TestKeyMappedAddress(t *testing.T) {
	plain, _ := KeyOf(6, 0, ap("10.0.0.1:1"), ap("10.0.0.2:2"))
	mapped, _ := KeyOf(6, 0, ap("[::ffff:10.0.0.1]:1"), ap("10.0.0.2:2"))
	if plain != mapped {
		t.Errorf("%v, mapped %v", plain, mapped)
	}
}

// Padding would make the runtime hash the key field by field.
func TestKeyHasNoPadding(t *testing.T) {
	if n := unsafe.Sizeof(Key{}); n != 16+16+4+2+2+8 {
		t.Errorf("Key has %d bytes", n)
	}
}
