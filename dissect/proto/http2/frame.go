package http2

import (
	"encoding/binary"
	"math/bits"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// frameType is the type of a frame (RFC 9113 §6; the last three are extensions).
type frameType uint8

const (
	typeData           frameType = 0x00
	typeHeaders        frameType = 0x01
	typePriority       frameType = 0x02
	typeReset          frameType = 0x03
	typeSettings       frameType = 0x04
	typePushPromise    frameType = 0x05
	typePing           frameType = 0x06
	typeGoAway         frameType = 0x07
	typeWindowUpdate   frameType = 0x08
	typeContinuation   frameType = 0x09
	typeAltSvc         frameType = 0x0a // RFC 7838 §4
	typeOrigin         frameType = 0x0c // RFC 8336 §2.1
	typePriorityUpdate frameType = 0x10 // RFC 9218 §7.1
)

// The flags that matter here. END_STREAM and ACK share a bit.
const (
	flagAck        = 0x01
	flagEndHeaders = 0x04
	flagPadded     = 0x08
	flagPriority   = 0x20
)

const (
	headerLen    = 9       // bytes of a frame header, RFC 9113 §4.1
	defaultFrame = 1 << 14 // bytes, SETTINGS_MAX_FRAME_SIZE until told otherwise
	noLimit      = 1<<24 - 1
)

// header is a frame header.
type header struct {
	length int // bytes of payload
	typ    frameType
	flags  uint8
	stream uint32
}

func parseHeader(b []byte) header {
	return header{
		length: int(b[0])<<16 | int(binary.BigEndian.Uint16(b[1:])),
		typ:    frameType(b[3]),
		flags:  b[4],
		stream: binary.BigEndian.Uint32(b[5:]),
	}
}

// size is the length of the whole frame in bytes.
func (h header) size() int { return headerLen + h.length }

// streamRule says which stream a frame may belong to.
type streamRule uint8

const (
	anyStream  streamRule = iota
	connection            // stream 0
	oneStream             // any but 0
)

// rule is what the specification says about the header of one type of frame.
type rule struct {
	name     string
	flags    uint8 // those that are defined
	min, max int   // bytes of payload
	stream   streamRule
	from     dissect.From
}

// ruleOf returns the rule of a type; false for a type that is not known, which
// a receiver ignores (RFC 9113 §5.5).
func ruleOf(t frameType) (rule, bool) {
	switch t {
	case typeData:
		return rule{name: "data", flags: 0x09, max: noLimit, stream: oneStream}, true
	case typeHeaders:
		return rule{name: "headers", flags: 0x2d, max: noLimit, stream: oneStream}, true
	case typePriority:
		return rule{name: "priority", min: 5, max: 5, stream: oneStream}, true
	case typeReset:
		return rule{name: "rst_stream", min: 4, max: 4, stream: oneStream}, true
	case typeSettings:
		return rule{name: "settings", flags: flagAck, max: maxSettings * settingLen, stream: connection}, true
	case typePushPromise:
		return rule{name: "push_promise", flags: 0x0c, min: 4, max: noLimit, stream: oneStream, from: dissect.FromServerOnly}, true
	case typePing:
		return rule{name: "ping", flags: flagAck, min: 8, max: 8, stream: connection}, true
	case typeGoAway:
		return rule{name: "goaway", min: 8, max: noLimit, stream: connection}, true
	case typeWindowUpdate:
		return rule{name: "window_update", min: 4, max: 4}, true
	case typeContinuation:
		return rule{name: "continuation", flags: flagEndHeaders, max: noLimit, stream: oneStream}, true
	case typeAltSvc:
		return rule{name: "altsvc", min: 2, max: noLimit, from: dissect.FromServerOnly}, true
	case typeOrigin:
		return rule{name: "origin", max: noLimit, stream: connection, from: dissect.FromServerOnly}, true
	case typePriorityUpdate:
		return rule{name: "priority_update", min: 4, max: noLimit, stream: connection, from: dissect.FromClientOnly}, true
	}
	return rule{name: "extension", flags: 0xff, max: noLimit, stream: anyStream}, false
}

// permits reports whether a frame of the rule may have this header. limit is
// the longest payload, in bytes, that the receiver takes.
func (u rule) permits(h header, from flow.Direction, limit int) bool {
	switch {
	case h.flags&^u.flags != 0, h.stream>>31 != 0, !u.from.Allows(from):
		return false
	case h.length < u.min, h.length > min(u.max, limit):
		return false
	case u.stream == connection && h.stream != 0, u.stream == oneStream && h.stream == 0:
		return false
	}
	switch h.typ {
	case typeSettings:
		return h.length%settingLen == 0 && (h.flags&flagAck == 0 || h.length == 0)
	case typeHeaders, typeData:
		// A client opens streams of odd numbers and never answers on even ones;
		// a server's frames belong to either (RFC 9113 §5.1.1).
		return from == flow.FromServer || h.stream%2 == 1
	case typePushPromise:
		return h.stream%2 == 1
	}
	return true
}

// bits counts what permits has verified.
func (u rule) bits(h header, limit int) int {
	n := 4 + 8 - bits.OnesCount8(u.flags) // one of about sixteen types; flags
	if u.min == u.max || h.typ == typeSettings && h.flags&flagAck != 0 {
		n += 24
	} else {
		n += 24 - bits.Len(uint(min(u.max, limit)))
	}
	if u.stream == connection {
		return n + 32
	}
	return n + 1 // the reserved bit
}

// possible reports whether b, shorter than a header, may be the head of a
// frame whose receiver takes no more than limit bytes.
func possible(b []byte, from flow.Direction, limit int) bool {
	if len(b) < 4 {
		return int(b[0])<<16 <= limit
	}
	u, _ := ruleOf(frameType(b[3]))
	return u.from.Allows(from) && (len(b) < 5 || b[4]&^u.flags == 0)
}
