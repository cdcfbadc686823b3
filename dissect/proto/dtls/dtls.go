// Package dtls recognises DTLS by its records, which must fill a datagram, and
// by the handshake messages in them, which are put together from fragments.
//
// Sources: RFC 9147 (DTLS 1.3), RFC 6347 (1.2), RFC 4347 (1.0), RFC 9146
// (connection ids, of which only the content type is known here).
package dtls

import (
	"encoding/binary"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// The content types of records, RFC 6347 §4.1, RFC 6520 §3, RFC 9147 §7.
const (
	changeCipherSpec = 20
	alert            = 21
	handshake        = 22
	applicationData  = 23
	heartbeat        = 24
	withID           = 25 // RFC 9146 §4: a connection id precedes the length
	acknowledgement  = 26
)

const (
	headerLen = 13
	// maxRecord is the longest encrypted fragment, RFC 6347 §4.1.
	maxRecord = 1<<14 + 2048
	// versionCisco is the version of a draft that AnyConnect goes on using.
	versionCisco = 0x0100
)

// Verified bits.
const (
	// recordBits: a content type (5), a version (14), an epoch below 256 (8), a
	// sequence number below 2^32 (16).
	recordBits = 43
	// endBits: the records' lengths end where the datagram ends.
	endBits = 16
	// clearBits: a message in clear, whose type and inner lengths fit.
	clearBits = 24
	// unifiedBits: the header of encrypted records in DTLS 1.3.
	unifiedBits = 3
)

// New returns a parser for one conversation.
func New() dissect.Parser { return new(parser) }

type parser struct {
	sides [2]side
	offer offer
	// begun says that a hello was seen.
	begun bool
}

// offer is what is remembered of the ClientHello.
type offer struct {
	seen    bool
	suites  []uint16
	session []byte
	alpn    string
}

// Parse implements [dissect.Parser]. A message is one datagram.
func (p *parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	b, size := m.Data, m.Size
	if len(b) == 0 || m.Open {
		return dissect.Reject
	}
	r.Length = m.Size
	if b[0]>>5 == 1 {
		return p.unified(b, r)
	}
	for n := 0; size > 0; n++ {
		if len(b) < headerLen {
			// A cut header, or bytes behind the last record.
			return outcome(n > 0 && len(b) < size)
		}
		end := headerLen + int(binary.BigEndian.Uint16(b[11:]))
		if !header(b) || end == headerLen || end > size || end > headerLen+maxRecord {
			return dissect.Reject
		}
		r.Bits += recordBits
		if n == 0 {
			r.Field("content type", 0, 1, "")
			r.Field("version", 1, 2, "")
			r.Field("epoch", 3, 2, "")
			r.Field("sequence number", 5, 6, "")
			r.Field("length", 11, 2, "")
		}
		if !p.record(b[:min(end, len(b))], end, m, r) {
			return dissect.Reject
		}
		size -= end
		b = b[min(end, len(b)):]
	}
	r.Bits += endBits
	return dissect.Match
}

func outcome(ok bool) dissect.Outcome {
	if ok {
		return dissect.Match
	}
	return dissect.Reject
}

// header checks the fixed parts of a record's header.
func header(b []byte) bool {
	if b[0] < changeCipherSpec || b[0] > acknowledgement {
		return false
	}
	switch binary.BigEndian.Uint16(b[1:]) {
	case 0xfeff, 0xfefd, versionCisco:
	default:
		return false
	}
	return b[3] == 0 && b[5] == 0 && b[6] == 0
}

// record takes in a record of which b is at hand; false if it is none.
func (p *parser) record(b []byte, end int, m *dissect.Message, r *dissect.Report) bool {
	kind, plain := b[0], b[4] == 0
	fragment := b[headerLen:]
	size := end - headerLen
	switch {
	case !plain && kind == withID:
		return p.begun && sealed(r, kind)
	case !plain:
		return sealed(r, kind)
	case kind == handshake:
		return p.handshake(fragment, size, m, r)
	case kind == changeCipherSpec:
		return change(b, size, r)
	case kind == alert:
		return p.alert(fragment, size, m, r)
	case kind == acknowledgement && p.begun:
		name(r, "dtls.ack", "acknowledgement record")
		return size%16 == 2 // a length and record numbers, RFC 9147 §7
	}
	return false // nothing else is ever sent in clear
}

// sealed reports a record whose contents are encrypted.
func sealed(r *dissect.Report, kind byte) bool {
	signature, reason := "dtls.application-data", "application data record"
	switch kind {
	case changeCipherSpec, alert:
		signature, reason = "dtls.alert", "encrypted alert record"
	case handshake:
		signature, reason = "dtls.handshake", "encrypted handshake record"
	case heartbeat:
		signature, reason = "dtls.heartbeat", "heartbeat record"
	}
	name(r, signature, reason)
	return true
}

// name names the datagram after its first record, or after a hello in it.
func name(r *dissect.Report, signature, reason string) {
	if r.Signature == "" {
		r.Signature, r.Reason = signature, reason
	}
}

// change reads a ChangeCipherSpec: one byte of value 1, and a sequence number
// behind it in Cisco's version.
func change(b []byte, size int, r *dissect.Report) bool {
	cisco := binary.BigEndian.Uint16(b[1:]) == versionCisco
	if size != 1 && !(cisco && size == 3) || len(b) > headerLen && b[headerLen] != 1 {
		return false
	}
	name(r, "dtls.change-cipher-spec", "change cipher spec record")
	return true
}

// alert reads an alert in clear; a server's answers the client's hello.
func (p *parser) alert(b []byte, size int, m *dissect.Message, r *dissect.Report) bool {
	if size != 2 || len(b) > 0 && b[0] != 1 && b[0] != 2 {
		return false
	}
	name(r, "dtls.alert", "alert record")
	r.Bits += clearBits
	r.Answers = r.Answers || m.From == flow.FromServer && p.offer.seen
	return true
}

// unified reads a datagram that begins with an encrypted record of DTLS 1.3, RFC
// 9147 §4, which has too few fixed bits to count outside a known conversation.
func (p *parser) unified(b []byte, r *dissect.Report) dissect.Outcome {
	if !p.begun {
		return dissect.Reject
	}
	r.Signature, r.Reason = "dtls.ciphertext", "encrypted record of DTLS 1.3"
	r.Bits, r.Weak = unifiedBits, true
	r.EvidenceLength = 1
	return dissect.Match
}
