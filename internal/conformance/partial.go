package main

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/header"
)

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
		src, dst := netip.AddrPortFrom(l.Src, l.SrcPort), netip.AddrPortFrom(l.Dst, l.DstPort)
		if h.clients[directed{transport, src, dst}] != h.keep {
			return
		}
	} else if h.headers.Len() > 0 && h.headers.Layer(0).Fragment {
		return // of which direction is not known
	}
	emit(p)
}
