// Package header decodes the headers of a captured frame, from the link layer
// to the transport layer and through tunnels, without allocating.
//
// One [Packet] is reused for every frame. [Packet.Decode] never fails: what
// makes no sense ends the decoding there and is noted in [Packet.Damage]. The
// result is a short list of [Layer] values, one for each IP header on the way
// in, outermost first:
//
//	var p header.Packet
//	p.Decode(frame.LinkType, frame.Data, frame.Length)
//	for i := 0; i < p.Len(); i++ {
//		l := p.Layer(i)
//		// A fragment has no ports yet: see package fragment, and
//		// Packet.Reassembled, which may add layers. What never becomes whole
//		// can be decoded as far as it goes by Packet.DecodeIncomplete.
//		// Otherwise l is a packet of the flow l.Src:l.SrcPort -> l.Dst:l.DstPort.
//	}
//
// What a link layer carries that is no IP (ARP, LLDP, spanning tree) is in
// [Packet.Frame], with the number that says what it is.
//
// A UDP datagram that carries a tunnel (VXLAN, Geneve, GTP-U, Teredo, L2TP) is
// a layer of its own with its payload, followed by the layer inside. Such
// tunnels are recognised by their structure and that of the packet inside,
// never by a port number.
//
// Checksums are not verified: with checksum offload, the frames that a host
// sends are captured before the checksums are filled in.
package header
