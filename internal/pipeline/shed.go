package pipeline

import "github.com/sniffid/sniffid/dissect/flow"

// How full of packets that wait a source is when payload is passed over: first that of
// flows with a name, of which it could only tell more, then all.
const (
	shedNamed = 0.5
	shedAll   = 0.75
)

// sheds reports whether the payload at hand is to be passed over, so that packets need
// not be lost, and counts it. What is passed over is missing from the flow's stream as if
// it had not been captured.
func (p *Pipeline) sheds(f *flow.Flow[conversation]) bool {
	if p.config.Backlog == nil {
		return false
	}
	backlog := p.config.Backlog()
	v := &f.Value
	if backlog < shedNamed || backlog < shedAll && !(v.open() && v.work.session.Named()) {
		return false
	}
	if p.summary.Uninspected++; p.summary.Uninspected == 1 && p.config.OnShed != nil {
		p.config.OnShed()
	}
	return true
}
