package main

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect/header"
	"github.com/sniffid/sniffid/internal/pipeline"
)

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
// people, what the capture cut already has an unknown rest, and a few NULs in a
// bare ACK are its padding.
func cuttable(seg *segment) bool {
	const padding = 6
	bare := len(seg.payload) <= padding && !seg.flags.Has(header.PSH) && len(bytes.Trim(seg.payload, "\x00")) == 0
	return seg.proto == header.TCP && len(seg.payload) > 1 && seg.size == len(seg.payload) && !seg.flags.Has(header.RST) && !bare
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
