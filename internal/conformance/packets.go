package main

import (
	"encoding/binary"
	"net/netip"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect/header"
)

// opener decodes packets and makes new ones with other ports or another cut of
// their payload. One is used for one capture.
type opener struct {
	headers header.Packet
}

// open returns the transport layer of a packet that is TCP or UDP without
// tunnels and fragments, the only ones that are reshaped.
func (o *opener) open(p *capture.Packet) (*header.Layer, bool) {
	l, ok := o.outermost(p)
	return l, ok && o.headers.Len() == 1
}

// outermost returns the outer transport layer of a packet, if it is TCP or UDP.
func (o *opener) outermost(p *capture.Packet) (*header.Layer, bool) {
	h := &o.headers
	h.Decode(p.LinkType, p.Data, p.Length)
	if h.Len() == 0 || len(h.Tunnels(0)) > 0 {
		return nil, false
	}
	l := h.Layer(0)
	return l, l.Transport && !l.Fragment && (l.Proto == header.TCP || l.Proto == header.UDP)
}

// segment is a transport layer that a packet is made from.
type segment struct {
	src, dst netip.AddrPort
	proto    header.Proto
	ttl      uint8
	seq, ack uint32
	flags    header.TCPFlags
	window   uint16
	payload  []byte
	size     int // of the payload on the wire
}

func segmentOf(l *header.Layer) segment {
	return segment{
		src: netip.AddrPortFrom(l.Src, l.SrcPort), dst: netip.AddrPortFrom(l.Dst, l.DstPort),
		proto: l.Proto, ttl: l.TTL, seq: l.Seq, ack: l.Ack, flags: l.Flags, window: l.Window,
		payload: l.Payload, size: l.PayloadSize,
	}
}

const (
	ipv4Header = 20
	ipv6Header = 40
	tcpHeader  = 20
	udpHeader  = 8
)

// packet makes the raw IP packet of a segment, without checksums, which nobody
// asks for. The rest is taken from like.
func (s *segment) packet(like *capture.Packet) *capture.Packet {
	transport := tcpHeader
	if s.proto == header.UDP {
		transport = udpHeader
	}
	var b []byte
	if s.src.Addr().Is4() {
		b = make([]byte, ipv4Header, ipv4Header+transport+len(s.payload))
		b[0] = 0x45
		binary.BigEndian.PutUint16(b[2:], uint16(min(ipv4Header+transport+s.size, 0xffff)))
		b[8], b[9] = s.ttl, byte(s.proto)
		copy(b[12:], s.src.Addr().AsSlice())
		copy(b[16:], s.dst.Addr().AsSlice())
	} else {
		b = make([]byte, ipv6Header, ipv6Header+transport+len(s.payload))
		b[0] = 0x60
		binary.BigEndian.PutUint16(b[4:], uint16(min(transport+s.size, 0xffff)))
		b[6], b[7] = byte(s.proto), s.ttl
		copy(b[8:], s.src.Addr().AsSlice())
		copy(b[24:], s.dst.Addr().AsSlice())
	}
	length := len(b) + transport + s.size
	b = binary.BigEndian.AppendUint16(b, s.src.Port())
	b = binary.BigEndian.AppendUint16(b, s.dst.Port())
	if s.proto == header.UDP {
		b = binary.BigEndian.AppendUint16(b, uint16(min(udpHeader+s.size, 0xffff)))
		b = append(b, 0, 0)
	} else {
		b = binary.BigEndian.AppendUint32(b, s.seq)
		b = binary.BigEndian.AppendUint32(b, s.ack)
		b = append(b, tcpHeader/4<<4, byte(s.flags))
		b = binary.BigEndian.AppendUint16(b, s.window)
		b = append(b, 0, 0, 0, 0)
	}
	b = append(b, s.payload...)
	return &capture.Packet{Timestamp: like.Timestamp, Data: b, Length: length, LinkType: capture.LinkRaw, Direction: like.Direction}
}

// piece returns the part of a TCP segment from byte i of its payload up to byte
// j. Control flags that belong to the segment's end stay with the last piece.
func (s *segment) piece(i, j int) segment {
	p := *s
	p.seq += uint32(i)
	if s.flags.Has(header.SYN) && i > 0 {
		p.seq++
		p.flags &^= header.SYN
	}
	p.payload, p.size = s.payload[i:j], j-i
	if j < len(s.payload) {
		p.flags &^= header.FIN | header.RST | header.PSH
	}
	return p
}
