// Package dcerpc reads DCE/RPC, connection-oriented (over TCP, SMB pipes and
// HTTP) and connectionless (over UDP), names the interfaces that are called,
// and announces the endpoints that the endpoint mapper and DCOM hand out.
//
// Sources: The Open Group C706 "DCE 1.1: Remote Procedure Call", chapters 12
// and 14 and appendices I and L; MS-RPCE; MS-RPCH; MS-DCOM.
package dcerpc

import (
	"github.com/sniffid/sniffid/dissect"
)

const (
	// maxPDU bounds the PDUs that are waited for as a whole, in bytes. Longer
	// ones are named from their headers.
	maxPDU = 16 << 10
	// maxContexts bounds the presentation contexts that are remembered.
	maxContexts = 32
	// maxNamed bounds the interfaces that are named in one conversation.
	maxNamed = 8
)

// Parser follows one conversation. It is not safe for concurrent use.
type Parser struct {
	contexts []context
	named    []uuid
	calls    calls
	stub     reassembly
	opnum    bool // the first operation number was reported
	security bool // the security provider was reported
}

// context is a presentation context: the number under which a client asked for
// an interface.
type context struct {
	id       uint16
	offered  bool // in the last bind or alter_context
	iface    uuid
	rejected bool
	ndr64    bool
}

// New returns a parser for one conversation.
func New() dissect.Parser { return new(Parser) }

// Parse implements [dissect.Parser].
func (p *Parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	if len(m.Data) == 0 {
		return dissect.NeedMore
	}
	switch m.Data[0] {
	case connectionless:
		if m.Open || m.Context != nil && m.Context.Transport == "tcp" {
			return dissect.Reject
		}
		return p.parseDatagram(m, r)
	case connectionOriented:
		if !m.Open && m.Context != nil && m.Context.Transport == "udp" {
			return dissect.Reject
		}
		return p.parsePDU(m, r)
	}
	return parseGreeting(m, r)
}

// name reports an interface as a layer above DCE/RPC, once.
func (p *Parser) name(r *dissect.Report, iface uuid) {
	for _, u := range p.named {
		if u == iface {
			return
		}
	}
	if len(p.named) == maxNamed {
		return
	}
	p.named = append(p.named, iface)
	r.Attribute("dcerpc.uuid", iface.String())
	if name, ok := interfaces()[iface]; ok {
		r.Layer(name)
		r.Attribute("dcerpc.interface", name)
	}
}

// context returns the newest context of that number, or nil.
func (p *Parser) context(id uint16) *context {
	for i := len(p.contexts) - 1; i >= 0; i-- {
		if p.contexts[i].id == id {
			return &p.contexts[i]
		}
	}
	return nil
}
