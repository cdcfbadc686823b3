package header

import "encoding/binary"

// radiotap skips a radiotap header (https://www.radiotap.org) to the IEEE
// 802.11 frame behind it.
func (p *Packet) radiotap(s span) {
	if !p.need(s, 8) {
		return
	}
	length := int(binary.LittleEndian.Uint16(s.b[2:]))
	if length < 8 {
		p.Damage |= BadHeader
		return
	}
	if !p.need(s, length) {
		return
	}
	flags := radiotapFlags(s.b[:length])
	s = s.from(length)
	const fcsAtEnd, padded = 0x10, 0x20
	if flags&fcsAtEnd != 0 && s.n >= 4 {
		s = s.resize(s.n - 4)
	}
	p.wifiFrame(s, flags&padded != 0)
}

// radiotapFlags returns the flags field of a radiotap header, or 0.
func radiotapFlags(b []byte) byte {
	const tsft, flags, more = 1 << 0, 1 << 1, 1 << 31
	at := 4
	first := binary.LittleEndian.Uint32(b[at:])
	for present := first; ; present = binary.LittleEndian.Uint32(b[at:]) {
		at += 4
		if present&more == 0 {
			break
		}
		if at+4 > len(b) {
			return 0
		}
	}
	if first&tsft != 0 {
		at = (at+7)&^7 + 8 // 8 bytes, aligned
	}
	if first&flags == 0 || at >= len(b) {
		return 0
	}
	return b[at]
}

func (p *Packet) wifi(s span) { p.wifiFrame(s, false) }

// wifiFrame decodes an IEEE 802.11 data frame (IEEE 802.11-2020 §9.3.2). Padded
// says that the header is filled up to a multiple of four bytes.
func (p *Packet) wifiFrame(s span, padded bool) {
	if !p.step() || !p.need(s, 24) {
		return
	}
	const typeMask, typeData = 0x0f, 0x08 // with the version, which is 0
	kind, flags := s.b[0], s.b[1]
	if kind&typeMask != typeData {
		return
	}
	const noData, qos = 0x40, 0x80 // bits of the subtype
	const toDS, fromDS, protected, order = 0x01, 0x02, 0x40, 0x80
	if kind&noData != 0 {
		return
	}
	fragment := s.b[22] & 0x0f
	header := 24
	src, dst := 10, 4
	switch flags & (toDS | fromDS) {
	case toDS:
		dst = 16
	case fromDS:
		src = 16
	case toDS | fromDS:
		src, dst, header = 24, 16, 30
	}
	control := header
	if kind&qos != 0 {
		header += 2
		if flags&order != 0 {
			header += 4 // HT control
		}
	}
	if !p.need(s, header) {
		return
	}
	copy(p.SrcMAC[:], s.b[src:])
	copy(p.DstMAC[:], s.b[dst:])
	p.HasMAC = true
	if flags&protected != 0 {
		p.Protected = true
		return
	}
	if fragment != 0 {
		return // the rest of an MSDU whose LLC header is elsewhere
	}
	aggregate := kind&qos != 0 && s.b[control]&0x80 != 0
	if padded {
		header = (header + 3) &^ 3
	}
	s = s.from(header)
	if aggregate { // the first subframe: addresses, length, MSDU
		if !p.need(s, 14) {
			return
		}
		length := int(be16(s.b[12:]))
		if s = s.from(14); length <= s.n {
			s = s.resize(length)
		}
	}
	p.llc(s)
}
