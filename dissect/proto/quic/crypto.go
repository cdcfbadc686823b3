package quic

import "github.com/sniffid/sniffid/dissect/wire"

// The frames that Initial packets may hold, RFC 9000 §12.4.
const (
	framePadding = 0x00
	framePing    = 0x01
	frameACK     = 0x02
	frameACKECN  = 0x03
	frameCrypto  = 0x06
)

// stream is a CRYPTO stream, RFC 9000 §7.5. Clients send its pieces shuffled, and
// spread over packets.
type stream struct{ wire.Pieces }

// message returns the body of the stream's first handshake message if it is of
// type t, as far as it is there, with its size.
func (s *stream) message(t byte) (body []byte, size int) {
	b := s.Head()
	if len(b) < 4 || b[0] != t {
		return nil, 0
	}
	return b[4:], int(b[1])<<16 | int(b[2])<<8 | int(b[3])
}

// frames reads the frames of an Initial packet's payload, of size bytes if the
// capture did not cut it, and adds what its CRYPTO frames hold. It stops at the
// first that is malformed, cut or of no interest.
func (s *stream) frames(payload []byte, size int) {
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
			s.Add(offset, data.Rest())
		default:
			return // CONNECTION_CLOSE, or what is not allowed here
		}
	}
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
