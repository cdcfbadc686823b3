// Package capture defines where frames come from: the [Source] interface and
// the [Packet] it fills, whatever the origin (a live interface, a saved
// capture, standard input).
//
// Packages below it implement sources: pcapfile reads and writes files in pure
// Go, live captures through libpcap or Npcap. capture itself imports nothing of
// this module, so that every stage can speak of packets without depending on
// how they were got.
package capture

import "time"

// Packet is one captured frame.
//
// The zero value is ready to be passed to [Source.Next]. Data, Process and
// Comments alias memory of the source and are valid until the next call of
// Next; copy them to keep them.
type Packet struct {
	// Number counts the packets of the source from 1. It is what a verdict's
	// evidence refers to, and equals Wireshark's frame number for a file.
	Number uint64
	// Timestamp is in nanoseconds since the Unix epoch, UTC.
	Timestamp int64
	// Data holds the captured bytes from the link layer on.
	Data []byte
	// Length is the frame's length on the wire in bytes; it exceeds len(Data)
	// where the capture cut the frame short (snap length).
	Length int
	// LinkType says how Data begins.
	LinkType LinkType
	// Interface indexes [Source.Interfaces].
	Interface int
	// Direction is the frame's direction seen from the capturing host.
	Direction Direction
	// Process is the process that the capture itself names for this packet
	// (pcapng with process information, PKTAP), or nil.
	Process *Process
	// Comments are the packet's textual comments (pcapng opt_comment).
	Comments []string
}

// Time returns the timestamp as a [time.Time] in UTC.
func (p *Packet) Time() time.Time { return time.Unix(0, p.Timestamp).UTC() }

// Direction is a frame's direction seen from the capturing host.
type Direction uint8

// The directions; DirectionUnknown is the zero value.
const (
	DirectionUnknown Direction = iota
	DirectionIn
	DirectionOut
)

// Process is what a capture says about the process behind a packet.
type Process struct {
	PID  int    // 0 when not known
	Name string // short name, as the capture gives it
	Path string // executable file; "" when not known
}

// Interface describes one origin of packets within a source.
type Interface struct {
	Name        string // "eth0"; may be empty in a file
	Description string
	LinkType    LinkType
	SnapLength  int // bytes; 0 = unlimited or unknown
}

// Stats counts what a source has seen so far.
type Stats struct {
	Received  uint64 // packets handed out or ready to be
	Dropped   uint64 // packets lost for want of buffer space (kernel and library)
	IfDropped uint64 // packets lost by the interface or its driver
	Truncated uint64 // packets shorter in the capture than on the wire
}

// Source gives packets one by one.
//
// Next fills p and returns nil, or returns io.EOF when the source has ended in
// good order. Any other error ends the source too; packets returned before it
// stay valid. A damaged file is reported as a *DamageError, after every packet
// that could be read has been returned. A live source returns [ErrTimeout] when
// its read timeout passed without a packet; call Next again.
//
// A Source is not safe for concurrent use, except that Close may be called at
// any time from another goroutine and makes a blocked Next return io.EOF.
type Source interface {
	Next(p *Packet) error
	Interfaces() []Interface
	Stats() Stats
	Close() error
}
