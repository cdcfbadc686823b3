package websocket

import (
	"encoding/binary"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// opcode is the kind of a frame (RFC 6455 §5.2).
type opcode uint8

const (
	opContinuation opcode = 0x0
	opText         opcode = 0x1
	opBinary       opcode = 0x2
	opClose        opcode = 0x8
	opPing         opcode = 0x9
	opPong         opcode = 0xA
)

func (o opcode) control() bool { return o&0x8 != 0 }

// String returns the frame's name, "" for an opcode that is reserved.
func (o opcode) String() string {
	switch o {
	case opContinuation:
		return "continuation"
	case opText:
		return "text"
	case opBinary:
		return "binary"
	case opClose:
		return "close"
	case opPing:
		return "ping"
	case opPong:
		return "pong"
	}
	return ""
}

// header is the head of one frame.
type header struct {
	opcode     opcode
	fin        bool
	compressed bool // RSV1, RFC 7692 §6
	masked     bool
	key        [4]byte
	size       int // bytes of the header
	length     int // bytes of the payload
	bits       int // that the header verified
}

const (
	rsv1       = 0x40
	rsvOthers  = 0x30 // no registered extension uses them
	maxControl = 125  // bytes, RFC 6455 §5.5
	maxLength  = 1 << 40
)

// parseHeader reads the head of a frame that was sent in direction from.
func parseHeader(b []byte, from flow.Direction) (header, dissect.Outcome) {
	var h header
	if len(b) == 0 {
		return h, dissect.NeedMore
	}
	h.opcode, h.fin, h.compressed = opcode(b[0]&0xF), b[0]>>7 != 0, b[0]&rsv1 != 0
	switch {
	case b[0]&rsvOthers != 0, h.opcode.String() == "", h.opcode.control() && !h.fin,
		h.compressed && h.opcode != opText && h.opcode != opBinary:
		return h, dissect.Reject
	case len(b) < 2:
		return h, dissect.NeedMore
	}
	h.masked = b[1]>>7 != 0
	if h.masked != (from == flow.FromClient) { // RFC 6455 §5.1
		return h, dissect.Reject
	}
	// RSV2, RSV3, six of sixteen opcodes, the mask bit.
	h.bits = 2 + 1 + 1
	if h.opcode.control() {
		h.bits += 2 // FIN, a short length
	}
	o := h.parseLength(b)
	if o != dissect.Match {
		return h, o
	}
	if h.masked {
		h.size += len(h.key)
		if len(b) < h.size {
			return h, dissect.NeedMore
		}
		copy(h.key[:], b[h.size-len(h.key):])
	}
	return h, dissect.Match
}

// parseLength reads the payload's length, which has to be written in the
// shortest of its three forms (RFC 6455 §5.2).
func (h *header) parseLength(b []byte) dissect.Outcome {
	h.size, h.length = 2, int(b[1]&0x7F)
	least := 0
	switch {
	case h.length <= maxControl:
		return dissect.Match
	case h.opcode.control():
		return dissect.Reject
	case h.length == 126:
		h.size += 2
		if len(b) < h.size {
			return dissect.NeedMore
		}
		h.length, least = int(binary.BigEndian.Uint16(b[2:])), 126
		h.bits++
	default:
		h.size += 8
		if len(b) < h.size {
			return dissect.NeedMore
		}
		n := binary.BigEndian.Uint64(b[2:])
		if n > maxLength {
			return dissect.Reject
		}
		h.length, least = int(n), 1<<16
		h.bits += 23
	}
	if h.length < least {
		return dissect.Reject
	}
	return dissect.Match
}

// unmask returns the payload as it was before masking (RFC 6455 §5.3), in
// memory of its own where it was masked.
func (h *header) unmask(payload []byte) []byte {
	if !h.masked {
		return payload
	}
	out := make([]byte, len(payload))
	for i, c := range payload {
		out[i] = c ^ h.key[i%len(h.key)]
	}
	return out
}
