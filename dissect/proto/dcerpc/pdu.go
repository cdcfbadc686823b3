package dcerpc

import (
	"strconv"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/wire"
)

// greeting is what an RPC over HTTP server says first when it is spoken to
// without a proxy (MS-RPCH §2.1.1.1.1).
const greeting = "ncacn_http/1.0"

func parseGreeting(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	n := min(len(m.Data), len(greeting))
	if m.From != flow.FromServer || !m.First || string(m.Data[:n]) != greeting[:n] {
		return dissect.Reject
	}
	if n < len(greeting) {
		return dissect.NeedMore
	}
	r.Signature, r.Reason = "dcerpc.greeting", "greeting of RPC over HTTP"
	r.Length, r.Bits = n, 8*n
	return dissect.Match
}

// pduName is the last part of a message's signature.
func pduName(kind byte) string {
	switch kind {
	case pduRequest:
		return "dcerpc.request"
	case pduResponse:
		return "dcerpc.response"
	case pduFault:
		return "dcerpc.fault"
	case pduBind:
		return "dcerpc.bind"
	case pduBindAck:
		return "dcerpc.bind-ack"
	case pduBindNak:
		return "dcerpc.bind-nak"
	case pduAlter:
		return "dcerpc.alter-context"
	case pduAlterResp:
		return "dcerpc.alter-context-response"
	case pduRTS:
		return "dcerpc.rts"
	}
	return "dcerpc.control"
}

// parsePDU reads one connection-oriented PDU.
func (p *Parser) parsePDU(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	h, o := parseHeader(m.Data, m.From)
	if o != dissect.Match {
		r.Need = headerLength
		return o
	}
	if want := p.wanted(&h); len(m.Data) < want && m.Open && !m.Ended {
		r.Need = want
		return dissect.NeedMore
	}
	r.Signature, r.Reason = pduName(h.kind), "common header"
	r.Length, r.Bits = h.frag, headerBits
	r.EvidenceLength = min(h.frag, len(m.Data))
	if r.Recording {
		h.record(r)
	}

	pdu := m.Data[:min(len(m.Data), h.frag)]
	switch h.kind {
	case pduBind, pduAlter:
		if !p.bind(pdu, &h, r) {
			return dissect.Reject
		}
	case pduBindAck, pduAlterResp:
		p.bindAck(pdu, &h, r)
	case pduRequest:
		p.request(pdu, &h, r)
	case pduResponse:
		p.response(pdu, &h, r)
	case pduFault, pduBindNak:
		r.Answers = p.calls.take(h.call).known
	}
	p.auth(pdu, &h, r)
	return dissect.Match
}

// record reports the header's fields.
func (h *header) record(r *dissect.Report) {
	r.Field("dcerpc.pkt_type", 2, 1, strconv.Itoa(int(h.kind)))
	r.Field("dcerpc.drep", 4, 4, "")
	r.Field("dcerpc.cn_frag_len", 8, 2, strconv.Itoa(h.frag))
	r.Field("dcerpc.cn_auth_len", 10, 2, strconv.Itoa(h.auth))
}

// wanted is how many bytes of a PDU are needed to read it, the whole where it
// names something.
func (p *Parser) wanted(h *header) int {
	if h.frag > maxPDU {
		return min(h.frag, minBind)
	}
	switch h.kind {
	case pduRequest:
		return minRequest
	case pduResponse:
		if p.calls.get(h.call).tells() {
			return h.frag
		}
		return minRequest
	case pduBind, pduAlter, pduBindAck, pduAlterResp, pduAuth3:
		return h.frag
	}
	return minLength(h.kind)
}

// auth reports the security provider named in the trailer of the first PDU that
// has one, and what NTLM says where the context is set up (MS-RPCE §2.2.2.11).
func (p *Parser) auth(pdu []byte, h *header, r *dissect.Report) {
	at := h.frag - h.auth - authHeader
	if h.auth == 0 || len(pdu) < at+authHeader {
		return
	}
	switch h.kind {
	case pduBind, pduBindAck, pduAlter, pduAlterResp, pduAuth3:
		wire.GSSAPI(pdu[at+authHeader:], r.Attribute)
	}
	if p.security {
		return
	}
	if name := authType(pdu[at]); name != "" {
		p.security = true
		r.Attribute("dcerpc.auth_type", name)
	}
}

// stubEnd is where the stub data of a request or response end: before the
// padding and the security trailer. readable is false where they are encrypted
// or not all at hand.
func stubEnd(pdu []byte, h *header) (end int, readable bool) {
	if h.auth == 0 {
		return h.frag, len(pdu) >= h.frag
	}
	at := h.frag - h.auth - authHeader
	if len(pdu) < at+authHeader {
		return 0, false
	}
	// auth_type, auth_level, auth_pad_length, reserved, auth_context_id
	return at - int(pdu[at+2]), pdu[at+1] < authPrivacy
}
