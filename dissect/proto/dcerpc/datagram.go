package dcerpc

import (
	"math/bits"
	"strconv"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// datagramHeader is the length of a connectionless header (C706 §12.5.2.1).
const datagramHeader = 80

// clientDatagrams and serverDatagrams have a bit for each connectionless type
// that the end may send.
const (
	clientDatagrams = 1<<pduRequest | 1<<pduPing | 1<<pduAck | 1<<pduCancel | 1<<pduFack
	serverDatagrams = 1<<pduResponse | 1<<pduFault | 1<<pduWorking | 1<<pduNoCall | 1<<pduReject | 1<<pduFack | 1<<pduCancelAck
)

// datagramBits counts what the header verifies: version 8, type 5, reserved
// flags 6, data representation 12 and 8 reserved, the length 16.
const datagramBits = 8 + 5 + 6 + 6 + 6 + 8 + 16

// parseDatagram reads one connectionless PDU. The interface is in every one.
func (p *Parser) parseDatagram(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	b := m.Data
	for i, c := range b[:min(len(b), 7)] {
		if !datagramByte(i, c) {
			return dissect.Reject
		}
	}
	if m.Size < datagramHeader {
		return dissect.Reject
	}
	if len(b) < datagramHeader {
		return dissect.NeedMore
	}
	order := order(b[4])
	iface := readUUID(b[24:], order)
	if !mayBeSent(b[1], m.From) && iface != ifaceConversation {
		return dissect.Reject
	}
	// A security trailer, of the protocol named in the last byte, is not counted.
	body, secured := int(order.Uint16(b[74:])), b[79] != 0
	rest := m.Size - datagramHeader - body
	if rest < 0 || rest > 0 && !secured {
		return dissect.Reject
	}
	r.Signature, r.Reason = "dcerpc.datagram", "connectionless header and length"
	r.Length, r.Bits = m.Size, datagramBits
	if rest > 0 {
		r.Bits -= 8
	}
	r.EvidenceLength = datagramHeader
	opnum := int(order.Uint16(b[68:]))
	if r.Recording {
		r.Field("dcerpc.pkt_type", 1, 1, strconv.Itoa(int(b[1])))
		r.Field("dcerpc.dg_if_id", 24, 16, iface.String())
		r.Field("dcerpc.dg_act_id", 40, 16, readUUID(b[40:], order).String())
		r.Field("dcerpc.opnum", 68, 2, strconv.Itoa(opnum))
		r.Field("dcerpc.dg_frag_len", 74, 2, strconv.Itoa(body))
	}
	if b[1] == pduRequest && !p.opnum {
		p.opnum = true
		r.Attribute("dcerpc.opnum", strconv.Itoa(opnum))
	}
	if iface != (uuid{}) {
		p.name(r, iface)
	}
	p.pair(b, opnum, iface, r)
	return dissect.Match
}

// pair connects responses to requests by their sequence numbers and reads what
// the endpoint mapper answers.
func (p *Parser) pair(b []byte, opnum int, iface uuid, r *dissect.Report) {
	const flagFragment = 0x04
	order := order(b[4])
	seq := order.Uint32(b[64:])
	switch b[1] {
	case pduRequest:
		p.calls.add(call{id: seq, iface: iface, opnum: uint16(opnum)})
	case pduResponse, pduFault, pduReject, pduWorking, pduNoCall:
		c := p.calls.get(seq)
		r.Answers = c.known
		body := min(len(b), datagramHeader+int(order.Uint16(b[74:])))
		if b[1] == pduResponse && c.tells() && b[2]&flagFragment == 0 {
			announce(r, c, b[datagramHeader:body], order)
		}
	}
}

// datagramByte reports whether c may stand at offset i, below 7, of a
// connectionless header.
func datagramByte(i int, c byte) bool {
	switch i {
	case 0:
		return c == connectionless
	case 1:
		return c <= pduCancelAck
	case 3: // flags of the second octet; only "cancel pending" is defined
		return c&0xFC == 0
	case 4:
		return integerFormat(c)
	case 5:
		return c <= 3
	case 6:
		return c == 0
	}
	return true
}

func mayBeSent(kind byte, from flow.Direction) bool {
	allowed := uint32(clientDatagrams)
	if from == flow.FromServer {
		allowed = serverDatagrams
	}
	return bits.Len8(kind) <= 4 && allowed>>kind&1 == 1
}
