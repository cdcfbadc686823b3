package header

import (
	"encoding/binary"

	"github.com/sniffid/sniffid/capture"
)

// EtherTypes, https://www.iana.org/assignments/ieee-802-numbers.
const (
	etherIPv4      = 0x0800
	etherTEB       = 0x6558 // transparent Ethernet bridging
	etherVLAN      = 0x8100 // IEEE 802.1Q
	etherIPv6      = 0x86dd
	etherMPLS      = 0x8847
	etherMPLSMulti = 0x8848
	etherPPPoE     = 0x8864 // session stage
	etherDiscovery = 0x8863 // PPPoE discovery stage
	etherPPP       = 0x880b
	etherQinQ      = 0x88a8 // IEEE 802.1ad
	etherQinQOld   = 0x9100
	etherERSPAN    = 0x88be // types I and II
	etherERSPAN3   = 0x22eb
	etherWCCP      = 0x883e
	etherPBB       = 0x88e7 // IEEE 802.1ah
	etherFabric    = 0x8903 // Cisco FabricPath
	etherHSR       = 0x892f // IEC 62439-3 §5.6
	etherVNTag     = 0x8926 // Cisco VN-Tag
	etherETag      = 0x893f // IEEE 802.1BR §7.5
	etherRTag      = 0xf1c1 // IEEE 802.1CB §7.8
	etherIPX       = 0x8137
	etherOSI       = 0xfefe // Cisco HDLC: the SAPs of ISO 10589
	minEtherType   = 0x0600 // smaller values are lengths, IEEE 802.3 §3.2.6
)

func (p *Packet) link(link capture.LinkType, s span) {
	if !p.step() {
		return
	}
	switch link {
	case capture.LinkEthernet:
		p.ethernet(s)
	case capture.LinkRaw, capture.LinkRawDLT, capture.LinkRawBSD, capture.LinkIPv4, capture.LinkIPv6:
		p.ip(s)
	case capture.LinkNull, capture.LinkLoop:
		p.loopback(s)
	case capture.LinkSLL:
		p.cooked(s)
	case capture.LinkSLL2:
		p.cooked2(s)
	case capture.LinkPPP, capture.LinkPPPHDLC:
		p.ppp(s)
	case capture.LinkPPPoE:
		p.pppoe(s)
	case capture.LinkCHDLC:
		p.ciscoHDLC(s)
	case capture.Link80211:
		p.wifi(s)
	case capture.LinkRadiotap:
		p.radiotap(s)
	case capture.LinkPKTAP, capture.LinkPKTAPUser:
		p.pktap(s)
	}
}

func (p *Packet) ethernet(s span) {
	if !p.step() || !p.need(s, 14) {
		return
	}
	if p.outer() {
		copy(p.DstMAC[:], s.b)
		copy(p.SrcMAC[:], s.b[6:])
		p.HasMAC = true
	} else {
		copy(p.frame.Dst[:], s.b)
		copy(p.frame.Src[:], s.b[6:])
	}
	p.linked, p.linkLength = true, s.n
	p.etherType(be16(s.b[12:]), s.from(14))
}

// etherType decodes what follows a type field. Tags are taken off in a loop:
// there may be several.
func (p *Packet) etherType(t uint16, s span) {
	for tag := tagLength(t); tag > 0; tag = tagLength(t) {
		if !p.step() || !p.need(s, tag) {
			return
		}
		if isTag(t) && p.outer() && p.vlanCount < maxVLANs {
			p.vlans[p.vlanCount] = be16(s.b) & 0x0fff
			p.vlanCount++
		}
		t, s = be16(s.b[tag-2:]), s.from(tag)
	}
	if t < minEtherType {
		if int(t) <= s.n {
			s = s.resize(int(t))
		}
		p.llc(s)
		return
	}
	switch t {
	case etherIPv4:
		p.ipv4(s)
	case etherIPv6:
		p.ipv6(s)
	case etherMPLS, etherMPLSMulti:
		p.mpls(s)
	case etherPPPoE:
		p.pppoe(s)
	case etherPBB: // service tag, then the customer's frame
		p.ethernet(s.from(4))
	case etherFabric: // forwarding tag, then the frame
		p.ethernet(s.from(2))
	default:
		p.handOn(FieldEtherType, uint64(t), s)
	}
}

// tagLength is the length of a tag of EtherType t, with the EtherType behind
// it; 0 if it is none.
func tagLength(t uint16) int {
	switch t {
	case etherVLAN, etherQinQ, etherQinQOld:
		return 4
	case etherHSR, etherRTag, etherVNTag:
		return 6
	case etherETag:
		return 8
	}
	return 0
}

// llc decodes IEEE 802.2 and SNAP (RFC 1042).
func (p *Packet) llc(s span) {
	const snap, ip, novell, unnumbered = 0xaa, 0x06, 0xff, 0x03
	if !p.step() || !p.need(s, 3) {
		return
	}
	switch {
	case s.b[0] == ip && s.b[1] == ip && s.b[2] == unnumbered:
		p.ip(s.from(3))
	case s.b[0] == snap && s.b[1] == snap && s.b[2] == unnumbered:
		if !p.need(s, 8) {
			return
		}
		// 00-00-00 is RFC 1042, 00-00-F8 the bridge tunnel of IEEE 802.1H.
		oui, t := be32(s.b[2:])&0xffffff, be16(s.b[6:])
		if (oui == 0 || oui == 0x0000f8) && t >= minEtherType {
			p.etherType(t, s.from(8))
			return
		}
		p.handOn(FieldSNAP, uint64(oui)<<16|uint64(t), s.from(8))
	case s.b[0] == novell && s.b[1] == novell: // no SAPs: IPX without LLC, its checksum
		p.handOn(FieldEtherType, etherIPX, s)
	default:
		p.handOn(FieldLLC, uint64(s.b[0]), s)
	}
}

// loopback decodes BSD loopback headers. Both byte orders are accepted: the
// header is in the order of the capturing host, or of the network.
func (p *Packet) loopback(s span) {
	if !p.need(s, 4) {
		return
	}
	family := binary.LittleEndian.Uint32(s.b)
	if family > 0xffff {
		family = be32(s.b)
	}
	s = s.from(4)
	switch family {
	case 2:
		p.ipv4(s)
	case 10, 23, 24, 28, 30: // AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
		p.ipv6(s)
	}
}

// Linux cooked captures name the device's hardware type and the frame's
// protocol, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html.
const (
	hardwareNetlink = 824
	hardwareGRE     = 778
	cookedRaw8023   = 1 // protocol of Novell 802.3 frames
	cookedLLC       = 4 // protocol of 802.2 frames
)

func (p *Packet) cooked(s span) {
	if !p.need(s, 16) {
		return
	}
	p.cookedPayload(be16(s.b[2:]), be16(s.b[4:]), s.b[6:12], be16(s.b[14:]), s.from(16))
}

func (p *Packet) cooked2(s span) {
	if !p.need(s, 20) {
		return
	}
	p.cookedPayload(be16(s.b[8:]), uint16(s.b[11]), s.b[12:18], be16(s.b), s.from(20))
}

func (p *Packet) cookedPayload(hardware, addressLength uint16, address []byte, protocol uint16, s span) {
	if addressLength == 6 {
		p.DstMAC = [6]byte{}
		copy(p.SrcMAC[:], address)
		p.HasMAC = true
	}
	switch {
	case hardware == hardwareNetlink:
	case protocol == cookedLLC:
		p.llc(s)
	case protocol == cookedRaw8023:
		p.handOn(FieldEtherType, etherIPX, s)
	case protocol >= minEtherType:
		p.etherType(protocol, s)
	}
}
