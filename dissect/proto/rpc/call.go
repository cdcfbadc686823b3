package rpc

import (
	"strconv"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/wire"
)

// rpcVersion is the only version of the protocol, RFC 5531 §9.
const rpcVersion = 2

const (
	// callBits counts what the words before the credential verify: type 32, version
	// 32, program 1.
	callBits = 32 + 32 + 1
	// sysBits is what the lengths within an AUTH_SYS credential verify.
	sysBits = 16
)

// parseCall reads the call behind its type, RFC 5531 §9.
func (p *Parser) parseCall(in *input, d *xdr, xid uint32, r *dissect.Report) (dissect.Outcome, int) {
	rpcvers := d.u32()
	c := call{from: in.From, xid: xid, target: target{d.u32(), d.u32()}, procedure: d.u32()}
	if !d.ok() {
		return in.short(), d.want
	}
	if rpcvers != rpcVersion || c.program == 0 || c.program >= reserved {
		return dissect.Reject, 0
	}
	if in.From == flow.FromServer && !callsBack(c.program) {
		return dissect.Reject, 0
	}
	cred := d.auth()
	r.Bits = callBits
	if d.ok() {
		r.Bits += authBits
	}
	d.auth() // verifier
	switch {
	case d.bad:
		return dissect.Reject, 0
	case d.ok():
		r.Bits += authBits
	case !in.cut:
		return in.short(), d.want
	}
	c.flavor = cred.flavor
	if c.program == programPortmap {
		if in.size <= maxArguments && !in.complete && !in.cut {
			return dissect.NeedMore, in.size
		}
		c.asked = readAsked(d, &c)
	}
	p.describe(in, &c, cred, r)
	p.calls.add(c)
	return dissect.Match, 0
}

// describe fills the report of a call.
func (p *Parser) describe(in *input, c *call, cred auth, r *dissect.Report) {
	r.Signature, r.Reason = "rpc.call", "type, version, credential and verifier of a call"
	in.field(r, "rpc.version", 8, rpcVersion)
	in.field(r, "rpc.program", 12, c.program)
	in.field(r, "rpc.programversion", 16, c.version)
	in.field(r, "rpc.procedure", 20, c.procedure)
	in.field(r, "rpc.auth.flavor", 24, c.flavor)
	first := len(p.named) == 0
	p.name(r, c.target)
	if first {
		r.Attribute("rpc.procedure", decimal(c.procedure))
	}
	machine, fits := cred.machine()
	if fits {
		r.Bits += sysBits
	}
	if fits && !p.host {
		p.host = true
		r.Attribute("rpc.auth.machinename", wire.Printable(machine))
	}
	if inner := c.asked.mapping; c.indirect() && inner.program != 0 {
		p.name(r, inner)
	}
}

func decimal(v uint32) string { return strconv.FormatUint(uint64(v), 10) }

// call is a call that waits for its reply.
type call struct {
	known bool // the zero call is unknown
	from  flow.Direction
	xid   uint32
	target
	procedure uint32
	flavor    uint32
	asked     asked
}

// calls remembers the latest calls; older ones are overwritten.
type calls struct {
	ring [32]call
	next int
}

// add remembers c.
func (q *calls) add(c call) {
	c.known = true
	q.ring[q.next%len(q.ring)] = c
	q.next++
}

// find returns the newest call from that direction with that xid, or nil.
func (q *calls) find(from flow.Direction, xid uint32) *call {
	for i := range min(q.next, len(q.ring)) {
		c := &q.ring[(q.next-1-i)%len(q.ring)]
		if c.xid == xid && c.from == from {
			return c
		}
	}
	return nil
}
