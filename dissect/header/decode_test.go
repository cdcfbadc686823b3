package header

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/sniffid/sniffid/capture"
)

// vector is a frame and what it decodes to, one line a layer.
type vector struct {
	name string
	link capture.LinkType
	data []byte
	want []string
}

// describe writes what matters of a layer on one line.
func describe(p *Packet, i int) string {
	l := p.Layer(i)
	var b strings.Builder
	if l.Transport && l.Proto != ICMP && l.Proto != ICMPv6 && l.Proto != ESP {
		fmt.Fprintf(&b, "%d %v:%d>%v:%d", l.Proto, l.Src, l.SrcPort, l.Dst, l.DstPort)
	} else {
		fmt.Fprintf(&b, "%d %v>%v", l.Proto, l.Src, l.Dst)
	}
	fmt.Fprintf(&b, " %d", l.PayloadSize)
	if l.Fragment {
		fmt.Fprintf(&b, " fragment %x@%d more=%v", l.FragmentID, l.FragmentOffset, l.MoreFragments)
	}
	if l.Transport && (l.Proto == ICMP || l.Proto == ICMPv6) {
		fmt.Fprintf(&b, " type %d/%d id %d", l.ICMPType, l.ICMPCode, l.ICMPID)
	}
	if o := l.Original; o.Version != 0 {
		fmt.Fprintf(&b, " about %d %v:%d>%v:%d", o.Proto, o.Src, o.SrcPort, o.Dst, o.DstPort)
	}
	if names := p.Tunnels(i); names != nil {
		fmt.Fprintf(&b, " in %s", strings.Join(names, " "))
	}
	return b.String()
}

// describeFrame writes what matters of a frame on one line.
func describeFrame(p *Packet) string {
	f := p.Frame()
	field := [...]string{FieldEtherType: "eth", FieldLLC: "llc", FieldSNAP: "snap", FieldPPP: "ppp"}[f.Field]
	s := fmt.Sprintf("%s/%#x %x>%x %d", field, f.Number, f.Src, f.Dst, f.PayloadSize)
	if names := p.FrameTunnels(); names != nil {
		s += " in " + strings.Join(names, " ")
	}
	return s
}

const (
	macs = "02000000000a>02000000000b "
	web4 = "6 10.0.0.1:40000>10.0.0.2:80 5"
	web6 = "6 2001:db8::1:40000>2001:db8::2:80 5"
)

func linkVectors(tb testing.TB) []vector {
	web := tcpPacket(tb, "hello")
	web6Packet := tcpPacket6(tb, "hello")
	snap := join(hx("aaaa03 000000 0800"), web)
	return []vector{
		{"ethernet", capture.LinkEthernet, ethernet(0x0800, web), []string{web4}},
		{"ethernet ipv6", capture.LinkEthernet, ethernet(0x86dd, web6Packet), []string{web6}},
		{"ethernet with trailer", capture.LinkEthernet, ethernet(0x0800, join(web, make([]byte, 20))), []string{web4}},
		{"802.1Q", capture.LinkEthernet, ethernet(0x8100, join(be(0x6007, 0x0800), web)), []string{web4}},
		{"QinQ", capture.LinkEthernet, ethernet(0x88a8, join(be(7, 0x9100, 8, 0x8100, 9, 0x0800), web)), []string{web4}},
		{"802.3 SNAP", capture.LinkEthernet, ethernet(uint16(len(snap)), join(snap, make([]byte, 9))), []string{web4}},
		{"802.2 IP", capture.LinkEthernet, ethernet(uint16(3+len(web)), join(hx("060603"), web)), []string{web4}},
		{"ARP", capture.LinkEthernet, ethernet(0x0806, make([]byte, 28)), []string{"eth/0x806 " + macs + "28"}},
		{"LLDP behind tags", capture.LinkEthernet, ethernet(0x88a8, join(be(7, 0x8100, 8, 0x88cc), make([]byte, 20))), []string{"eth/0x88cc " + macs + "20"}},
		{"HSR", capture.LinkEthernet, ethernet(0x892f, join(be(0x0033, 5, 0x0800), web)), []string{web4}},
		{"802.1CB", capture.LinkEthernet, ethernet(0x8100, join(be(7, 0xf1c1, 0, 5, 0x0800), web)), []string{web4}},
		{"VN-Tag", capture.LinkEthernet, ethernet(0x8926, join(hx("80100001"), be(0x8100, 7, 0x0800), web)), []string{web4}},
		{"802.1BR", capture.LinkEthernet, ethernet(0x893f, join(hx("000010010000"), be(0x0806), make([]byte, 28))), []string{"eth/0x806 " + macs + "28"}},
		{"HSR supervision", capture.LinkEthernet, ethernet(0x8100, join(be(7, 0x892f, 0x0033, 5, 0x88fb), make([]byte, 20))), []string{"eth/0x88fb " + macs + "20"}},
		{"PPPoE", capture.LinkEthernet, ethernet(0x8864, join(hx("1100 0001"), be(len(web)+2, 0x0021), web, hx("0000"))), []string{web4}},
		{"PBB", capture.LinkEthernet, ethernet(0x88e7, join(hx("00000001"), ethernet(0x0800, web))), []string{web4}},
		{"raw v4", capture.LinkRaw, web, []string{web4}},
		{"raw v6", capture.LinkIPv6, web6Packet, []string{web6}},
		{"null little endian", capture.LinkNull, join(hx("02000000"), web), []string{web4}},
		{"null big endian", capture.LinkNull, join(hx("0000001e"), web6Packet), []string{web6}},
		{"loop", capture.LinkLoop, join(hx("00000002"), web), []string{web4}},
		{"SLL", capture.LinkSLL, join(hx("0000 0001 0006 020304050607 0000 0800"), web), []string{web4}},
		{"SLL LLC", capture.LinkSLL, join(hx("0000 0001 0006 020304050607 0000 0004"), snap), []string{web4}},
		{"SLL netlink", capture.LinkSLL, join(hx("0004 0338 0000 000000000000 0000 0800"), web), nil},
		{"SLL2", capture.LinkSLL2, join(hx("86dd 0000 00000001 0001 00 06 020304050607 0000"), web6Packet), []string{web6}},
		{"PPP", capture.LinkPPP, join(hx("ff03 0021"), web), []string{web4}},
		{"PPP compressed", capture.LinkPPP, join(hx("57"), web6Packet), []string{web6}},
		{"PPP HDLC Cisco", capture.LinkPPPHDLC, join(hx("0f00 0800"), web), []string{web4}},
		{"PPPoE link", capture.LinkPPPoE, join(hx("1100 0001"), be(len(web)+2, 0x0021), web), []string{web4}},
		{"Cisco HDLC", capture.LinkCHDLC, join(hx("0f00 86dd"), web6Packet), []string{web6}},
		{"802.11 to AP", capture.Link80211, join(hx(`
			0801 0000                # data, to DS
			020000000001             # BSSID
			02000000000a             # source
			02000000000b 1000        # destination, sequence
			`), snap), []string{web4}},
		{"802.11 QoS WDS", capture.Link80211, join(hx(`
			8803 0000 020000000001 020000000002 02000000000b 1000
			02000000000a             # address 4: source
			0000                     # QoS control
			`), snap), []string{web4}},
		{"802.11 A-MSDU", capture.Link80211, join(hx(`
			8802 0000 02000000000b 020000000001 02000000000a 1000
			8000                     # QoS control: A-MSDU
			02000000000b 02000000000a`), be(len(snap)), snap, hx("00")), []string{web4}},
		{"802.11 protected", capture.Link80211, join(hx("0841 0000 020000000001 02000000000a 02000000000b 1000"), snap), nil},
		{"radiotap with FCS and padding", capture.LinkRadiotap, join(hx(`
			00 00 1200               # version, pad, length 18
			03000000                 # TSFT, flags
			0000000000000000         # TSFT, at its alignment
			30 00                    # flags: FCS at end, padded
			8802 0000 02000000000b 020000000001 02000000000a 1000 0000
			0000                     # padding to four bytes
			`), snap, hx("deadbeef")), []string{web4}},
		{"radiotap with several bitmaps, without flags", capture.LinkRadiotap, join(hx(`
			00 00 1800               # version, pad, length 24
			010000a0 00000080 00000000 # TSFT and two bitmaps more
			0000000000000000         # TSFT
			0801 0000 020000000001 02000000000a 02000000000b 1000
			`), snap), []string{web4}},
		{"802.11 management", capture.Link80211, join(hx("8000 0000 020000000001 02000000000a 02000000000b 1000"), snap), nil},
		{"802.11 without data", capture.Link80211, join(hx("4801 0000 020000000001 02000000000a 02000000000b 1000"), snap), nil},
		{"802.11 later fragment", capture.Link80211, join(hx("0801 0000 020000000001 02000000000a 02000000000b 1100"), snap), nil},
		{"LLC of another kind", capture.LinkEthernet, ethernet(38, join(hx("424203"), make([]byte, 35), hx("5555"))), []string{"llc/0x42 " + macs + "38"}},
		{"IPX without LLC", capture.LinkEthernet, ethernet(30, join(hx("ffff"), make([]byte, 28))), []string{"eth/0x8137 " + macs + "30"}},
		{"SNAP of a vendor", capture.LinkEthernet, ethernet(38, join(hx("aaaa03 00000c 2000"), make([]byte, 30))), []string{"snap/0xc2000 " + macs + "30"}},
		{"PPPoE discovery", capture.LinkPPPoE, hx("1109 0000 0004 01010000"), []string{"eth/0x8863 000000000000>000000000000 10"}},
		{"PPPoE link control", capture.LinkEthernet, ethernet(0x8864, hx("1100 0001 0006 c021 01010004 0000")), []string{"ppp/0xc021 " + macs + "4"}},
		{"SLL LLDP", capture.LinkSLL, join(hx("0000 0001 0006 020304050607 0000 88cc"), make([]byte, 9)), []string{"eth/0x88cc 020304050607>000000000000 9"}},
		{"SLL spanning tree", capture.LinkSLL2, join(hx("0004 0000 00000001 0001 00 06 020304050607 0000"), hx("424203 0000")), []string{"llc/0x42 020304050607>000000000000 5"}},
		{"SLL IPX", capture.LinkSLL, join(hx("0000 0001 0006 020304050607 0000 0001"), make([]byte, 30)), []string{"eth/0x8137 020304050607>000000000000 30"}},
		{"Cisco HDLC IS-IS", capture.LinkCHDLC, hx("0f00 fefe 03 83"), []string{"llc/0xfe 000000000000>000000000000 4"}},
		{"802.11 EAPOL", capture.Link80211, hx("0801 0000 020000000001 02000000000a 02000000000b 1000 aaaa03 000000 888e 01010000"), []string{"eth/0x888e " + macs + "4"}},
		{"PPP link control", capture.LinkPPP, hx("ff03 c021 01010004"), []string{"ppp/0xc021 000000000000>000000000000 4"}},
		{"PKTAP", capture.LinkPKTAP, join(hx(`
			6c000000 01000000 01000000   # header length 108, packet, Ethernet
			`), []byte("en0"), make([]byte, 21), hx(`
			00000000 02000000 0e000000 00000000
			2a000000                 # pid 42
			`), []byte("curl"), make([]byte, 16), make([]byte, 32), ethernet(0x0800, web)), []string{web4}},
	}
}

func networkVectors(tb testing.TB) []vector {
	options := ip4(layers.IPProtocolTCP)
	options.Options = []layers.IPv4Option{{OptionType: 148, OptionLength: 4, OptionData: []byte{0, 0}}}
	segment := tcpPacket(tb, "hello")[20:]
	offload := tcpPacket(tb, "hello")
	offload[2], offload[3] = 0, 0
	fragment := ip4(layers.IPProtocolUDP)
	fragment.Flags, fragment.FragOffset = layers.IPv4MoreFragments, 3
	dns := ip4(layers.IPProtocolUDP)
	ping := ip4(layers.IPProtocolICMPv4)
	echo6 := hx("8000 0000 0007 0001 abcd")
	return []vector{
		{"options", capture.LinkRaw, serialize(tb, options, tcp(options), gopacket.Payload("hello")), []string{web4}},
		{"total length 0", capture.LinkRaw, offload, []string{web4}},
		{"fragment", capture.LinkRaw, serialize(tb, fragment, gopacket.Payload("12345678")), []string{"17 10.0.0.1>10.0.0.2 8 fragment 1234@24 more=true"}},
		{"udp", capture.LinkRaw, serialize(tb, dns, udp(5000, 53, dns), gopacket.Payload("abc")), []string{"17 10.0.0.1:5000>10.0.0.2:53 3"}},
		{"udp length below IP length", capture.LinkRaw, ipPacket(tb, 17, hx("0001 0002 000a 0000 aabb ccdd")), []string{"17 10.0.0.1:1>10.0.0.2:2 2"}},
		{"udp length 0", capture.LinkRaw, ipPacket(tb, 17, hx("0001 0002 0000 0000 aabb ccdd")), []string{"17 10.0.0.1:1>10.0.0.2:2 4"}},
		{"udp-lite", capture.LinkRaw, ipPacket(tb, 136, hx("0001 0002 0008 0000 aabb ccdd")), []string{"136 10.0.0.1:1>10.0.0.2:2 4"}},
		{"icmp echo", capture.LinkRaw, serialize(tb, ping, &layers.ICMPv4{TypeCode: 0x0800, Id: 99, Seq: 1}, gopacket.Payload("ping")), []string{"1 10.0.0.1>10.0.0.2 12 type 8/0 id 99"}},
		{"icmp port unreachable", capture.LinkRaw, serialize(tb, ping, &layers.ICMPv4{TypeCode: 0x0303}, gopacket.Payload(udpPacket(tb, []byte("x")))), []string{"1 10.0.0.1>10.0.0.2 37 type 3/3 id 0 about 17 10.0.0.1:30001>10.0.0.2:30002"}},
		{"icmp time exceeded, later fragment quoted", capture.LinkRaw, serialize(tb, ping, &layers.ICMPv4{TypeCode: 0x0b00}, gopacket.Payload(serialize(tb, fragment, gopacket.Payload("12345678")))), []string{"1 10.0.0.1>10.0.0.2 36 type 11/0 id 0 about 17 10.0.0.1:0>10.0.0.2:0"}},
		{"icmpv6 time exceeded, extensions quoted", capture.LinkRaw, serialize(tb, ip6(58), gopacket.Payload(join(hx("0300 0000 00000000"), serialize(tb, ip6(0), gopacket.Payload(hx(`
			2c 00 010400000000       # hop by hop, then fragment
			11 00 0001 00000007      # the first
			1389 0035 0008 0000      # ports 5001 and 53
			`)))))), []string{"58 2001:db8::1>2001:db8::2 72 type 3/0 id 0 about 17 2001:db8::1:5001>2001:db8::2:53"}},
		{"icmpv6 echo", capture.LinkRaw, serialize(tb, ip6(58), gopacket.Payload(echo6)), []string{"58 2001:db8::1>2001:db8::2 10 type 128/0 id 7"}},
		{"icmpv6 port unreachable", capture.LinkRaw, serialize(tb, ip6(58), gopacket.Payload(join(hx("0104 0000 00000000"), tcpPacket6(tb, "")))), []string{"58 2001:db8::1>2001:db8::2 72 type 1/4 id 0 about 6 2001:db8::1:40000>2001:db8::2:80"}},
		{"ipv6 extensions", capture.LinkRaw, serialize(tb, ip6(0), gopacket.Payload(join(hx(`
			2b 00 010400000000       # hop by hop, then routing
			3c 00 000000000000       # routing, then destination
			33 00 010400000000       # destination, then AH
			2c 04 0000 00000001 00000002 000000000000000000000000
			06 00 0000 00000007      # atomic fragment
			`), segment))), []string{web6}},
		{"ipv6 fragment", capture.LinkRaw, serialize(tb, ip6(44), gopacket.Payload(hx("11 00 0019 00000007 0102030405060708"))), []string{"17 2001:db8::1>2001:db8::2 8 fragment 7@24 more=true"}},
		{"ipv6 no next header", capture.LinkEthernet, ethernet(0x86dd, join(serialize(tb, ip6(59)), make([]byte, 6))), []string{"59 2001:db8::1>2001:db8::2 0"}},
		{"AH", capture.LinkRaw, ipPacket(tb, 51, join(hx("06 04 0000 00000001 00000002 000000000000000000000000"), segment)), []string{web4}},
		{"ESP", capture.LinkRaw, ipPacket(tb, 50, hx("00000bad 00000001 aabb")), []string{"50 10.0.0.1>10.0.0.2 10"}},
		{"OSPF", capture.LinkRaw, ipPacket(tb, 89, hx("0201 0004")), []string{"89 10.0.0.1>10.0.0.2 4"}},
		{"sctp", capture.LinkRaw, ipPacket(tb, 132, hx(`
			0b59 0b5a 00000001 00000000
			00 03 0013 00000005 0001 0002 0000002e 616263 00
			`)), []string{"132 10.0.0.1:2905>10.0.0.2:2906 20"}},
	}
}

func tunnelVectors(tb testing.TB) []vector {
	web := tcpPacket(tb, "hello")
	web6Packet := tcpPacket6(tb, "hello")
	frame := ethernet(0x0800, web)
	teredo := tcpPacket6(tb, "hello")
	copy(teredo[8:], hx("20010000"))
	const ips = "10.0.0.1>10.0.0.2"
	const datagram = "17 10.0.0.1:30001>10.0.0.2:30002"
	raw := func(name string, data []byte, want ...string) vector {
		return vector{name, capture.LinkRaw, data, want}
	}
	gre := func(header string, inner []byte) []byte { return ipPacket(tb, 47, join(hx(header), inner)) }
	over := func(n int, header string) string { return fmt.Sprintf("%s %d", header, n) }
	return []vector{
		raw("gre", gre("0000 0800", web), over(53, "47 "+ips), web4+" in gre"),
		raw("gre key csum seq", gre("b000 86dd 00000000 00000007 00000001", web6Packet), over(85, "47 "+ips), web6+" in gre"),
		raw("nvgre", gre("2000 6558 00002a01", frame), over(71, "47 "+ips), web4+" in gre:42"),
		raw("pptp", gre("3081 880b 002f0001 00000001 00000002 ff03 0021", web), over(69, "47 "+ips), web4+" in gre"),
		raw("erspan I", gre("0000 88be", frame), over(67, "47 "+ips), web4+" in gre erspan"),
		raw("erspan II", gre("1000 88be 00000001 1001000100000000", frame), over(79, "47 "+ips), web4+" in gre erspan"),
		raw("erspan III", gre("1000 22eb 00000001 200100010000000000000001 0000000000000000", frame), over(91, "47 "+ips), web4+" in gre erspan"),
		raw("gre bridging spanning tree", gre("0000 6558", ethernet(7, hx("424203 00000080"))), over(25, "47 "+ips), "llc/0x42 "+macs+"7 in gre"),
		raw("gre of something else", gre("0000 2001", hx("0102")), over(6, "47 "+ips)),
		raw("pptp link control", gre("3081 880b 00080001 00000001 00000002 ff03 c021", hx("01010004")), over(24, "47 "+ips)),
		raw("etherip arp", ipPacket(tb, 97, join(hx("3000"), ethernet(0x0806, make([]byte, 28)))), over(44, "97 "+ips), "eth/0x806 "+macs+"28 in etherip"),
		raw("wccp", gre("0000 883e 00000000", web), over(57, "47 "+ips), web4+" in gre"),
		raw("gre routing", gre("4000 0800 00000000", web), over(57, "47 "+ips)),
		raw("ipip", ipPacket(tb, 4, web), over(49, "4 "+ips), web4+" in ipip"),
		raw("6in4", ipPacket(tb, 41, web6Packet), over(69, "41 "+ips), web6+" in 6in4"),
		raw("4in6", serialize(tb, ip6(4), gopacket.Payload(web)), over(49, "4 2001:db8::1>2001:db8::2"), web4+" in 4in6"),
		raw("etherip", ipPacket(tb, 97, join(hx("3000"), frame)), over(65, "97 "+ips), web4+" in etherip"),
		raw("vxlan", udpPacket(tb, join(hx("08000000 00002a00"), frame)), over(71, datagram), web4+" in vxlan:42"),
		raw("vxlan with reserved bits", udpPacket(tb, join(hx("08000001 00002a00"), frame)), over(71, datagram)),
		raw("vxlan without a packet", udpPacket(tb, join(hx("08000000 00002a00"), frame[:14], web[:30])), over(52, datagram)),
		raw("geneve", udpPacket(tb, join(hx("0100 6558 00000700 01028001"), frame)), over(75, datagram), web4+" in geneve:7"),
		raw("geneve ip", udpPacket(tb, join(hx("0000 86dd 00000700"), web6Packet)), over(77, datagram), web6+" in geneve:7"),
		raw("gtp", udpPacket(tb, join(hx("30ff"), be(len(web)), hx("00000001"), web)), over(57, datagram), web4+" in gtp"),
		raw("gtp extension", udpPacket(tb, join(hx("34ff"), be(len(web)+8), hx("00000001 00000085 01000900"), web)), over(65, datagram), web4+" in gtp"),
		raw("gtp length off by one", udpPacket(tb, join(hx("30ff"), be(len(web)+1), hx("00000001"), web)), over(57, datagram)),
		raw("teredo", udpPacket(tb, teredo), over(69, datagram), "6 2001::1:40000>2001:db8::2:80 5 in teredo"),
		raw("teredo indications", udpPacket(tb, join(hx("0001 0000 0102030405060708 00 0000 1234 01020304"), teredo)), over(90, datagram), "6 2001::1:40000>2001:db8::2:80 5 in teredo"),
		raw("ipv6 in udp that is not teredo", udpPacket(tb, web6Packet), over(69, datagram)),
		raw("l2tp", udpPacket(tb, join(hx("4002"), be(12+len(web)), hx("0001 0002 ff03 0021"), web)), over(61, datagram), web4+" in l2tp"),
		raw("l2tp sequence and offset", udpPacket(tb, join(hx("0a02 0001 0002 0001 0000 0002 0000 0021"), web)), over(65, datagram), web4+" in l2tp"),
		raw("l2tp without a packet", udpPacket(tb, hx("0002 0001 0002 ff03 c021 01010004")), over(14, datagram)),
		raw("gtp of version 0", udpPacket(tb, join(hx("10ff"), be(len(web)), hx("00000001"), web)), over(57, datagram)),
		raw("erspan III with IP", gre("0000 22eb 20010001 00000000 00000800", web), over(65, "47 "+ips), web4+" in gre erspan"),
		raw("6in6", serialize(tb, ip6(41), gopacket.Payload(web6Packet)), over(69, "41 2001:db8::1>2001:db8::2"), web6+" in 6in6"),
		raw("mpls in ip", ipPacket(tb, 137, join(hx("0001 1140"), web)), over(53, "137 "+ips), web4+" in mpls"),
		raw("gre mpls", gre("0000 8847 00001140", web), over(57, "47 "+ips), web4+" in gre mpls"),
		{"mpls", capture.LinkEthernet, ethernet(0x8847, join(hx("0001 0040 0002 0140"), web)), []string{web4 + " in mpls"}},
		{"mpls pseudo-wire", capture.LinkEthernet, ethernet(0x8847, join(hx("0002 0140"), frame)), []string{web4 + " in mpls"}},
		{"mpls control word", capture.LinkEthernet, ethernet(0x8847, join(hx("0002 0140 00000000"), frame)), []string{web4 + " in mpls"}},
	}
}

func vectors(tb testing.TB) []vector {
	return append(append(linkVectors(tb), networkVectors(tb)...), tunnelVectors(tb)...)
}

func TestDecode(t *testing.T) {
	var p Packet // shared: nothing may be left over from the frame before
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			p.Decode(v.link, v.data, len(v.data))
			var got []string
			for i := range p.Len() {
				got = append(got, describe(&p, i))
			}
			if p.Frame() != nil {
				got = append(got, describeFrame(&p))
			}
			if diff := cmp.Diff(v.want, got); diff != "" {
				t.Errorf("layers (-want +got):\n%s", diff)
			}
			if p.Damage != 0 {
				t.Errorf("damage %b", p.Damage)
			}
		})
	}
}
