package quic

import (
	"slices"

	"github.com/sniffid/sniffid/dissect/wire"
)

const (
	// maxCrypto bounds the handshake bytes that are put together.
	maxCrypto = 32 << 10
	// maxSpans bounds the pieces that wait for what comes before them.
	maxSpans = 64
)

// The frames that Initial packets may hold, RFC 9000 §12.4.
const (
	framePadding = 0x00
	framePing    = 0x01
	frameACK     = 0x02
	frameACKECN  = 0x03
	frameCrypto  = 0x06
	frameClose   = 0x1c
)

// stream puts the pieces of a CRYPTO stream in order, RFC 9000 §7.5. Clients
// send them shuffled, and spread over packets.
type stream struct {
	data  []byte
	spans []span // sorted, neither touching nor overlapping
}

type span struct{ from, to int }

// add takes in the bytes at an offset. What is beyond the bounds is dropped.
func (s *stream) add(offset uint64, b []byte) {
	if len(b) == 0 || offset > maxCrypto || int(offset)+len(b) > maxCrypto {
		return
	}
	at := span{int(offset), int(offset) + len(b)}
	i := 0
	for i < len(s.spans) && s.spans[i].to < at.from {
		i++
	}
	j := i
	merged := at
	for j < len(s.spans) && s.spans[j].from <= at.to {
		merged.from = min(merged.from, s.spans[j].from)
		merged.to = max(merged.to, s.spans[j].to)
		j++
	}
	if i == j && len(s.spans) == maxSpans {
		return
	}
	s.spans = slices.Replace(s.spans, i, j, merged)
	if grow := at.to - len(s.data); grow > 0 {
		s.data = append(s.data, make([]byte, grow)...)
	}
	copy(s.data[at.from:], b)
}

// head is what is there from the beginning on without a hole.
func (s *stream) head() []byte {
	if len(s.spans) == 0 || s.spans[0].from != 0 {
		return nil
	}
	return s.data[:s.spans[0].to]
}

// message returns the body of the stream's first handshake message if it is of
// type t, as far as it is there, with its size.
func (s *stream) message(t byte) (body []byte, size int) {
	b := s.head()
	if len(b) < 4 || b[0] != t {
		return nil, 0
	}
	return b[4:], int(b[1])<<16 | int(b[2])<<8 | int(b[3])
}

// frames reads the frames of an Initial packet's payload, of size bytes if the
// capture did not cut it, and adds what its CRYPTO frames hold. It stops at the
// first that is malformed, cut or not allowed; closed says that one closed the
// connection.
func (s *stream) frames(payload []byte, size int) (closed bool) {
	c := wire.NewCursor(payload, size)
	for c.OK() && c.Left() > 0 {
		switch c.Varint() {
		case framePadding, framePing:
		case frameACK:
			skipACK(&c)
		case frameACKECN:
			skipACK(&c)
			for range 3 {
				c.Varint()
			}
		case frameCrypto:
			offset := c.Varint()
			data := c.Sub(length(&c, c.Varint()))
			s.add(offset, data.Rest())
		case frameClose:
			return c.OK()
		default:
			return false
		}
	}
	return false
}

// skipACK moves past the body of an ACK frame, RFC 9000 §19.3.
func skipACK(c *wire.Cursor) {
	c.Varint() // largest acknowledged
	c.Varint() // delay
	ranges := c.Varint()
	c.Varint() // first range
	for ; ranges > 0 && c.OK(); ranges-- {
		c.Varint()
		c.Varint()
	}
}

// length makes an int of n, one too large for c where n is.
func length(c *wire.Cursor, n uint64) int {
	return int(min(n, uint64(c.Left())+1))
}
