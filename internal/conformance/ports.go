package main

import (
	"math/rand/v2"
	"net/netip"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect/header"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// shuffledPorts gives every port of a capture another number.
func (s *suite) shuffledPorts() ([]figure, error) {
	var total comparison
	err := s.bend(&total, func(file string) (reshape, func(flowKey) flowKey) {
		m := &portMap{rnd: s.chance(file), to: make(map[uint32]uint16), taken: make(map[uint32]bool)}
		return m.reshape, m.key
	}, func(f *pipeline.Flow) bool {
		return len(f.Tunnel) == 0 && (f.Transport == "tcp" || f.Transport == "udp") && !announced(f)
	})
	if err != nil {
		return nil, err
	}
	total.report(s, "ports shuffled")
	return []figure{
		info("named flows, ports shuffled", total.flows),
		atLeast("same stack with shuffled ports", ratio(total.same, total.flows), 0.99),
		exactly("another protocol with shuffled ports", total.others, 0),
	}, nil
}

// portMap maps each port of a capture to a random one.
type portMap struct {
	opener
	rnd   *rand.Rand
	to    map[uint32]uint16 // by protocol<<16 | port
	taken map[uint32]bool
}

func (m *portMap) port(proto header.Proto, port uint16) uint16 {
	k := uint32(proto)<<16 | uint32(port)
	if to, ok := m.to[k]; ok {
		return to
	}
	for {
		to := uint16(20000 + m.rnd.IntN(40000))
		if t := uint32(proto)<<16 | uint32(to); !m.taken[t] {
			m.taken[t], m.to[k] = true, to
			return to
		}
	}
}

func (m *portMap) reshape(p *capture.Packet, emit func(*capture.Packet)) {
	l, ok := m.outermost(p)
	if !ok {
		emit(p)
		return
	}
	seg := segmentOf(l)
	seg.src = netip.AddrPortFrom(l.Src, m.port(l.Proto, l.SrcPort))
	seg.dst = netip.AddrPortFrom(l.Dst, m.port(l.Proto, l.DstPort))
	emit(seg.packet(p))
}

func (m *portMap) key(k flowKey) flowKey {
	proto := header.TCP
	if k.transport == "udp" {
		proto = header.UDP
	}
	end := func(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), m.port(proto, a.Port())) }
	return newKey(k.transport, end(k.a), end(k.b))
}
