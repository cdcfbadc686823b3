package main

import (
	"path/filepath"
	"slices"
	"sync"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/header"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// Bars of how soon a flow has its label, in packets with payload.
const (
	medianPackets = 1
	almostPackets = 4 // of 95 in 100
)

// waits are after how many packets with payload flows had what they kept to the end.
type waits struct {
	label   []int // a layer's name
	stack   []int // all names
	certain []int // all names, and certain
}

// soon measures after how many packets with payload, of both directions, a flow has the
// label that it keeps.
func (s *suite) soon() ([]figure, error) {
	var all waits
	var mu sync.Mutex
	err := s.each(func(c *corpus, file string) error {
		w, err := s.waits(filepath.Join(c.dir, file))
		mu.Lock()
		defer mu.Unlock()
		all.label = append(all.label, w.label...)
		all.stack = append(all.stack, w.stack...)
		all.certain = append(all.certain, w.certain...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return []figure{
		info("TCP and UDP flows that get a label", len(all.label)),
		atMost("packets with payload to the label, median", percentile(all.label, 50), medianPackets),
		atMost("packets with payload to the label, 95 of 100 flows", percentile(all.label, 95), almostPackets),
		info("packets with payload to the label, 99 of 100 flows", percentile(all.label, 99)),
		info("packets with payload to all layers, 50, 95 and 99 of 100 flows", spread(all.stack)),
		info("packets with payload to certainty, 50, 95 and 99 of 100 flows that reach it", spread(all.certain)),
	}, nil
}

// said is an answer, given after so many packets with payload.
type said struct {
	after      int
	protocols  []string
	confidence dissect.Confidence
}

// waits follows the TCP and UDP flows of one capture outside of tunnels.
func (s *suite) waits(path string) (waits, error) {
	type flowOf struct {
		key   flowKey
		first uint64 // packet
	}
	var open opener
	payloads := make(map[flowKey][]uint64) // numbers of packets
	history := make(map[flowOf][]said)
	note := func(f *pipeline.Flow, protocols []string, confidence dissect.Confidence) {
		id := flowOf{keyOf(f), f.First}
		numbers := payloads[id.key]
		before, _ := slices.BinarySearch(numbers, f.First)
		history[id] = append(history[id], said{len(numbers) - before, slices.Clone(protocols), confidence})
	}
	count := func(p *capture.Packet, emit func(*capture.Packet)) {
		if l, ok := open.open(p); ok && l.PayloadSize > 0 {
			seg := segmentOf(l)
			transport := "udp"
			if seg.proto == header.TCP {
				transport = "tcp"
			}
			k := newKey(transport, seg.src, seg.dst)
			payloads[k] = append(payloads[k], p.Number)
		}
		emit(p)
	}
	flows, err := s.follow(path, count, func(f *pipeline.Flow) { note(f, f.Answer.Protocols, f.Answer.Confidence) })
	var w waits
	for _, f := range flows {
		id := flowOf{keyOf(f), f.First}
		if len(f.Answer.Protocols) > 0 && len(f.Tunnel) == 0 && len(payloads[id.key]) > 0 {
			note(f, f.Answer.Protocols, f.Answer.Confidence)
			w.add(history[id])
		}
	}
	return w, err
}

// add takes over the history of one flow: what its last answer says counts from when it
// has been said without a break.
func (w *waits) add(history []said) {
	last := history[len(history)-1]
	since := func(holds func(said) bool) int {
		after := last.after
		for _, h := range slices.Backward(history) {
			if !holds(h) {
				break
			}
			after = h.after
		}
		return after
	}
	w.label = append(w.label, since(func(h said) bool { return len(h.protocols) > 0 && slices.Contains(last.protocols, h.protocols[0]) }))
	w.stack = append(w.stack, since(func(h said) bool { return slices.Equal(h.protocols, last.protocols) }))
	if last.confidence == dissect.Certain {
		w.certain = append(w.certain, since(func(h said) bool {
			return h.confidence == dissect.Certain && slices.Equal(h.protocols, last.protocols)
		}))
	}
}

// percentile is the smallest value that so many of a hundred do not exceed; 0 of none.
func percentile(values []int, percent int) int {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}
