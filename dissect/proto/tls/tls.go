// Package tls recognises TLS, and SSL before it, by its records and by the
// handshake messages in them, which are put together across records.
//
// A conversation whose beginning was not captured is picked up at a record:
// encrypted records are reported as weak, so that two of them must chain. In
// TLS 1.3 the chosen application protocol is encrypted; it is declared only
// where the client offered no other.
//
// Sources: RFC 8446, RFC 5246, RFC 6101 (SSL 3.0), the SSL 2.0 draft.
package tls

import (
	"encoding/binary"
	"strconv"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// The content types of records, RFC 8446 §5.1 and RFC 6520 §3.
const (
	changeCipherSpec = 20
	alert            = 21
	handshake        = 22
	applicationData  = 23
	heartbeat        = 24
)

const (
	headerLen = 5
	// maxRecord is the longest encrypted fragment, RFC 5246 §6.2.3.
	maxRecord = 1<<14 + 2048
	// An encrypted alert has two bytes and a MAC of at least 16, at most 48, with
	// an initialisation vector and padding of a block each.
	minSealedAlert = 2 + 16
	maxSealedAlert = 2 + 48 + 2*16
	// maxAwaited is how long a first record in the middle of a conversation may
	// be to be waited for; see opaque.
	maxAwaited = 4 << 10
	// maxHandshake bounds the messages that are put together.
	maxHandshake = 64 << 10
)

// Verified bits. A record header has a fixed type (8) and major version (8),
// five minor versions (5.6) and a length in the lower 28 % (1.8).
const (
	recordBits    = 22
	ccsBits       = recordBits + 16 + 8 // length 1, value 1
	loneBits      = 8 + 16 + 16         // type, one version, a length that is exact
	sealedBits    = recordBits + 7      // encrypted alert: one of 80 lengths
	alertBits     = recordBits + 16 + 9 // length 2, two levels, 35 descriptions
	fragmentBits  = recordBits + 8      // a handshake type of the right side, a length below 2^16
	helloHeadBits = fragmentBits + 8 + 13
	helloBits     = helloHeadBits + 40 // all inner lengths add up
)

// New returns a parser for one conversation.
func New() dissect.Parser { return new(parser) }

type parser struct {
	sides [2]side
	offer offer
	// retried says that a HelloRetryRequest was seen.
	retried bool
}

// offer is what is remembered of the ClientHello.
type offer struct {
	seen    bool
	suites  []uint16
	session []byte
	alpn    string // the protocol, if only one was offered
}

// side is the state of one direction.
type side struct {
	begun   bool   // a record was matched
	pending []byte // the head of a handshake message whose rest is to come
	sealed  bool   // records from here on are encrypted
}

// Parse implements [dissect.Parser]. A message is one record.
func (p *parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	b := m.Data
	if len(b) > 0 && b[0]&0x80 != 0 {
		return p.version2(m, r)
	}
	if !recordStart(b) {
		return dissect.Reject
	}
	if len(b) < headerLen {
		r.Need = headerLen
		return dissect.NeedMore
	}
	n := headerLen + int(binary.BigEndian.Uint16(b[3:]))
	if n == headerLen || n > headerLen+maxRecord || !m.Open && n > m.Size {
		return dissect.Reject
	}
	r.Length, r.Need = n, n
	r.Incomplete = len(b) < n
	if r.Recording {
		r.Field("content type", 0, 1, "")
		r.Field("version", 1, 2, "")
		r.Field("length", 3, 2, strconv.Itoa(n-headerLen))
	}
	side := &p.sides[m.From]
	outcome := p.record(side, b[headerLen:min(len(b), n)], m, r)
	side.begun = side.begun || outcome == dissect.Match && !r.Incomplete
	if b[0] == applicationData && outcome == dissect.Match && p.handshaken() {
		r.Length = 0 // what follows says no more
	}
	return outcome
}

// handshaken reports whether a hello was seen, and an answer.
func (p *parser) handshaken() bool {
	return p.offer.seen && p.sides[flow.FromClient].begun && p.sides[flow.FromServer].begun
}

// recordStart checks the first bytes of a record as far as they are there.
func recordStart(b []byte) bool {
	return len(b) > 0 && b[0] >= changeCipherSpec && b[0] <= heartbeat &&
		(len(b) < 2 || b[1] == 3) && (len(b) < 3 || b[2] <= 4)
}

// record judges a record by its fragment, which is not empty unless cut.
func (p *parser) record(s *side, fragment []byte, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	switch m.Data[0] {
	case changeCipherSpec:
		return p.change(s, fragment, r)
	case alert:
		return p.alert(s, fragment, m, r)
	case handshake:
		if !s.sealed {
			return p.handshake(s, fragment, m, r)
		}
	}
	return opaque(s, m, r)
}

// opaque matches a record whose contents are encrypted, or stand for nothing.
// If a direction has nothing but one whole record, the record's length was
// verified by its end; any other one is weak.
func opaque(s *side, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	if !s.begun && r.Incomplete && r.Length <= maxAwaited && !m.Ended {
		return dissect.NeedMore
	}
	r.Bits, r.Weak = recordBits, true
	switch m.Data[0] {
	case alert:
		r.Signature, r.Reason, r.Bits = "tls.alert", "encrypted alert record", sealedBits
	case handshake:
		r.Signature, r.Reason = "tls.handshake", "encrypted handshake record"
	case heartbeat:
		r.Signature, r.Reason = "tls.heartbeat", "heartbeat record"
	default:
		r.Signature, r.Reason = "tls.application-data", "application data record"
	}
	if !s.begun && len(m.Data) == r.Length && (m.Data[2] == 3 || m.Data[0] == alert && m.Data[2] != 0) {
		r.Bits, r.Weak = loneBits, false
		r.Reason += " of exact length"
	}
	r.Incomplete = false // nothing in it could be read
	return dissect.Match
}

// change reads a ChangeCipherSpec, RFC 5246 §7.1.
func (p *parser) change(s *side, fragment []byte, r *dissect.Report) dissect.Outcome {
	if r.Length != headerLen+1 || len(fragment) > 0 && fragment[0] != 1 {
		return dissect.Reject
	}
	if r.Incomplete {
		return dissect.NeedMore
	}
	// After a HelloRetryRequest it stands for nothing, and hellos in clear
	// follow: RFC 8446 §D.4.
	s.sealed, s.pending = !p.retried, nil
	r.Signature, r.Reason, r.Bits = "tls.change-cipher-spec", "change cipher spec record", ccsBits
	return dissect.Match
}

// alert reads an alert, RFC 8446 §6. A server's alert in clear answers the
// client's hello; it refuses it, but in TLS.
func (p *parser) alert(s *side, fragment []byte, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	if r.Length != headerLen+2 {
		if n := r.Length - headerLen; n < minSealedAlert || n > maxSealedAlert {
			return dissect.Reject
		}
		return opaque(s, m, r)
	}
	if len(fragment) > 0 && fragment[0] != 1 && fragment[0] != 2 {
		return dissect.Reject
	}
	if r.Incomplete {
		return dissect.NeedMore
	}
	name := alertName(fragment[1])
	if name == "" {
		return dissect.Reject
	}
	r.Field("level", headerLen, 1, "")
	r.Field("description", headerLen+1, 1, name)
	r.Signature, r.Reason, r.Bits = "tls.alert", "alert record: "+name, alertBits
	r.Answers = m.From == flow.FromServer && p.offer.seen
	r.Attribute("tls.alert", name)
	return dissect.Match
}

// alertName is the name of an alert description, RFC 8446 §6 and the IANA
// registry "TLS Alerts"; "" for an unknown one.
func alertName(description byte) string {
	switch description {
	case 0:
		return "close_notify"
	case 10:
		return "unexpected_message"
	case 20:
		return "bad_record_mac"
	case 21:
		return "decryption_failed"
	case 22:
		return "record_overflow"
	case 30:
		return "decompression_failure"
	case 40:
		return "handshake_failure"
	case 41:
		return "no_certificate"
	case 42:
		return "bad_certificate"
	case 43:
		return "unsupported_certificate"
	case 44:
		return "certificate_revoked"
	case 45:
		return "certificate_expired"
	case 46:
		return "certificate_unknown"
	case 47:
		return "illegal_parameter"
	case 48:
		return "unknown_ca"
	case 49:
		return "access_denied"
	case 50:
		return "decode_error"
	case 51:
		return "decrypt_error"
	case 60:
		return "export_restriction"
	case 70:
		return "protocol_version"
	case 71:
		return "insufficient_security"
	case 80:
		return "internal_error"
	case 86:
		return "inappropriate_fallback"
	case 90:
		return "user_canceled"
	case 100:
		return "no_renegotiation"
	case 109:
		return "missing_extension"
	case 110:
		return "unsupported_extension"
	case 111:
		return "certificate_unobtainable"
	case 112:
		return "unrecognized_name"
	case 113:
		return "bad_certificate_status_response"
	case 114:
		return "bad_certificate_hash_value"
	case 115:
		return "unknown_psk_identity"
	case 116:
		return "certificate_required"
	case 120:
		return "no_application_protocol"
	case 121:
		return "ech_required"
	}
	return ""
}
