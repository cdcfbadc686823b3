package rpc

import (
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// The states of a reply, RFC 5531 §9.
const (
	replyAccepted = 0
	replyDenied   = 1

	acceptSuccess = 0
	acceptLast    = 5 // SYSTEM_ERR

	rejectAuth = 1  // the other is RPC_MISMATCH
	authLast   = 14 // RPCSEC_GSS_CTXPROBLEM
)

const (
	// minReply is the length of the shortest reply, a denied one, in bytes.
	minReply = 20
	// replyBits counts what type and state verify.
	replyBits  = 32 + 31
	acceptBits = 29
	// rejectBits, and authStatBits or mismatchBits, are those of a denial.
	rejectBits   = 31
	authStatBits = 28
	mismatchBits = 1
)

// startTLS is the verifier with which a server agrees to TLS, RFC 9289 §4.1.
const startTLS = "STARTTLS"

// parseReply reads the reply behind its type, RFC 5531 §9. A reply does not name
// its program: the call of the same xid does.
func (p *Parser) parseReply(in *input, d *xdr, xid uint32, r *dissect.Report) (dissect.Outcome, int) {
	c := p.calls.find(in.From.Reverse(), xid)
	if c == nil && (in.From == flow.FromClient || p.foreign) {
		return dissect.Reject, 0
	}
	state := d.atMost(replyDenied)
	r.Bits = replyBits
	var verifier auth
	var stat uint32
	if state == replyDenied {
		r.Bits += d.denied()
	} else {
		verifier = d.auth()
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
	r.Weak = c == nil && !in.marked && p.lonely(xid)
	in.field(r, "rpc.replystat", 8, state)
	if c == nil || !d.ok() || state == replyDenied || stat != acceptSuccess {
		return dissect.Match, 0
	}
	if c.flavor == authTLS && string(verifier.body) == startTLS {
		r.Attribute("rpc.starttls", "accepted")
		r.Transition = &dissect.Transition{Offset: in.offset + d.at, Messages: !in.marked}
		return dissect.Match, 0
	}
	return p.results(in, d, c, r)
}

// lonely reports whether a reply in a datagram, whose call was not seen, has no
// company either. Such a reply is a one among zeros, which many messages are;
// replies of different xids are not.
func (p *Parser) lonely(xid uint32) bool {
	if !p.orphan.known {
		p.orphan.known, p.orphan.xid = true, xid
	}
	return p.orphan.xid == xid
}

// denied reads why a call was denied and returns the bits that this verifies.
func (d *xdr) denied() int {
	if d.atMost(rejectAuth) == rejectAuth {
		d.atMost(authLast)
		return rejectBits + authStatBits
	}
	if low, high := d.u32(), d.u32(); d.ok() && low > high {
		d.bad = true
	}
	return rejectBits + mismatchBits
}
