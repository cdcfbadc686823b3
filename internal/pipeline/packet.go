package pipeline

import (
	"net/netip"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/fragment"
	"github.com/sniffid/sniffid/dissect/header"
)

// Packet looks at one packet. A packet of a flow whose identification is over
// costs the decoding of its headers, one look-up and a few counters. The error
// is that of [Config.OnPacket].
func (p *Pipeline) Packet(pkt *capture.Packet) error {
	p.packet, p.current = pkt, nil
	p.works.settle()
	h := &p.headers
	h.Decode(pkt.LinkType, pkt.Data, pkt.Length)
	if !p.config.Ports.Empty() && !p.selected() {
		return nil
	}
	p.summary.Packets++
	p.summary.Bytes += uint64(pkt.Length)
	if pkt.Length > len(pkt.Data) {
		p.summary.Truncated++
	}
	if h.Damage.Malformed() {
		p.summary.Malformed++
	}
	// Reassembled fragments may add layers while this runs.
	for i := 0; i < h.Len(); i++ {
		p.layer(i)
	}
	if f := h.Frame(); f != nil && p.config.Ports.Empty() {
		p.frame(h, f, 1, f.Length)
	}
	if p.config.OnPacket == nil {
		return nil
	}
	if p.current != nil && pkt.Process == nil {
		p.attachProcess(pkt)
	}
	return p.config.OnPacket(pkt)
}

// selected reports whether the packet has one of the ports asked for, itself or
// quoted by an ICMP error. A fragment is selected: its ports are not known.
func (p *Pipeline) selected() bool {
	for i := range p.headers.Len() {
		l := p.headers.Layer(i)
		if l.Fragment || l.Transport && p.portAsked(l.Proto, l.SrcPort, l.DstPort) {
			return true
		}
		if o := &l.Original; o.Version != 0 && o.Ports && p.portAsked(o.Proto, o.SrcPort, o.DstPort) {
			return true
		}
	}
	return false
}

func (p *Pipeline) portAsked(proto header.Proto, a, b uint16) bool {
	name := transportName(uint8(proto))
	return p.config.Ports.Has(name, a) || p.config.Ports.Has(name, b)
}

// layer looks at the i-th IP packet within the frame.
func (p *Pipeline) layer(i int) {
	l := p.headers.Layer(i)
	if l.Fragment {
		p.fragment(i, l)
		return
	}
	p.whole(&p.headers, i, 1, l.Length)
}

// whole looks at the i-th layer of h once it is no fragment. Packets and length
// count what it came in.
func (p *Pipeline) whole(h *header.Packet, i, packets, length int) {
	l := h.Layer(i)
	frame := h.Frame()
	inner := i+1 < h.Len() || frame != nil && frame.Around(i)
	ports := hasPorts(l.Proto)
	if inner && !ports || ports && !l.Transport {
		return // a tunnel, named by the flow inside it; or headers that were cut off
	}
	if p.config.Ports.Empty() || ports && p.portAsked(l.Proto, l.SrcPort, l.DstPort) {
		p.track(h, i, packets, length)
	}
	if l.Refuses() {
		p.refused(l)
	}
}

func hasPorts(proto header.Proto) bool {
	switch proto {
	case header.TCP, header.UDP, header.UDPLite, header.SCTP:
		return true
	}
	return false
}

// fragment collects a fragment; the last one brings the whole packet.
func (p *Pipeline) fragment(i int, l *header.Layer) {
	d, whole := p.fragments.Push(&fragment.Fragment{
		Src: l.Src, Dst: l.Dst, Proto: uint8(l.Proto), ID: l.FragmentID, Scope: l.Scope,
		Offset: l.FragmentOffset, More: l.MoreFragments,
		Data: l.Payload, Size: l.PayloadSize, Length: l.Length,
		Packet: p.packet.Number, Timestamp: p.packet.Timestamp,
	})
	if !whole {
		return
	}
	p.headers.Reassembled(i, d.Data, d.Size)
	p.whole(&p.headers, i, d.Packets, d.Bytes)
}

// incomplete looks at the start of a packet whose other fragments never came.
// Another packet may be at hand meanwhile.
func (p *Pipeline) incomplete(i *fragment.Incomplete) {
	at, current := p.packet, p.current
	p.packet, p.current = &capture.Packet{Number: i.Packet, Timestamp: i.Timestamp}, nil
	p.partial.DecodeIncomplete(i.Src, i.Dst, header.Proto(i.Proto), i.Scope, i.Data)
	for n := range p.partial.Len() {
		p.whole(&p.partial, n, i.Packets, i.Bytes)
	}
	if f := p.partial.Frame(); f != nil && p.config.Ports.Empty() {
		p.frame(&p.partial, f, i.Packets, f.Length)
	}
	p.packet, p.current = at, current
}

// track finds the flow of the i-th layer of h and hands it the payload.
func (p *Pipeline) track(h *header.Packet, i, packets, length int) {
	l := h.Layer(i)
	fp := flow.Packet{
		Number: p.packet.Number, Timestamp: p.packet.Timestamp,
		Src: netip.AddrPortFrom(l.Src, l.SrcPort), Dst: netip.AddrPortFrom(l.Dst, l.DstPort),
		Proto: uint8(l.Proto), Scope: l.Scope,
		ICMPType: l.ICMPType, ICMPCode: l.ICMPCode, ICMPID: l.ICMPID,
		Packets: packets, Length: length, Payload: l.PayloadSize,
	}
	if l.Proto == header.TCP || l.Proto == header.SCTP {
		fp.Flags, fp.Seq = uint8(l.Flags), l.Seq
	}
	f, d, fresh := p.table.Update(&fp)
	p.current, p.direction = f, d
	if fresh {
		f.Value.first = p.packet.Number
		f.Tunnels = h.Tunnels(i)
		if l.Authenticated {
			f.Tunnels = append(f.Tunnels, "ah")
		}
		p.ask(f)
		f.Value.asked[d] = l.PayloadSize > 0
	}
	p.noteProcess(f, d)
	if !f.Value.concluded && (l.PayloadSize > 0 || l.Proto == header.TCP) {
		p.payload(f, d, l)
	}
}

// frame finds the flow of a frame that carries no IP and hands it the payload.
func (p *Pipeline) frame(h *header.Packet, l *header.Frame, packets, length int) {
	p.link = flow.Link{Field: uint8(l.Field), Number: l.Number, Ends: [2]flow.MAC{l.Src, l.Dst}}
	f, d, fresh := p.table.Update(&flow.Packet{
		Number: p.packet.Number, Timestamp: p.packet.Timestamp, Link: &p.link, Scope: l.Scope,
		Packets: packets, Length: length, Payload: l.PayloadSize,
	})
	if fresh {
		f.Value.first = p.packet.Number
		f.Tunnels = h.FrameTunnels()
	}
	if !f.Value.concluded && (l.PayloadSize == 0 || !p.sheds(f, d)) {
		defer p.survive(f)
		p.observe(f, d, flow.Segment{Data: l.Payload, Size: l.PayloadSize, Packet: p.packet.Number})
	}
}

// refused notes what an ICMP error says about the flow that it quotes.
func (p *Pipeline) refused(l *header.Layer) {
	o := &l.Original
	src, dst := netip.AddrPortFrom(o.Src, o.SrcPort), netip.AddrPortFrom(o.Dst, o.DstPort)
	if f := p.table.Refuse(uint8(o.Proto), l.Scope, src, dst, p.packet.Number); f != nil {
		p.update(f)
	}
}
