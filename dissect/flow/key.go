package flow

import (
	"encoding/binary"
	"net/netip"
)

// IP protocol numbers that flows are distinguished by.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
	protoSCTP   = 132
)

// Key identifies a conversation; packets of both directions have the same. It
// is comparable. An IPv4 address and the IPv6 address that maps it count as
// equal.
//
// It has no padding, so that the runtime hashes and compares it as one run of
// memory.
type Key struct {
	a, b         [16]byte // the lower end first
	portA, portB uint16
	proto        uint16
	kind         uint16 // ICMP: the message family, see icmpFamily
	scope        uint32
}

// KeyOf returns the key of the flow from src to dst with the given IP protocol
// number, and whether src is the key's first end. Scope separates equal
// addresses in different tunnels. For ICMP use [Packet.Key].
func KeyOf(proto uint8, scope uint32, src, dst netip.AddrPort) (k Key, srcFirst bool) {
	k = Key{a: src.Addr().As16(), b: dst.Addr().As16(), portA: src.Port(), portB: dst.Port(), proto: uint16(proto), scope: scope}
	if less(&k.b, &k.a) || k.a == k.b && k.portB < k.portA {
		k.a, k.b, k.portA, k.portB = k.b, k.a, k.portB, k.portA
		return k, false
	}
	return k, true
}

func less(x, y *[16]byte) bool {
	xh, yh := binary.BigEndian.Uint64(x[:8]), binary.BigEndian.Uint64(y[:8])
	if xh != yh {
		return xh < yh
	}
	return binary.BigEndian.Uint64(x[8:]) < binary.BigEndian.Uint64(y[8:])
}

// Key returns the key of the packet's flow and whether p.Src is its first end.
func (p *Packet) Key() (k Key, srcFirst bool) {
	if p.Proto != protoICMP && p.Proto != protoICMPv6 {
		return KeyOf(p.Proto, p.Scope, p.Src, p.Dst)
	}
	k, srcFirst = KeyOf(p.Proto, p.Scope, netip.AddrPortFrom(p.Src.Addr(), 0), netip.AddrPortFrom(p.Dst.Addr(), 0))
	family, _ := icmpFamily(p.Proto, p.ICMPType)
	k.kind = uint16(family) + 1
	k.portA, k.portB = p.ICMPID, p.ICMPID
	return k, srcFirst
}
