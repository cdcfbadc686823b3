package header

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// hx reads annotated hexadecimal: what stands behind a # is a comment.
func hx(s string) []byte {
	var digits strings.Builder
	for line := range strings.Lines(s) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		panic(err)
	}
	return b
}

// serialize builds a packet with lengths and checksums filled in.
func serialize(tb testing.TB, ls ...gopacket.SerializableLayer) []byte {
	tb.Helper()
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		tb.Fatal(err)
	}
	return append([]byte(nil), buf.Bytes()...)
}

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

var (
	macA = net.HardwareAddr{2, 0, 0, 0, 0, 0xa}
	macB = net.HardwareAddr{2, 0, 0, 0, 0, 0xb}
)

func ip4(proto layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{
		Version: 4, TTL: 64, Protocol: proto, Id: 0x1234,
		SrcIP: net.IP{10, 0, 0, 1}, DstIP: net.IP{10, 0, 0, 2},
	}
}

func ip6(next layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{
		Version: 6, HopLimit: 64, NextHeader: next,
		SrcIP: net.ParseIP("2001:db8::1"), DstIP: net.ParseIP("2001:db8::2"),
	}
}

func udp(src, dst layers.UDPPort, ip gopacket.NetworkLayer) *layers.UDP {
	u := &layers.UDP{SrcPort: src, DstPort: dst}
	if err := u.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err)
	}
	return u
}

func tcp(ip gopacket.NetworkLayer) *layers.TCP {
	t := &layers.TCP{
		SrcPort: 40000, DstPort: 80, Seq: 1000, Ack: 2000, PSH: true, ACK: true, Window: 512,
		Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindNop}, {OptionType: layers.TCPOptionKindNop}},
	}
	if err := t.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err)
	}
	return t
}

// tcpPacket is an IPv4 packet with a TCP segment that carries text.
func tcpPacket(tb testing.TB, text string) []byte {
	ip := ip4(layers.IPProtocolTCP)
	return serialize(tb, ip, tcp(ip), gopacket.Payload(text))
}

func tcpPacket6(tb testing.TB, text string) []byte {
	ip := ip6(layers.IPProtocolTCP)
	return serialize(tb, ip, tcp(ip), gopacket.Payload(text))
}

// udpPacket is an IPv4 packet with a UDP datagram between ports that mean
// nothing.
func udpPacket(tb testing.TB, payload []byte) []byte {
	ip := ip4(layers.IPProtocolUDP)
	return serialize(tb, ip, udp(30001, 30002, ip), gopacket.Payload(payload))
}

// ipPacket is an IPv4 packet of the given protocol.
func ipPacket(tb testing.TB, proto layers.IPProtocol, payload []byte) []byte {
	return serialize(tb, ip4(proto), gopacket.Payload(payload))
}

// ethernet puts an Ethernet header before payload.
func ethernet(t uint16, payload []byte) []byte {
	return join(macB, macA, binary.BigEndian.AppendUint16(nil, t), payload)
}

// be returns the numbers in network byte order, two bytes each.
func be(values ...int) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	return b
}
