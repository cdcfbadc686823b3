package pipeline

import (
	"encoding/hex"
	"net"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
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
