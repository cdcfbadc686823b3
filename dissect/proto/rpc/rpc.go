// Package rpc reads ONC RPC over UDP and TCP, names the programs that are
// called, and announces where the portmapper says that programs are.
//
// Sources: RFC 5531 (RPC version 2), RFC 4506 (XDR), RFC 1833 (portmap and
// rpcbind), RFC 9289 (RPC over TLS).
package rpc

import (
	"math"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// Message types, RFC 5531 §9.
const (
	typeCall  = 0
	typeReply = 1
)

const (
	// maxNamed bounds the programs that are named in one conversation.
	maxNamed = 8
	// maxArguments bounds the calls of the portmapper that are waited for as a
	// whole, in bytes.
	maxArguments = 1 << 10
)

// Parser follows one conversation. It is not safe for concurrent use.
type Parser struct {
	calls calls
	named []target
	host  bool // the machine name of a client was reported
	// within says that the next bytes of a direction are a further fragment.
	within [2]bool
	// orphan is the xid of the first reply in a datagram that answers no call.
	orphan struct {
		known bool
		xid   uint32
	}
	// foreign says that a client's datagram was no message.
	foreign bool
}

// target is a version of a program.
type target struct{ program, version uint32 }

// New returns a parser for one conversation.
func New() dissect.Parser { return new(Parser) }

// Parse implements [dissect.Parser].
func (p *Parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	if m.Open {
		return p.parseStream(m, r)
	}
	in := input{Message: m, bytes: m.Data, size: m.Size}
	in.complete = len(m.Data) >= m.Size
	in.cut = !in.complete
	o, _ := p.parseMessage(&in, r)
	if o != dissect.Match {
		p.foreign = p.foreign || m.From == flow.FromClient
		return o
	}
	r.Length = m.Size
	r.Incomplete = false
	return dissect.Match
}

// parseStream reads a record, or a fragment that continues one.
func (p *Parser) parseStream(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	if len(m.Data) < markLength {
		r.Need = markLength
		if len(m.Data) > 0 && m.Data[0]&0x7F != 0 {
			return dissect.Reject
		}
		return dissect.NeedMore
	}
	n, last := mark(m.Data)
	if n > maxFragment {
		return dissect.Reject
	}
	if p.within[m.From] {
		p.within[m.From] = !last
		r.Signature, r.Reason = "rpc.fragment", "mark of a further fragment"
		r.Length, r.EvidenceLength, r.Weak = markLength+n, markLength, true
		return dissect.Match
	}
	if n < minFragment || last && n < minReply {
		return dissect.Reject
	}
	if !begins(m.Data[markLength:]) {
		return dissect.Reject
	}
	rec := readRecord(m.Data)
	in := input{Message: m, bytes: rec.message, size: math.MaxInt, offset: markLength, marked: true, several: !rec.single}
	if rec.single {
		in.size = n
	}
	in.complete = rec.whole(len(m.Data))
	in.cut = m.Ended && !in.complete
	o, want := p.parseMessage(&in, r)
	if o == dissect.NeedMore || r.Incomplete {
		r.Need = len(m.Data) + 1
		if rec.single {
			r.Need = max(r.Need, markLength+want)
		}
	}
	if o == dissect.Match {
		r.Length = rec.length
		r.Bits += markBits
		p.within[m.From] = !rec.ended && !r.Incomplete
	}
	return o
}

// begins reports whether b, as far as it is there, may begin a message.
func begins(b []byte) bool {
	d := xdr{b: b, at: min(4, len(b))}
	switch kind := d.u32(); {
	case d.ok() && kind == typeCall:
		v := d.u32()
		return !d.ok() || v == rpcVersion
	case d.ok() && kind == typeReply:
		v := d.u32()
		return !d.ok() || v <= replyDenied
	}
	return !d.ok()
}

// input is one RPC message without record marks.
type input struct {
	*dissect.Message
	bytes    []byte // at hand
	size     int    // bytes of the message; math.MaxInt where it is not known
	offset   int    // of bytes in Data
	marked   bool   // it is a record of a stream
	several  bool   // bytes was put together from fragments
	complete bool   // bytes is all of the message
	cut      bool   // the rest will never come
}

// field records an integer that is there; those of fragmented records have no one
// place.
func (in *input) field(r *dissect.Report, name string, at int, value uint32) {
	const size = 4
	if r.Recording && !in.several && at+size <= len(in.bytes) {
		r.Field(name, in.offset+at, size, decimal(value))
	}
}

// parseMessage reads a call or reply. With NeedMore, and with a match that is
// incomplete, want is how many bytes of the message decide.
func (p *Parser) parseMessage(in *input, r *dissect.Report) (o dissect.Outcome, want int) {
	if !begins(in.bytes) {
		return dissect.Reject, 0
	}
	d := xdr{b: in.bytes}
	xid, kind := d.u32(), d.u32()
	if !d.ok() {
		return in.short(), d.want
	}
	in.field(r, "rpc.xid", 0, xid)
	in.field(r, "rpc.msgtyp", 4, kind)
	if kind == typeCall {
		return p.parseCall(in, &d, xid, r)
	}
	return p.parseReply(in, &d, xid, r)
}

// short is the outcome where bytes are wanting that decide.
func (in *input) short() dissect.Outcome {
	if in.complete || in.cut {
		return dissect.Reject
	}
	return dissect.NeedMore
}

// name reports a program as a layer above RPC, and its number and version once.
func (p *Parser) name(r *dissect.Report, t target) {
	if name, ok := programs()[t.program]; ok {
		r.Layer(name)
	}
	for _, x := range p.named {
		if x == t {
			return
		}
	}
	if len(p.named) < maxNamed {
		p.named = append(p.named, t)
		r.Attribute("rpc.program", decimal(t.program))
		r.Attribute("rpc.programversion", decimal(t.version))
	}
}
