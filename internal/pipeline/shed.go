package pipeline

import (
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/header"
)

// How full of packets that wait a source is when payload is passed over: first that of
// flows with a name, of which it could only tell more, then all.
const (
	shedNamed = 0.5
	shedAll   = 0.75
)

// sheds reports whether the payload at hand is to be passed over, so that packets need
// not be lost, and counts its packet.
func (p *Pipeline) sheds(f *flow.Flow[conversation], d flow.Direction) bool {
	if p.config.Backlog == nil {
		return false
	}
	backlog := p.config.Backlog()
	in := f.Value.inquiry
	switch {
	case backlog < shedNamed:
		return false
	case in != nil && in.sated[f.Value.direction(d)]:
		return false // nobody would look at it
	case backlog < shedAll && (in == nil || !in.named()):
		return false
	}
	if p.shed == p.packet.Number {
		return true // the tunnel around it was counted
	}
	p.shed = p.packet.Number
	if p.summary.Uninspected++; p.summary.Uninspected == 1 && p.config.OnShed != nil {
		p.config.OnShed()
	}
	return true
}

// pass deals with payload that nobody looks at: as if it had not been captured.
func (p *Pipeline) pass(f *flow.Flow[conversation], d flow.Direction, l *header.Layer) {
	p.hear(f, d)
	if l.Proto == header.TCP && f.Value.work != nil {
		p.segment(f, d, l, nil)
	}
}
