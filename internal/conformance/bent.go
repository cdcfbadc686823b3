package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/header"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// comparison counts what became of the answers of flows that were bent.
type comparison struct {
	mu                              sync.Mutex
	flows, same, lost, less, others int
	complaints                      []string
}

// add compares the stack that a flow had with the one it has now. A stack of
// which some layers are left is less; one with a layer that was not there before
// is another.
func (c *comparison) add(file string, k flowKey, before, after []string) {
	c.flows++
	verdict := ""
	switch {
	case slices.Equal(before, after):
		c.same++
		return
	case len(after) == 0:
		c.lost++
		verdict = "lost"
	case subset(after, before):
		c.less++
		verdict = "less"
	default:
		c.others++
		verdict = "another"
	}
	c.complaints = append(c.complaints, fmt.Sprintf("%-7s %s %s: %s, then %s", verdict, file, k, orDash(before), orDash(after)))
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(p string) bool { return !slices.Contains(b, p) })
}

func (c *comparison) report(s *suite, heading string) {
	slices.Sort(c.complaints)
	s.complain(heading, c.complaints)
}

// chance returns a file's own source of random choices.
func (s *suite) chance(file string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(file))
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}

// byKey groups flows by their ends, in order.
func byKey(flows []*pipeline.Flow) map[flowKey][]*pipeline.Flow {
	out := make(map[flowKey][]*pipeline.Flow)
	for _, f := range flows {
		out[keyOf(f)] = append(out[keyOf(f)], f)
	}
	return out
}

// announced reports whether a part of the answer comes from another flow, which
// named it by its port.
func announced(f *pipeline.Flow) bool {
	return slices.ContainsFunc(f.Answer.Evidence, func(e dissect.Evidence) bool { return e.Confidence == dissect.Expected }) ||
		f.Answer.Confidence == dissect.Expected
}

// bend runs every capture as it is and reshaped, and compares the named flows
// that may choose; where key is not nil it says under which ends the reshaped
// flow goes.
func (s *suite) bend(total *comparison, shaper func(file string) (shape reshape, key func(flowKey) flowKey), may func(*pipeline.Flow) bool) error {
	return s.each(func(c *corpus, file string) error {
		path := filepath.Join(c.dir, file)
		before, err := s.identify(path, nil)
		if err != nil {
			return err
		}
		shape, key := shaper(file)
		after, err := s.identify(path, shape)
		if err != nil {
			return err
		}
		bent := byKey(after)
		total.mu.Lock()
		defer total.mu.Unlock()
		for k, flows := range byKey(before) {
			other := k
			if key != nil {
				other = key(k)
			}
			for i, f := range flows {
				if len(f.Answer.Protocols) == 0 || !f.HasPorts() || !may(f) {
					continue
				}
				var stack []string
				if i < len(bent[other]) {
					stack = bent[other][i].Answer.Protocols
				}
				total.add(file, k, f.Answer.Protocols, stack)
			}
		}
		return nil
	})
}

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

func isTCP(f *pipeline.Flow) bool { return f.Transport == "tcp" && len(f.Tunnel) == 0 }

// segments cuts TCP payloads: into single bytes, and into pieces that come out
// of order and more than once.
func (s *suite) segments() ([]figure, error) {
	var single, shuffled comparison
	err := s.bend(&single, func(string) (reshape, func(flowKey) flowKey) {
		return new(opener).singleBytes, nil
	}, isTCP)
	if err != nil {
		return nil, err
	}
	err = s.bend(&shuffled, func(file string) (reshape, func(flowKey) flowKey) {
		c := &cutter{rnd: s.chance(file), known: make(map[directed]bool)}
		return c.reshape, nil
	}, isTCP)
	if err != nil {
		return nil, err
	}
	single.report(s, "segments of one byte")
	shuffled.report(s, "segments cut, reordered and sent again")
	return []figure{
		info("named TCP flows", single.flows),
		exactly("another stack in segments of one byte", single.flows-single.same, 0),
		exactly("another stack in random segments, reordered and sent again", shuffled.flows-shuffled.same, 0),
	}, nil
}

// cuttable reports whether a segment's payload may be cut: a reset's is text for
// people, and what the capture cut already has an unknown rest.
func cuttable(seg *segment) bool {
	return seg.proto == header.TCP && len(seg.payload) > 1 && seg.size == len(seg.payload) && !seg.flags.Has(header.RST)
}

func (o *opener) singleBytes(p *capture.Packet, emit func(*capture.Packet)) {
	l, ok := o.open(p)
	if !ok {
		emit(p)
		return
	}
	seg := segmentOf(l)
	if !cuttable(&seg) {
		emit(p)
		return
	}
	for i := range seg.payload {
		piece := seg.piece(i, i+1)
		emit(piece.packet(p))
	}
}

// cutter cuts segments at random, sends the pieces in random order, and some twice.
type cutter struct {
	opener
	rnd   *rand.Rand
	known map[directed]bool // the beginning of the direction was seen
}

func (c *cutter) reshape(p *capture.Packet, emit func(*capture.Packet)) {
	l, ok := c.open(p)
	if !ok {
		emit(p)
		return
	}
	seg := segmentOf(l)
	if seg.flags.Has(header.SYN) {
		c.known[directed{"tcp", seg.src, seg.dst}] = true
		emit(p)
		return
	}
	if !cuttable(&seg) {
		emit(p)
		return
	}
	cuts := []int{0, len(seg.payload)}
	for range 1 + c.rnd.IntN(4) {
		cuts = append(cuts, c.rnd.IntN(len(seg.payload)))
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var pieces []segment
	for i := range len(cuts) - 1 {
		pieces = append(pieces, seg.piece(cuts[i], cuts[i+1]))
		if c.rnd.IntN(4) == 0 {
			pieces = append(pieces, seg.piece(cuts[i], cuts[i+1]))
		}
	}
	// Where the connection's beginning was not captured, the first byte that was
	// seen is the beginning: what would come before it came before the capture.
	k := directed{"tcp", seg.src, seg.dst}
	movable := pieces
	if !c.known[k] {
		movable = pieces[1:]
		c.known[k] = true
	}
	c.rnd.Shuffle(len(movable), func(i, j int) { movable[i], movable[j] = movable[j], movable[i] })
	for i := range pieces {
		emit(pieces[i].packet(p))
	}
}

// middle takes the first three packets with payload from each TCP flow.
func (s *suite) middle() ([]figure, error) {
	const removed = 3
	prefixed := s.lengthPrefixed()
	var total comparison
	perProtocol := make(map[string][2]int)
	err := s.each(func(c *corpus, file string) error {
		path := filepath.Join(c.dir, file)
		before, err := s.identify(path, nil)
		if err != nil {
			return err
		}
		o := &beheader{seen: make(map[flowKey]int), left: make(map[flowKey]bool), n: removed}
		after, err := s.identify(path, o.reshape)
		if err != nil {
			return err
		}
		now := stacks(after)
		total.mu.Lock()
		defer total.mu.Unlock()
		for k, stack := range stacks(before) {
			if stack == "" || k.transport != "tcp" || !o.left[k] {
				continue
			}
			was := strings.Split(stack, ",")
			if !slices.ContainsFunc(was, func(p string) bool { return prefixed[p] }) {
				continue
			}
			var is []string
			if now[k] != "" {
				is = strings.Split(now[k], ",")
			}
			total.add(file, k, was, is)
			n := perProtocol[stack]
			n[1]++
			if len(is) > 0 && subset(is, was) {
				n[0]++
			}
			perProtocol[stack] = n
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	total.report(s, "without the first three packets with payload")
	mean := 0.0
	for _, n := range perProtocol {
		mean += ratio(n[0], n[1])
	}
	return []figure{
		info("flows of length-prefixed protocols, the first three payload packets removed", total.flows),
		atLeast("of these, still named", ratio(total.same+total.less, total.flows), 0.6),
		atLeast("of these, mean over stacks", mean/float64(max(1, len(perProtocol))), 0.6),
		exactly("of these, named as something else", total.others, 0),
	}, nil
}

// beheader drops the first n packets with payload of each TCP flow.
type beheader struct {
	opener
	n    int
	seen map[flowKey]int
	left map[flowKey]bool // payload is left
}

func (b *beheader) reshape(p *capture.Packet, emit func(*capture.Packet)) {
	l, ok := b.open(p)
	if ok && l.Proto == header.TCP && l.PayloadSize > 0 {
		k := newKey("tcp", netip.AddrPortFrom(l.Src, l.SrcPort), netip.AddrPortFrom(l.Dst, l.DstPort))
		if b.seen[k]++; b.seen[k] <= b.n {
			return
		}
		b.left[k] = true
	}
	emit(p)
}

// lengthPrefixed returns the protocols whose messages on a stream say how long
// they are.
func (s *suite) lengthPrefixed() map[string]bool {
	out := make(map[string]bool)
	for _, f := range s.set.Files() {
		switch {
		case f.Native != "":
			// Of the parsers in Go, those over TCP, but for the one that reads lines.
			out[f.Protocol] = slices.Contains(f.Over, "tcp") && f.Native != "http"
		default:
			for _, m := range f.Messages {
				if strings.Contains("\n"+m.Layout.Text, "\nframe ") {
					out[f.Protocol] = true
				}
			}
		}
	}
	return out
}

// oneWay leaves one direction of each flow.
func (s *suite) oneWay() ([]figure, error) {
	var total comparison
	certain := 0
	err := s.each(func(c *corpus, file string) error {
		path := filepath.Join(c.dir, file)
		before, err := s.identify(path, nil)
		if err != nil {
			return err
		}
		for _, keep := range []bool{true, false} {
			h := &halver{clients: make(map[directed]bool), keep: keep}
			for _, f := range before {
				h.clients[directed{f.Transport, f.Client.AddrPort(), f.Server.AddrPort()}] = true
			}
			after, err := s.identify(path, h.reshape)
			if err != nil {
				return err
			}
			bent := byKey(after)
			total.mu.Lock()
			for k, flows := range byKey(before) {
				for i, f := range flows {
					sent := f.Client.Payload
					if !keep {
						sent = f.Server.Payload
					}
					if sent == 0 || len(f.Answer.Protocols) == 0 || len(f.Tunnel) > 0 || f.Transport != "tcp" && f.Transport != "udp" || i >= len(bent[k]) {
						continue
					}
					now := bent[k][i].Answer
					total.add(file, k, f.Answer.Protocols, now.Protocols)
					if now.Confidence == dissect.Certain {
						certain++
						total.complaints = append(total.complaints, fmt.Sprintf("certain %s %s: %s", file, k, orDash(now.Protocols)))
					}
				}
			}
			total.mu.Unlock()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	total.report(s, "one direction only")
	return []figure{
		info("directions of named flows, each alone", total.flows),
		atLeast("of these, named", ratio(total.same+total.less, total.flows), 0.8),
		exactly("of these, certain", certain, 0),
		info("of these, named as what the other direction contradicts", total.others),
	}, nil
}

type directed struct {
	transport string
	from, to  netip.AddrPort
}

// halver drops the packets of one direction of each flow.
type halver struct {
	opener
	clients map[directed]bool // from the client to the server
	keep    bool              // the client's packets, else the server's
}

func (h *halver) reshape(p *capture.Packet, emit func(*capture.Packet)) {
	l, ok := h.outermost(p)
	if ok {
		transport := "tcp"
		if l.Proto == header.UDP {
			transport = "udp"
		}
		src, dst := netip.AddrPortFrom(l.Src.Unmap(), l.SrcPort), netip.AddrPortFrom(l.Dst.Unmap(), l.DstPort)
		if h.clients[directed{transport, src, dst}] != h.keep {
			return
		}
	} else if h.headers.Len() > 0 && h.headers.Layer(0).Fragment {
		return // of which direction is not known
	}
	emit(p)
}
