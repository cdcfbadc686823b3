package rpc

import (
	"strconv"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// The states of a reply, RFC 5531 §9.
const (
	replyAccepted = 0
	replyDenied   = 1

	acceptSuccess = 0
	acceptLast    = 5 // SYSTEM_ERR

	rejectMismatch = 0
	rejectAuth     = 1
	authLast       = 14 // RPCSEC_GSS_CTXPROBLEM, RFC 5531 §9
)

const (
	// minReply is the length of the shortest reply, a denied one, in bytes.
	minReply = 20
	// bareReply is the length of an accepted reply without results, in bytes.
	bareReply = 24
	// replyBits counts what type and state verify.
	replyBits  = 32 + 31
	acceptBits = 29
	deniedBits = 31 + 28
)

// startTLS is the verifier with which a server agrees to TLS, RFC 9289 §4.1.
const startTLS = "STARTTLS"

// parseReply reads the reply behind its type, RFC 5531 §9. A reply does not name
// its program: the call of the same xid does.
func (p *Parser) parseReply(in *input, d *xdr, xid uint32, r *dissect.Report) (dissect.Outcome, int) {
	c := p.calls.find(in.From.Reverse(), xid)
	if c == nil && in.From == flow.FromClient {
		return dissect.Reject, 0
	}
	state := d.atMost(replyDenied)
	r.Bits = replyBits
	verifier, stat := "", uint32(0)
	if state == replyDenied {
		d.denied()
		r.Bits += deniedBits
	} else {
		verifier = string(d.auth().body)
		stat = d.atMost(acceptLast)
		r.Bits += authBits + acceptBits
	}
	if d.bad {
		return dissect.Reject, 0
	}
	if !d.ok() {
		if !in.cut || c == nil {
			return in.short(), d.want
		}
		r.Bits = replyBits
	}
	r.Signature, r.Reason = "rpc.reply", "type, state and verifier of a reply"
	r.Answers = c != nil
	// Without the call, a datagram that says nothing but zeros proves little.
	r.Weak = c == nil && !in.marked && in.size <= bareReply
	in.field(r, "rpc.replystat", 8, 4, strconv.Itoa(int(state)))
	if c == nil || !d.ok() || state == replyDenied || stat != acceptSuccess {
		return dissect.Match, 0
	}
	if c.flavor == authTLS && verifier == startTLS {
		r.Attribute("rpc.starttls", "accepted")
		r.Transition = &dissect.Transition{Offset: in.offset + d.at, Messages: !in.marked}
		return dissect.Match, 0
	}
	return p.results(in, d, c, r)
}

// denied reads why a call was denied.
func (d *xdr) denied() {
	if d.atMost(rejectAuth) == rejectMismatch {
		d.bytes(8) // lowest and highest version
		return
	}
	d.atMost(authLast)
}
