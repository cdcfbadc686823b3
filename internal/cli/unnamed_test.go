package cli

import (
	"net"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
)

// unnamed is a script's command: it writes a capture of a protocol that nobody
// has, four requests and answers over UDP with a length behind a number.
func unnamed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: unnamed FILE")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	w, err := pcapfile.NewWriter(f, pcapfile.WriterConfig{Interfaces: []capture.Interface{{LinkType: capture.LinkRaw}}})
	ts.Check(err)
	for i := range 8 {
		client, server := net.IP{192, 0, 2, 10}, net.IP{192, 0, 2, 20}
		from, to := layers.UDPPort(40000+i/2), layers.UDPPort(4711)
		payload := []byte{0xC7, 0x51, 0x9A, 0x02, byte(17 * i), byte(91 * i), 0, byte(i + 5)}
		if i%2 == 1 {
			client, server, from, to = server, client, to, from
			payload[3] = 0x03
		}
		payload = append(payload, "\x80\xfe\x13\x9b\xa4\xee\x01\xd2\xc9\x88\x11\xf0"[:i+5]...)
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: client, DstIP: server}
		udp := &layers.UDP{SrcPort: from, DstPort: to}
		ts.Check(udp.SetNetworkLayerForChecksum(ip))
		b := gopacket.NewSerializeBuffer()
		ts.Check(gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, udp, gopacket.Payload(payload)))
		ts.Check(w.Write(&capture.Packet{
			Number: uint64(i + 1), Timestamp: 1_700_000_000e9 + int64(i)*1e6, Data: b.Bytes(), Length: len(b.Bytes()), LinkType: capture.LinkRaw,
		}))
	}
	ts.Check(w.Flush())
}
