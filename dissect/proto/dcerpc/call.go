package dcerpc

import (
	"strconv"

	"github.com/sniffid/sniffid/dissect"
)

// call is a request that waits for its response.
type call struct {
	id    uint32
	known bool // the zero call is unknown
	ndr64 bool
	iface uuid
	opnum uint16
}

// tells reports whether the response announces endpoints.
func (c call) tells() bool { return c.known && (c.mapsEndpoints() || c.activates()) }

// calls remembers the latest requests and binds; older ones are overwritten.
type calls struct {
	ring [16]call
	next int
}

func (q *calls) add(c call) {
	c.known = true
	q.ring[q.next%len(q.ring)] = c
	q.next++
}

func (q *calls) find(id uint32) *call {
	for i := range q.ring {
		c := &q.ring[(q.next+len(q.ring)-1-i)%len(q.ring)]
		if c.known && c.id == id {
			return c
		}
	}
	return nil
}

// get returns the call of that id; one that is not known is the zero call.
func (q *calls) get(id uint32) call {
	if c := q.find(id); c != nil {
		return *c
	}
	return call{}
}

// take is get for a call that is thereby answered.
func (q *calls) take(id uint32) call {
	c := q.find(id)
	if c == nil {
		return call{}
	}
	taken := *c
	c.known = false
	return taken
}

// request reads the header of a request (C706 §12.6.4.9).
func (p *Parser) request(pdu []byte, h *header, r *dissect.Report) {
	if len(pdu) < minRequest {
		return
	}
	opnum := h.order.Uint16(pdu[22:])
	if r.Recording {
		r.Field("dcerpc.cn_ctx_id", 20, 2, strconv.Itoa(int(h.order.Uint16(pdu[20:]))))
		r.Field("dcerpc.opnum", 22, 2, strconv.Itoa(int(opnum)))
	}
	if !p.opnum {
		p.opnum = true
		r.Attribute("dcerpc.opnum", strconv.Itoa(int(opnum)))
	}
	if h.flags&flagFirst == 0 {
		return
	}
	c := call{id: h.call, opnum: opnum}
	if ctx := p.context(h.order.Uint16(pdu[20:])); ctx != nil {
		c.iface, c.ndr64 = ctx.iface, ctx.ndr64
		if !ctx.rejected && (ctx.iface != ifaceSpooler || opensPrinter(opnum)) {
			p.name(r, ctx.iface)
		}
	}
	p.calls.add(c)
}

// opensPrinter reports whether an operation is one with which a conversation
// with the print spooler begins: RpcOpenPrinter, RpcOpenPrinterEx (MS-RPRN
// §3.1.4).
func opensPrinter(opnum uint16) bool { return opnum == 1 || opnum == 69 }

// response reads a response (C706 §12.6.4.10). Those that announce endpoints
// are put together from their fragments.
func (p *Parser) response(pdu []byte, h *header, r *dissect.Report) {
	c := p.calls.get(h.call)
	r.Answers = c.known
	if h.flags&flagLast != 0 {
		p.calls.take(h.call)
	}
	if !c.tells() {
		return
	}
	end, readable := stubEnd(pdu, h)
	if !readable || end < minRequest || end > len(pdu) {
		p.stub = reassembly{}
		return
	}
	if stub := p.stub.add(h, pdu[minRequest:end]); stub != nil {
		announce(r, c, stub, h.order)
	}
}

// reassembly gathers the stub data of one call's response.
type reassembly struct {
	call   uint32
	active bool
	data   []byte
}

// maxStub bounds the data that are gathered, in bytes.
const maxStub = 64 << 10

// add takes the next fragment and returns the stub when it is complete. What is
// beyond maxStub is cut off.
func (a *reassembly) add(h *header, stub []byte) []byte {
	first, last := h.flags&flagFirst != 0, h.flags&flagLast != 0
	if first && last {
		return stub
	}
	if first {
		*a = reassembly{call: h.call, active: true, data: a.data[:0]}
	}
	if !a.active || a.call != h.call {
		return nil
	}
	a.data = append(a.data, stub[:min(len(stub), maxStub-len(a.data))]...)
	if !last {
		return nil
	}
	a.active = false
	return a.data
}
