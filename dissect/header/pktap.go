package header

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/sniffid/sniffid/capture"
)

// pktap decodes Apple's PKTAP header, little endian in files
// (bsd/net/pktap.h): header length, type of what follows, its link type, and
// further on the process that the packet belongs to.
func (p *Packet) pktap(s span) {
	const (
		typeAt, linkAt, pidAt, nameAt, nameLength = 4, 8, 52, 56, 17
		minimum                                   = nameAt + nameLength
		typePacket                                = 1
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
	if link <= math.MaxUint16 {
		p.link(capture.LinkType(link), s.from(length))
	}
}
