package header

import (
	"encoding/binary"
	"net/netip"

	"github.com/sniffid/sniffid/capture"
)

// Decode fills p from one frame. Data are the captured bytes; wireLength is the
// frame's length on the wire and may exceed len(data). Everything that p held
// before is forgotten.
func (p *Packet) Decode(link capture.LinkType, data []byte, wireLength int) {
	p.reset()
	p.linked = true
	p.linkLength = max(wireLength, len(data))
	p.link(link, span{data, p.linkLength})
}

func (p *Packet) reset() {
	p.HasMAC, p.HasProcess, p.Protected = false, false, false
	p.ProcessName = nil
	p.frame.Field, p.frame.Payload, p.linked = FieldNone, nil, false
	p.Damage = 0
	p.vlanCount, p.layerCount, p.tunnelCount = 0, 0, 0
	p.scope, p.steps = 0, 0
}

// Reassembled replaces the payload of the i-th layer, a fragment, by that of
// the whole IP packet, and decodes on from there: the layer gets its transport
// header, and layers inside of it may follow. Size is the length of data on the
// wire. p aliases data from then on.
func (p *Packet) Reassembled(i int, data []byte, size int) {
	l := p.Layer(i)
	p.layerCount = uint8(i) + 1
	p.tunnelCount, p.scope = l.tunnels, l.Scope
	l.Fragment, l.MoreFragments, l.FragmentOffset = false, false, 0
	p.frame.Field, p.linked = FieldNone, false
	p.transport(l, l.Proto, span{data, max(size, len(data))})
}

// DecodeIncomplete fills p with one layer: the start of an IP packet whose other
// fragments are missing. A UDP header still says how long the payload was; of
// other protocols it is not known.
func (p *Packet) DecodeIncomplete(src, dst netip.Addr, proto Proto, scope uint32, data []byte) {
	p.reset()
	p.scope = scope
	l := p.newLayer()
	l.Src, l.Dst, l.Version = src, dst, 4
	if src.Is6() {
		l.Version = 6
	}
	size := len(data)
	if proto == UDP {
		size = maxPacket // until the header says less
	}
	l.Length = len(data)
	p.transport(l, proto, span{data, size})
}

// span is what is left of a frame: the bytes at hand and how many there are on
// the wire, at least as many.
type span struct {
	b []byte
	n int
}

// from returns s without its first k bytes.
func (s span) from(k int) span {
	return span{s.b[min(k, len(s.b)):], max(s.n-k, 0)}
}

// resize returns s with the length that a header states for it.
func (s span) resize(n int) span {
	return span{s.b[:min(n, len(s.b))], n}
}

// need reports whether the next k bytes are at hand, and notes why if not.
func (p *Packet) need(s span, k int) bool {
	switch {
	case len(s.b) >= k:
		return true
	case s.n >= k:
		p.Damage |= CutShort
	default:
		p.Damage |= BadLength
	}
	return false
}

// step counts the headers of a frame, so that none makes unbounded work.
func (p *Packet) step() bool {
	p.steps++
	if p.steps <= maxSteps {
		return true
	}
	p.Damage |= TooDeep
	return false
}

// outer reports whether the outer frame's link layer is being decoded.
func (p *Packet) outer() bool { return p.layerCount == 0 && p.tunnelCount == 0 }

// newLayer appends a layer, or returns nil if there are too many.
func (p *Packet) newLayer() *Layer {
	if p.layerCount == MaxLayers {
		p.Damage |= TooDeep
		return nil
	}
	l := &p.layers[p.layerCount]
	p.layerCount++
	*l = Layer{Scope: p.scope, tunnels: p.tunnelCount}
	return l
}

// enter notes a tunnel around all that follows.
func (p *Packet) enter(t tunnel) bool {
	if p.tunnelCount == maxTunnels {
		p.Damage |= TooDeep
		return false
	}
	p.tunnels[p.tunnelCount] = t
	p.tunnelCount++
	p.scope = t.mix(p.scope)
	p.linked = false
	return true
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
