package header

import (
	"bytes"
	"encoding/binary"

	"github.com/sniffid/sniffid/capture"
)

// pktap decodes Apple's PKTAP header, little endian in files
// (bsd/net/pktap.h): header length, type of what follows, its link type, and
// further on the process that the packet belongs to.
func (p *Packet) pktap(s span) {
	const (
		typeAt, linkAt, preAt, pidAt, nameAt, nameLength = 4, 8, 44, 52, 56, 17
		minimum                                          = nameAt + nameLength
		typePacket                                       = 1
	)
	if !p.need(s, minimum) {
		return
	}
	length := int(binary.LittleEndian.Uint32(s.b))
	if length < minimum || length > s.n || p.HasProcess {
		p.Damage |= BadHeader
		return
	}
	if binary.LittleEndian.Uint32(s.b[typeAt:]) != typePacket {
		return
	}
	p.PID = int32(binary.LittleEndian.Uint32(s.b[pidAt:]))
	name, _, _ := bytes.Cut(s.b[nameAt:nameAt+nameLength], []byte{0})
	p.ProcessName, p.HasProcess = name, p.PID > 0 || len(name) != 0
	link := binary.LittleEndian.Uint32(s.b[linkAt:])
	// Frames of devices without a link type of their own say how long their
	// header is; it cannot be decoded, what follows is IP.
	if link == 0 || link > 0xffff {
		if pre := int(binary.LittleEndian.Uint32(s.b[preAt:])); link > 0xffff && pre <= s.n {
			p.ip(s.from(length).from(pre))
			return
		}
	}
	p.link(capture.LinkType(link), s.from(length))
}
