package pipeline

import (
	"encoding/hex"
	"net"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect"
)

func hexBytes(s string) gopacket.Payload {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err) // the strings are those of this file
	}
	return b
}

// linkFrame is a frame to a group of an EtherType, or with a length for 0.
func linkFrame(t layers.EthernetType, payload ...gopacket.SerializableLayer) []byte {
	eth := &layers.Ethernet{
		SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 0x0e}, EthernetType: t,
	}
	body := serialize(payload...)
	if t == layers.EthernetTypeLLC {
		eth.Length = uint16(len(body))
	}
	b := serialize(eth, gopacket.Payload(body))
	return append(b, make([]byte, max(0, 60-len(b)))...)
}

// Frames that carry no IP are flows between their addresses, and have no ports.
func TestFramesAreFlows(t *testing.T) {
	stp := hexBytes("42 42 03 0000 00 00 00 8000020000000001 00000000 8000020000000001 8001 0000 1400 0200 0f00")
	tests := []struct {
		name      string
		frame     []byte
		transport string
		carrier   string
	}{
		{"EtherType", linkFrame(0x9999, hexBytes("0102030405")), "ethernet", "eth/0x9999"},
		{"VLAN", linkFrame(layers.EthernetTypeDot1Q, &layers.Dot1Q{VLANIdentifier: 7, Type: 0x9999}, hexBytes("0102")), "ethernet", "eth/0x9999"},
		{"LLC", linkFrame(layers.EthernetTypeLLC, stp), "ethernet", "llc/0x42"},
		{"SNAP", linkFrame(layers.EthernetTypeLLC, hexBytes("aaaa03 00000c 9999 01020304")), "ethernet", "snap/0x00000c9999"},
		{"PPPoE", linkFrame(layers.EthernetTypePPPoESession, hexBytes("1100 0001 0006 8099 01020304")), "ppp", "ppp/0x8099"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := feed(t, Config{}, tt.frame, tt.frame)
			if len(o.flows) != 1 || len(o.ports) != 0 {
				t.Fatalf("%d flows, %d ports", len(o.flows), len(o.ports))
			}
			f := o.flows[0]
			if f.Transport != tt.transport || f.Network != "ethernet" || f.Carrier.String() != tt.carrier {
				t.Errorf("transport %s, network %s, carrier %s", f.Transport, f.Network, f.Carrier)
			}
			if f.HasPorts() || f.CommunityID != "" || f.Client.Packets != 2 || f.Client.Bytes != uint64(2*len(tt.frame)) {
				t.Errorf("ports %v, Community ID %q, %d packets, %d bytes", f.HasPorts(), f.CommunityID, f.Client.Packets, f.Client.Bytes)
			}
			if a, b := f.Client.Address(), f.Server.Address(); a != "02:00:00:00:00:01" || b != "01:80:c2:00:00:0e" {
				t.Errorf("%s -> %s", a, b)
			}
		})
	}
	all := make([][]byte, len(tests))
	for i := range tests {
		all[i] = tests[i].frame
	}
	if o := feed(t, Config{Ports: ports(t, "80")}, all...); len(o.flows) != 0 || o.summary.Packets != 0 {
		t.Errorf("%d flows, %d packets with a port asked for", len(o.flows), o.summary.Packets)
	}
}

// Packets of IP protocols without ports are flows between their addresses.
func TestIPProtocolsAreFlows(t *testing.T) {
	w := newWire("10.0.0.1:1", "10.0.0.2:2")
	web := newWire("10.0.0.1:40000", "10.0.0.2:8080").tcp(fromClient, "S", "")[14:54]
	ah := hexBytes("06 04 0000 00000001 00000002 000000000000000000000000")
	tests := []struct {
		name      string
		frame     []byte
		transport string
		carrier   string
		tunnel    string
	}{
		{"unassigned", serialize(ethernet(), w.ip(fromClient, 253), hexBytes("01020304")), "ip", "ip/253", ""},
		{"RSVP", serialize(ethernet(), w.ip(fromClient, 46), hexBytes("01020304")), "ip", "ip/46", ""},
		{"GRE that is not opened", serialize(ethernet(), w.ip(fromClient, 47), hexBytes("0000 2001 0102")), "ip", "ip/47", ""},
		{"GRE with a frame", serialize(ethernet(), w.ip(fromClient, 47), hexBytes("0000 6558"), gopacket.Payload(linkFrame(0x9999, hexBytes("0102")))), "ethernet", "eth/0x9999", "gre"},
		{"GRE with a packet", serialize(ethernet(), w.ip(fromClient, 47), hexBytes("0000 0800"), gopacket.Payload(web)), "tcp", "", "gre"},
		{"AH", serialize(ethernet(), w.ip(fromClient, 51), ah, gopacket.Payload(web[20:])), "tcp", "", "ah"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := feed(t, Config{}, tt.frame)
			if len(o.flows) != 1 || len(o.ports) != 0 {
				t.Fatalf("%d flows, %d ports", len(o.flows), len(o.ports))
			}
			f := o.flows[0]
			if f.Transport != tt.transport || f.Carrier.String() != tt.carrier || strings.Join(f.Tunnel, " ") != tt.tunnel {
				t.Errorf("transport %s, carrier %s, tunnel %v", f.Transport, f.Carrier, f.Tunnel)
			}
		})
	}
	// The value is that of the specification's baseline.
	w = newWire("10.1.12.1:1", "10.1.12.2:2")
	o := feed(t, Config{}, serialize(ethernet(), w.ip(fromClient, 46), hexBytes("01020304")))
	if f := o.flows[0]; f.CommunityID != "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=" || f.Network != "ipv4" {
		t.Errorf("Community ID %s, network %s", f.CommunityID, f.Network)
	}
}

func TestFrameAllocs(t *testing.T) {
	p := start(t, Config{}, &outcome{})
	f := frame(1, linkFrame(0x9999, hexBytes("0102030405")))
	for range 20 {
		if err := p.Packet(f); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(100, func() { _ = p.Packet(f) }); n != 0 {
		t.Errorf("%v allocations for a frame of a flow that is done", n)
	}
}

// Frames and packets without ports are named by what is in them, whatever the
// capture has in front of them.
func TestFramesAreNamed(t *testing.T) {
	w := newWire("10.0.0.1:1", "224.0.0.5:2")
	arp := hexBytes("0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002")
	reply := hexBytes("0001 0800 06 04 0002 020000000002 0a000002 020000000001 0a000001")
	unknown := hexBytes("0001 0800 06 04 0019 020000000001 0a000001 000000000000 0a000002")
	lldp := hexBytes("0207 04 020000000001 0406 05 6574683132 0602 0078 0a03 737731 0000")
	stp := hexBytes("42 42 03 0000 00 00 00 8000020000000001 00000000 8000020000000001 8001 0000 1400 0200 0f00")
	ospf := hexBytes("02 01 002c 0a000001 00000000 f29d 0000 0000000000000000 ffffff00 000a 02 01 00000028 00000000 00000000")
	const mac, group = "02:00:00:00:00:01", "01:80:c2:00:00:0e"
	tests := []struct {
		name           string
		link           capture.LinkType
		frames         [][]byte
		carrier        string
		protocol       string
		confidence     dissect.Confidence
		client, server string
	}{
		{"ARP", capture.LinkEthernet, [][]byte{linkFrame(layers.EthernetTypeARP, arp)}, "eth/0x0806", "arp", dissect.Likely, mac, group},
		{"ARP, answered", capture.LinkEthernet, [][]byte{
			linkFrame(layers.EthernetTypeARP, arp),
			serialize(hexBytes("020000000001 0180c200000e 0806"), reply),
		}, "eth/0x0806", "arp", dissect.Certain, mac, group},
		{"ARP, no such operation", capture.LinkEthernet, [][]byte{linkFrame(layers.EthernetTypeARP, unknown)}, "eth/0x0806", "", dissect.ConfidenceNone, mac, group},
		{"LLDP, tagged", capture.LinkEthernet, [][]byte{
			linkFrame(layers.EthernetTypeDot1Q, &layers.Dot1Q{VLANIdentifier: 7, Type: 0x88cc}, lldp),
		}, "eth/0x88cc", "lldp", dissect.Likely, mac, group},
		{"STP", capture.LinkEthernet, [][]byte{linkFrame(layers.EthernetTypeLLC, stp)}, "llc/0x42", "stp", dissect.Likely, mac, group},
		{"OSPF", capture.LinkEthernet, [][]byte{serialize(ethernet(), w.ip(fromClient, 89), ospf)}, "ip/89", "ospf", dissect.Likely, "10.0.0.1", "224.0.0.5"},
		{"ARP, cooked", capture.LinkSLL, [][]byte{serialize(hexBytes("0001 0001 0006 0200000000010000 0806"), arp)}, "eth/0x0806", "arp", dissect.Likely, mac, ""},
		{"STP, cooked", capture.LinkSLL, [][]byte{serialize(hexBytes("0002 0001 0006 0200000000010000 0004"), stp, hexBytes("0000000000000000"))}, "llc/0x42", "stp", dissect.Likely, mac, ""},
		{"LLDP, cooked 2", capture.LinkSLL2, [][]byte{serialize(hexBytes("88cc 0000 00000003 0001 02 06 0200000000010000"), lldp)}, "eth/0x88cc", "lldp", dissect.Likely, mac, ""},
		{"LLDP, cooked 2, tagged", capture.LinkSLL2, [][]byte{serialize(hexBytes("8100 0000 00000003 0001 02 06 0200000000010000 0007 88cc"), lldp)}, "eth/0x88cc", "lldp", dissect.Likely, mac, ""},
		{"IS-IS, Cisco HDLC", capture.LinkCHDLC, [][]byte{serialize(hexBytes("8f00 fefe 74 83 14 01 00 11 01 00 00 03 000000000001 001e 0017 00 810100"))}, "llc/0xfe", "isis", dissect.Likely, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := &outcome{}
			p := start(t, Config{}, o)
			for i, b := range tt.frames {
				f := frame(i+1, b)
				f.LinkType = tt.link
				if err := p.Packet(f); err != nil {
					t.Fatal(err)
				}
			}
			o.finish(p)
			if len(o.flows) != 1 {
				t.Fatalf("%d flows", len(o.flows))
			}
			f := o.flows[0]
			if got := f.Carrier.String(); got != tt.carrier || f.Client.Address() != tt.client || f.Server.Address() != tt.server {
				t.Errorf("%s %s -> %s, want %s %s -> %s", got, f.Client.Address(), f.Server.Address(), tt.carrier, tt.client, tt.server)
			}
			if got := strings.Join(f.Answer.Protocols, " "); got != tt.protocol || f.Answer.Confidence != tt.confidence {
				t.Errorf("%q, %v; want %q, %v", got, f.Answer.Confidence, tt.protocol, tt.confidence)
			}
		})
	}
}
