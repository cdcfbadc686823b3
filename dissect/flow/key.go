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
	a, b  address // the lower end first
	ports uint32  // of a, then of b; frames: the number's lower 32 bits
	proto uint16  // frames: linkProto and the kind of number
	kind  uint16  // ICMP: the message family, see icmpFamily; frames: the rest of the number
	scope uint64
}

// address is an IPv6 address in two halves.
type address struct{ high, low uint64 }

func addressOf(a netip.Addr) address {
	if a.Is4() { // as it is mapped, RFC 4291 §2.5.5.2; this way is cheaper
		b := a.As4()
		return address{low: 0xffff<<32 | uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return address{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// addr is the address that x was made of; mapped says that it was no IPv4 address.
func (x address) addr(mapped bool) netip.Addr {
	if x.high == 0 && x.low>>32 == 0xffff && !mapped {
		return netip.AddrFrom4([4]byte{byte(x.low >> 24), byte(x.low >> 16), byte(x.low >> 8), byte(x.low)})
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], x.high)
	binary.BigEndian.PutUint64(b[8:], x.low)
	return netip.AddrFrom16(b)
}

func (x address) less(y address) bool { return x.high < y.high || x.high == y.high && x.low < y.low }

// KeyOf returns the key of the flow from src to dst with the given IP protocol
// number, and whether src is the key's first end. Scope separates equal
// addresses in different tunnels. For ICMP use [Packet.Key].
func KeyOf(proto uint8, scope uint32, src, dst netip.AddrPort) (k Key, srcFirst bool) {
	srcFirst = k.set(addressOf(src.Addr()), addressOf(dst.Addr()), src.Port(), dst.Port())
	k.proto, k.scope = uint16(proto), uint64(scope)
	return k, srcFirst
}

func (k *Key) set(src, dst address, srcPort, dstPort uint16) (srcFirst bool) {
	if dst.less(src) || src == dst && dstPort < srcPort {
		k.a, k.b, k.ports = dst, src, uint32(dstPort)<<16|uint32(srcPort)
		return false
	}
	k.a, k.b, k.ports = src, dst, uint32(srcPort)<<16|uint32(dstPort)
	return true
}

// Key returns the key of the packet's flow and whether p.Src is its first end.
func (p *Packet) Key() (k Key, srcFirst bool) {
	srcFirst = k.of(p)
	return k, srcFirst
}

func (k *Key) of(p *Packet) (srcFirst bool) {
	if p.Link != nil {
		return k.ofLink(p.Link, p.Scope)
	}
	srcPort, dstPort := p.Src.Port(), p.Dst.Port()
	k.kind = 0
	if p.Proto == protoICMP || p.Proto == protoICMPv6 {
		family, _ := icmpFamily(p.Proto, p.ICMPType)
		k.kind = uint16(family) + 1
		srcPort, dstPort = p.ICMPID, p.ICMPID
	}
	k.proto, k.scope = uint16(p.Proto), uint64(p.Scope)
	return k.set(addressOf(p.Src.Addr()), addressOf(p.Dst.Addr()), srcPort, dstPort)
}
