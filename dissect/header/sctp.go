package header

// sctp decodes the common header of SCTP (RFC 9260 §3.1). So that a connection
// can be followed as one of TCP, Flags has the control bits that correspond to
// the chunks.
func (p *Packet) sctp(l *Layer, s span) {
	const header = 12
	if !p.need(s, header) {
		l.carry(span{})
		return
	}
	l.Transport = true
	l.SrcPort, l.DstPort = be16(s.b), be16(s.b[2:])
	l.carry(s.from(header))
	const looked = 8 // chunks; those that matter come first
	c, rest, ok := NextChunk(l.Payload)
	for i := 0; ok && i < looked; i++ {
		l.Flags |= c.flags()
		c, rest, ok = NextChunk(rest)
	}
}

// ChunkType is the type of an SCTP chunk, RFC 9260 §3.2.
type ChunkType uint8

// Chunk types.
const (
	ChunkData             ChunkType = 0
	ChunkInit             ChunkType = 1
	ChunkInitAck          ChunkType = 2
	ChunkAbort            ChunkType = 6
	ChunkShutdown         ChunkType = 7
	ChunkShutdownAck      ChunkType = 8
	ChunkShutdownComplete ChunkType = 14
	ChunkIData            ChunkType = 64 // RFC 8260
)

// Chunk is one chunk of an SCTP packet.
type Chunk struct {
	Type  ChunkType
	Flags uint8
	// Begins and Ends say that the first or last byte of a user message is in
	// this chunk. TSN, Stream, PPID, Begins, Ends, Data and Size are valid for
	// ChunkData and ChunkIData. PPID is 0 in an I-DATA chunk that does not begin
	// a message.
	Begins, Ends bool
	TSN          uint32
	Stream       uint16
	PPID         uint32
	// Data are the captured bytes of the user message in the chunk, Size how
	// many there were on the wire.
	Data []byte
	Size int
}

func (c *Chunk) flags() TCPFlags {
	switch c.Type {
	case ChunkInit:
		return SYN
	case ChunkInitAck:
		return SYN | ACK
	case ChunkAbort:
		return RST
	case ChunkShutdown, ChunkShutdownAck:
		return FIN | ACK
	}
	return ACK
}

// NextChunk decodes the first chunk of b, an SCTP layer's payload or the rest
// of it, and returns what follows. It reports false at the end, or where b does
// not go on with a chunk.
func NextChunk(b []byte) (c Chunk, rest []byte, ok bool) {
	const header = 4
	if len(b) < header {
		return c, nil, false
	}
	length := int(be16(b[2:]))
	if length < header {
		return c, nil, false
	}
	c.Type, c.Flags = ChunkType(b[0]), b[1]
	if c.Type == ChunkData || c.Type == ChunkIData {
		data := 16 // RFC 9260 §3.3.1
		if c.Type == ChunkIData {
			data = 20 // RFC 8260 §2.1
		}
		if length < data || len(b) < data {
			return c, nil, false
		}
		const ends, begins = 1, 2
		c.Begins, c.Ends = c.Flags&begins != 0, c.Flags&ends != 0
		c.TSN, c.Stream = be32(b[4:]), be16(b[8:])
		switch {
		case c.Type == ChunkData:
			c.PPID = be32(b[12:])
		case c.Begins:
			c.PPID = be32(b[16:])
		}
		c.Data, c.Size = b[data:min(length, len(b))], length-data
	}
	return c, b[min((length+3)&^3, len(b)):], true
}
