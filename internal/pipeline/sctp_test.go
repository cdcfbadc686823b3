package pipeline

import (
	"encoding/binary"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// sctp makes an SCTP packet of the given chunks; RFC 9260 §3.1.
func (w *wire) sctp(d int, chunks ...[]byte) []byte {
	src, dst := w.ends(d)
	b := binary.BigEndian.AppendUint16(nil, src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	b = append(b, 0, 0, 0, 1, 0, 0, 0, 0) // verification tag, checksum
	for _, c := range chunks {
		b = append(b, c...)
	}
	return serialize(ethernet(), w.ip(d, layers.IPProtocolSCTP), gopacket.Payload(b))
}

// chunk makes a chunk, padded to four bytes; RFC 9260 §3.2.
func chunk(kind, flags byte, value string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{kind, flags}, uint16(4+len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// Parts of a user message; RFC 9260 §3.3.1.
const (
	ends   = 1
	begins = 2
)

func data(part, number byte, text string) []byte {
	return chunk(0, part, string([]byte{0, 0, 0, number, 0, 0, 0, 0, 0, 0, 0, 0})+text)
}

// identified is a DATA chunk with a payload protocol identifier.
func identified(part, number, ppid byte, text string) []byte {
	return chunk(0, part, string([]byte{0, 0, 0, number, 0, 0, 0, 0, 0, 0, 0, ppid})+text)
}

// sctpInit is the fixed part of INIT and INIT ACK; RFC 9260 §3.3.2.
const sctpInit = "\x00\x00\x00\x01\x00\x01\x00\x00\x00\x0a\x00\x0a\x00\x00\x00\x01"

func TestSCTP(t *testing.T) {
	const (
		request  = "OPTIONS sip:bob@example.com SIP/2.0\r\nFrom: <sip:a@b>\r\nContent-Length: 0\r\n\r\n"
		response = "SIP/2.0 200 OK\r\nFrom: <sip:a@b>\r\nContent-Length: 0\r\n\r\n"
	)
	tests := []struct {
		name    string
		request [][]byte
	}{
		{"one chunk", [][]byte{data(begins|ends, 1, request)}},
		{"two chunks", [][]byte{data(begins, 1, request[:20]), data(ends, 2, request[20:])}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire("10.0.0.1:40000", "10.0.0.2:4000")
			f := feed(t, Config{},
				w.sctp(fromClient, chunk(1, 0, sctpInit)),
				w.sctp(fromServer, chunk(2, 0, sctpInit)),
				w.sctp(fromClient, tt.request...),
				w.sctp(fromServer, data(begins|ends, 1, response)),
			).flow(t, "sctp", 40000, 4000)
			if stack(f) != "sip" || f.Answer.Confidence != dissect.Certain || f.Roles != flow.RolesHandshake {
				t.Errorf("protocols %q, %v, roles %v; want sip, certain, by the handshake", stack(f), f.Answer.Confidence, f.Roles)
			}
			for _, e := range f.Answer.Evidence {
				if e.Direction == flow.FromClient && (e.Packet != 3 || e.Offset != 16) {
					t.Errorf("evidence at byte %d of packet %d, want 16 of packet 3", e.Offset, e.Packet)
				}
			}
		})
	}
}

// The payload protocol identifier is that of each message, wherever its chunks are.
func TestSCTPPayloadProtocol(t *testing.T) {
	const (
		request  = "\x00\x15\x00\x0a\x00\x00\x01\x00\x1b\x00\x03\xaa\xbb\xcc"
		response = "\x20\x15\x00\x09\x00\x00\x01\x00\x01\x00\x02\xaa\xbb"
		ngap     = 60
	)
	tests := []struct {
		name   string
		chunks [][]byte
		want   string
	}{
		{"one chunk", [][]byte{identified(begins|ends, 1, ngap, request)}, "ngap"},
		{"two messages in a packet", [][]byte{data(begins|ends, 1, "x"), identified(begins|ends, 2, ngap, request)}, "ngap"},
		{"fragments", [][]byte{identified(begins, 1, ngap, request[:5]), identified(0, 2, ngap, request[5:9]), identified(ends, 3, ngap, request[9:])}, "ngap"},
		{"none", [][]byte{data(begins|ends, 1, request)}, ""},
		{"another", [][]byte{identified(begins|ends, 1, ngap+20, request)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire("10.0.0.1:40000", "10.0.0.2:4000")
			answer := data(begins|ends, 1, response)
			if tt.want != "" {
				answer = identified(begins|ends, 1, ngap, response)
			}
			f := feed(t, Config{}, w.sctp(fromClient, tt.chunks...), w.sctp(fromServer, answer)).flow(t, "sctp", 40000, 4000)
			if stack(f) != tt.want {
				t.Errorf("protocols %q, want %q", stack(f), tt.want)
			}
		})
	}
}
