package dcerpc

import (
	"strings"

	"github.com/sniffid/sniffid/dissect"
)

// bindBits is what the equation of a bind's length verifies more: 16 bits, less
// the padding that a security trailer may have, and the number of contexts.
const bindBits = 12

// bind reads the presentation contexts of bind and alter_context (C706
// §12.6.4.3). It reports false where their lengths contradict frag_length.
func (p *Parser) bind(pdu []byte, h *header, r *dissect.Report) bool {
	const firstContext = 28
	if len(pdu) < firstContext {
		return true // cut; the header has to do
	}
	count := int(pdu[24])
	if count == 0 {
		return false
	}
	p.offer(count)
	at := firstContext
	whole := true
	distinct := make([]uuid, 0, 4)
	for range count {
		if len(pdu) < at+24 {
			whole = false
			break
		}
		transfers := int(pdu[at+2])
		if transfers == 0 {
			return false
		}
		c := context{id: h.order.Uint16(pdu[at:]), offered: true, iface: readUUID(pdu[at+4:], h.order)}
		r.Field("dcerpc.cn_bind_to_uuid", at+4, 16, c.iface.String())
		at += 24 + 20*transfers
		p.remember(c)
		distinct = addUUID(distinct, c.iface)
	}
	if rest := h.frag - at; whole && !trailerFits(rest, h.auth) || rest < 0 {
		return false
	}
	if whole {
		r.Reason = "header and context list"
		r.Bits += bindBits
	}
	p.calls.add(call{id: h.call})
	// With several interfaces on offer the answer says which one is meant.
	if len(distinct) == 1 && distinct[0] != ifaceSpooler {
		p.name(r, distinct[0])
	}
	return true
}

// trailerFits reports whether rest bytes are exactly a security trailer with
// auth bytes of credentials and its padding, or nothing at all.
func trailerFits(rest, auth int) bool {
	if auth == 0 {
		return rest == 0
	}
	pad := rest - auth - authHeader
	return pad >= 0 && pad <= maxAuthPad
}

// offer prepares for count new contexts: earlier ones can't be answered any
// more, and are forgotten where there is no room for all.
func (p *Parser) offer(count int) {
	if len(p.contexts)+count > maxContexts {
		p.contexts = p.contexts[:0]
	}
	for i := range p.contexts {
		p.contexts[i].offered = false
	}
}

func (p *Parser) remember(c context) {
	if len(p.contexts) < maxContexts {
		p.contexts = append(p.contexts, c)
	}
}

func addUUID(list []uuid, u uuid) []uuid {
	for _, x := range list {
		if x == u {
			return list
		}
	}
	return append(list, u)
}

// bindAck reads the secondary address and the results of bind_ack and
// alter_context_resp (C706 §12.6.4.4), which are in the order of the offers.
func (p *Parser) bindAck(pdu []byte, h *header, r *dissect.Report) {
	r.Answers = p.calls.take(h.call).known
	if len(pdu) < minContextReply+2 {
		return
	}
	n := int(h.order.Uint16(pdu[24:]))
	end := 26 + n
	if len(pdu) < end {
		return
	}
	address := ""
	if n > 1 && pdu[end-1] == 0 {
		address = printable(pdu[26 : end-1])
		r.Attribute("dcerpc.sec_addr", address)
	}
	at := (end + 3) &^ 3
	if len(pdu) < at+4 {
		return
	}
	count := int(pdu[at])
	at += 4
	if trailerFits(h.frag-at-24*count, h.auth) {
		r.Reason = "header and result list"
		r.Bits += bindBits
	}
	for i := 0; i < count && len(pdu) >= at+24; i++ {
		if c := p.offered(i); c != nil {
			c.rejected = h.order.Uint16(pdu[at:]) != 0
			c.ndr64 = readUUID(pdu[at+4:], h.order) == syntaxNDR64
			if !c.rejected && (c.iface != ifaceSpooler || isSpooler(address)) {
				p.name(r, c.iface)
			}
		}
		at += 24
	}
}

// offered returns the context that stands at place i of the last bind or
// alter_context, or nil.
func (p *Parser) offered(i int) *context {
	for j := range p.contexts {
		if c := &p.contexts[j]; c.offered {
			if i == 0 {
				return c
			}
			i--
		}
	}
	return nil
}

// isSpooler tells the print spooler from the IPsec policy agent of Windows
// 2000, which has the same interface UUID but listened on another pipe. A
// spooler also listens on TCP ports; the address is then a number.
func isSpooler(address string) bool {
	return !strings.Contains(address, `\`) || strings.HasSuffix(strings.ToLower(address), `\spoolss`)
}

// printable returns b as a string if all of it is printable ASCII and it is not
// too long to be an address, else "".
func printable(b []byte) string {
	if len(b) > 256 {
		return ""
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return string(b)
}
