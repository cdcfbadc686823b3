package flow

import (
	"crypto/sha1"
	"encoding/base64"
	"net/netip"
)

// CommunityID returns the flow's Community ID, version 1 with seed 0
// (https://github.com/corelight/community-id-spec); "" for frames.
func (f *Flow[S]) CommunityID() string {
	if f.Link != nil {
		return ""
	}
	if f.Proto == protoICMP || f.Proto == protoICMPv6 {
		if _, role := icmpFamily(f.Proto, f.ICMPType); role == icmpReply { // sent by the server
			return CommunityID(f.Proto, f.Server(), f.Client(), f.ICMPType, f.ICMPCode)
		}
	}
	return CommunityID(f.Proto, f.Client(), f.Server(), f.ICMPType, f.ICMPCode)
}

// CommunityID returns the Community ID, version 1 with seed 0, of the flow
// between two ends: the same for both directions, whatever the tool. Ports are
// used for TCP, UDP and SCTP, the ICMP type and code for ICMP and ICMPv6.
func CommunityID(proto uint8, src, dst netip.AddrPort, icmpType, icmpCode uint8) string {
	a, b := src.Addr().Unmap(), dst.Addr().Unmap()
	portA, portB := src.Port(), dst.Port()
	ordered := false // one-way flows keep the order that they have
	switch proto {
	case protoICMP, protoICMPv6:
		portA, portB, ordered = communityPorts(proto, icmpType, icmpCode)
	}
	if c := a.Compare(b); !ordered && (c > 0 || c == 0 && portA > portB) {
		a, b, portA, portB = b, a, portB, portA
	}
	data := make([]byte, 0, 40)
	data = append(data, 0, 0) // seed
	data = append(data, a.AsSlice()...)
	data = append(data, b.AsSlice()...)
	data = append(data, proto, 0)
	switch proto {
	case protoTCP, protoUDP, protoSCTP, protoICMP, protoICMPv6:
		data = append(data, byte(portA>>8), byte(portA), byte(portB>>8), byte(portB))
	}
	sum := sha1.Sum(data)
	return "1:" + base64.StdEncoding.EncodeToString(sum[:])
}

// communityPorts returns what stands for the ports of an ICMP message: its type
// and that of its counterpart, or type and code of a message without one.
func communityPorts(proto, typ, code uint8) (a, b uint16, oneWay bool) {
	pairs := communityPairs4
	if proto == protoICMPv6 {
		pairs = communityPairs6
	}
	if counterpart, ok := pairs[typ]; ok {
		return uint16(typ), uint16(counterpart), false
	}
	return uint16(typ), uint16(code), true
}

// The pairs of the specification's reference implementation, not quite those of
// icmpFamily: a router advertisement has no counterpart there.
var (
	communityPairs4 = map[uint8]uint8{8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 10: 9, 17: 18, 18: 17}
	communityPairs6 = map[uint8]uint8{
		128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130,
		139: 140, 140: 139, 144: 145, 145: 144,
	}
)
