package dcerpc

import (
	"encoding/binary"
	"math/bits"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// The values of the version byte that every PDU begins with.
const (
	connectionless     = 4
	connectionOriented = 5
)

// PDU types (C706 §12.6.4.1, §12.5.2.2; 16 is from MS-RPCE §2.2.2.5, 20 from
// MS-RPCH §2.2.3.1).
const (
	pduRequest      = 0
	pduPing         = 1 // connectionless
	pduResponse     = 2
	pduFault        = 3
	pduWorking      = 4 // connectionless
	pduNoCall       = 5 // connectionless
	pduReject       = 6 // connectionless
	pduAck          = 7 // connectionless
	pduCancel       = 8 // connectionless
	pduFack         = 9 // connectionless
	pduCancelAck    = 10
	pduBind         = 11
	pduBindAck      = 12
	pduBindNak      = 13
	pduAlter        = 14
	pduAlterResp    = 15
	pduAuth3        = 16
	pduShutdown     = 17
	pduCoCancel     = 18
	pduOrphaned     = 19
	pduRTS          = 20
	headerLength    = 16 // C706 §12.6.3.1
	authHeader      = 8  // of the security trailer; MS-RPCE §2.2.2.11
	flagFirst       = 0x01
	flagLast        = 0x02
	flagObject      = 0x80
	maxAuthPad      = 15
	minRequest      = 24
	minBind         = 28 + 24 + 20
	minContextReply = 24
)

// clientPDUs and serverPDUs have a bit for each type that the end may send.
const (
	clientPDUs = 1<<pduRequest | 1<<pduBind | 1<<pduAlter | 1<<pduAuth3 | 1<<pduCoCancel | 1<<pduOrphaned | 1<<pduRTS
	serverPDUs = 1<<pduResponse | 1<<pduFault | 1<<pduBindAck | 1<<pduBindNak | 1<<pduAlterResp | 1<<pduShutdown | 1<<pduRTS
)

// headerBits counts what the header verifies: version 8, minor version 7, type
// 5, data representation 12+6 and 16 reserved; the lengths are not counted.
const headerBits = 8 + 7 + 5 + 6 + 6 + 16 - 1

// header is the common header of a connection-oriented PDU.
type header struct {
	kind, flags byte
	order       binary.ByteOrder
	frag, auth  int // bytes: the whole PDU, the credentials at its end
	call        uint32
}

// parseHeader reads the common header. With fewer than 16 bytes it checks what
// is there.
func parseHeader(b []byte, from flow.Direction) (header, dissect.Outcome) {
	for i, c := range b[:min(len(b), 8)] {
		if !headerByte(i, c, from) {
			return header{}, dissect.Reject
		}
	}
	if len(b) < headerLength {
		return header{}, dissect.NeedMore
	}
	h := header{kind: b[2], flags: b[3], order: order(b[4])}
	h.frag = int(h.order.Uint16(b[8:]))
	h.auth = int(h.order.Uint16(b[10:]))
	h.call = h.order.Uint32(b[12:])
	if h.frag < minLength(h.kind) || h.auth > 0 && headerLength+authHeader+h.auth > h.frag {
		return header{}, dissect.Reject
	}
	if h.kind == pduRTS && (h.auth != 0 || h.call != 0) { // MS-RPCH §2.2.3.1
		return header{}, dissect.Reject
	}
	return h, dissect.Match
}

// headerByte reports whether c may stand at offset i, below 8, of a header.
func headerByte(i int, c byte, from flow.Direction) bool {
	switch i {
	case 0:
		return c == connectionOriented
	case 1:
		return c <= 1
	case 2:
		allowed := uint32(clientPDUs)
		if from == flow.FromServer {
			allowed = serverPDUs
		}
		return bits.Len8(c) <= 5 && allowed>>c&1 == 1
	case 4:
		return integerFormat(c)
	case 5:
		return c <= 3 // IEEE, VAX, Cray, IBM
	case 6, 7:
		return c == 0
	}
	return true
}

// integerFormat checks the first byte of a data representation: big or little
// endian, ASCII or EBCDIC (C706 §14.2.5).
func integerFormat(c byte) bool { return c>>4 <= 1 && c&0x0F <= 1 }

func order(format byte) binary.ByteOrder {
	if format>>4 == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// minLength is the least length of a PDU of a type, in bytes.
func minLength(kind byte) int {
	switch kind {
	case pduRequest, pduResponse:
		return minRequest
	case pduFault:
		return 28
	case pduBind, pduAlter:
		return minBind
	case pduBindAck, pduAlterResp:
		return minContextReply + 8
	case pduBindNak:
		return 18
	case pduAuth3:
		return headerLength + authHeader
	case pduRTS:
		return 20
	}
	return headerLength
}

// authType names the security providers (MS-RPCE §2.2.1.1.7).
func authType(v byte) string {
	switch v {
	case 9:
		return "spnego"
	case 10:
		return "ntlmssp"
	case 14:
		return "schannel"
	case 16:
		return "kerberos"
	case 68:
		return "netlogon"
	}
	return ""
}

// authPrivacy is the level at which stubs are encrypted (MS-RPCE §2.2.1.1.8).
const authPrivacy = 6
