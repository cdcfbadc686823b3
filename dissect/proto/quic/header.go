package quic

import (
	"encoding/binary"

	"github.com/sniffid/sniffid/dissect/wire"
)

const (
	formLong = 0x80
	fixedBit = 0x40
	maxID    = 20 // bytes of a connection id, RFC 9000 §17.2
)

// longHeader is a packet with a long header, RFC 9000 §17.2. Its slices alias
// the datagram.
type longHeader struct {
	first       byte
	version     uint32
	destination []byte
	source      []byte
	// rest is the offset behind the part that all versions share, RFC 8999 §5.1.
	rest int
}

// parseLong reads the part of a long header that all versions share.
func parseLong(b []byte, size int) (longHeader, wire.State) {
	c := wire.NewCursor(b, size)
	h := longHeader{first: c.U8(), version: c.U32()}
	h.destination = c.Bytes(int(c.U8()))
	h.source = c.Bytes(int(c.U8()))
	h.rest = c.Pos()
	return h, c.State()
}

// packet is a packet of a known version that says its length.
type packet struct {
	kind  byte
	token int // bytes
	// number is the offset of the packet number and end that of the packet's
	// end.
	number, end int
}

// parsePacket reads the header behind the shared part, RFC 9000 §17.2.2 to
// §17.2.5. A Retry reaches to the end of the datagram.
func (h *longHeader) parsePacket(v *version, b []byte, size int) (packet, wire.State) {
	p := packet{kind: (h.first>>4 + v.shift) & 3, end: size}
	if p.kind == retry {
		return p, wire.Whole
	}
	c := wire.NewCursor(b, size)
	c.Skip(h.rest)
	if p.kind == initial {
		p.token = length(&c, c.Varint())
		c.Skip(p.token)
	}
	n := length(&c, c.Varint())
	p.number = c.Pos()
	p.end = p.number + n
	// A packet number and the sample behind it, RFC 9001 §5.4.2.
	c.Require(n >= 4+sampleLen && n <= c.Left())
	return p, c.State()
}

// versions reads the list of a Version Negotiation packet, RFC 9000 §17.2.1. It
// counts the numbers that are known, drafts and reserved ones included; ok says
// that the list is one.
func versions(list []byte, size int) (known int, ok bool) {
	if size == 0 || size%4 != 0 {
		return 0, false
	}
	for ; len(list) >= 4; list = list[4:] {
		number := binary.BigEndian.Uint32(list)
		if _, listed := lookup(number); listed || reserved(number) {
			known++
		}
		if number == 0 {
			return 0, false
		}
	}
	return known, true
}
