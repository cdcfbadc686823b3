package dissect

import (
	"github.com/sniffid/sniffid/dissect/flow"
)

// carry hands the payloads of one message to the layer above.
func (c *candidate) carry(d flow.Direction, m *Message, r *Report, h *half) {
	l := c.layer
	scope := l.s.engine.children[c.id]
	if scope == nil || l.depth >= maxDepth {
		return
	}
	cursor, length := c.tracks[d].cursor, r.Length
	// The layer above parses with the same report: what is needed of it is taken
	// out first.
	var few [4]Payload
	for _, p := range append(few[:0], r.Payloads...) {
		data := p.Data
		packet, offset := h.locate(cursor + p.Offset)
		size := p.Length
		if data == nil {
			if p.Offset < 0 || p.Offset >= len(m.Data) || p.Length <= 0 {
				continue
			}
			data = m.Data[p.Offset:min(p.Offset+p.Length, len(m.Data))]
		} else {
			size = max(size, len(data))
		}
		up := c.channel(p, scope)
		if up == nil {
			continue
		}
		up.only = p.Protocols
		up.feed(d^c.swap, data, piece{size: size, packet: packet, offset: offset, start: true})
		if up.changed {
			up.changed = false
			c.change(d, Transition{Offset: length})
		}
	}
}

// channel returns the layer that follows a payload's conversation.
func (c *candidate) channel(p Payload, scope *index) *layer {
	for i := range c.channels {
		if c.channels[i].id == p.Channel {
			return c.channels[i].layer
		}
	}
	l := c.layer
	if len(c.channels) >= maxChannels || l.s.layers >= maxLayers {
		return nil
	}
	up := l.s.newLayer(l, c.swap)
	up.stream = p.Stream
	up.rolesKnown = l.rolesKnown || c.proto.directional()
	up.add(scope)
	c.channels = append(c.channels, channel{p.Channel, up})
	c.above = append(c.above, up)
	return up
}

// change carries out a transition reported by the message at the cursor of
// direction d. In a protocol carried message by message it is the stream below
// that changes over (RDP's connection confirm, framed by TPKT, turns the TCP
// stream into TLS), so the layer below is told.
func (c *candidate) change(d flow.Direction, tr Transition) {
	if c.layer.stream || tr.Messages || c.layer.below == nil {
		c.become(d, tr)
	} else {
		c.layer.changed = true
	}
}

// become starts the conversation that follows a transition.
func (c *candidate) become(d flow.Direction, tr Transition) {
	l := c.layer
	if c.successor != nil || l.depth >= maxDepth || l.s.layers >= maxLayers {
		return
	}
	up := l.s.newLayer(l, c.swap)
	up.stream = !tr.Messages
	up.rolesKnown = l.rolesKnown || c.proto.directional()
	up.add(l.s.engine.scopes[l.s.ctx.Transport])
	up.add(l.s.engine.children[c.id])
	// The new conversation has a budget of its own.
	up.before = max(l.halves[0].total, l.halves[1].total)
	up.raise(l.s.engine.cfg.Budget)
	c.successor = up
	c.above = append(c.above, up)
	own, other := &c.tracks[d], &c.tracks[d.Reverse()]
	own.cursor += tr.Offset
	own.need, own.switched, own.stopped = own.cursor+1, true, false
	other.need, other.switched, other.stopped, other.waiting = other.cursor+1, true, false, false
}

// forward passes the bytes behind the cursor on to the successor, piece by
// piece so that it knows their packets.
func (c *candidate) forward(d flow.Direction) (changed bool) {
	l, t := c.layer, &c.tracks[d]
	h := &l.halves[d]
	for t.cursor < h.total {
		data := h.from(t.cursor)
		if data == nil {
			t.stopped = true
			return changed
		}
		end, _ := h.next(t.cursor)
		data = data[:end-t.cursor]
		packet, offset := h.locate(t.cursor)
		changed = c.successor.feed(d^c.swap, data, piece{
			size: len(data), packet: packet, offset: offset, start: c.successor.halves[d^c.swap].total == 0,
		}) || changed
		t.cursor = end
	}
	t.need = t.cursor + 1
	if h.ended {
		c.successor.end(d ^ c.swap)
	}
	return changed
}
