package pipeline

import (
	"time"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// told is the part of an answer whose change is worth an update.
type told struct {
	layers     int
	top        string
	confidence dissect.Confidence
	refused    bool
}

// update notes that what is known of a running flow may have changed.
func (p *Pipeline) update(f *flow.Flow[conversation]) {
	switch {
	case p.config.OnUpdate == nil && p.config.OnVerdict == nil || p.ending:
	case p.config.Gather == 0:
		p.tell(f)
	case !f.Value.news:
		f.Value.news = true
		p.news = append(p.news, f)
	}
}

// Tell makes the calls of OnUpdate and OnVerdict, and asks for the owners, that wait to
// be made together. [Pipeline.Run] does so when it is time, and at its end; a source that
// has no packets for now is another occasion.
func (p *Pipeline) Tell() {
	p.askAll()
	for i, f := range p.news {
		p.news[i] = nil
		if f.Value.news {
			p.tell(f)
		}
	}
	p.news, p.waiting = p.news[:0], time.Time{}
}

// fewPackets is how many packets may come between two looks at the clock.
const fewPackets = 32

// due calls Tell when something has waited for long enough.
func (p *Pipeline) due() {
	switch {
	case len(p.news)+len(p.asking.flows) == 0:
	case p.packet.Number%fewPackets != 0:
	case p.waiting.IsZero():
		p.waiting = time.Now()
	case time.Since(p.waiting) >= p.config.Gather:
		p.Tell()
	}
}

// tell reports a running flow if what is known of it has changed.
func (p *Pipeline) tell(f *flow.Flow[conversation]) {
	f.Value.news = false
	answer := f.Value.identify()
	now := told{
		layers: len(answer.Protocols), confidence: answer.Confidence,
		refused: f.State == flow.StateRefused,
	}
	if now.layers > 0 {
		now.top = answer.Protocols[now.layers-1]
	}
	if last := f.Value.told; last == nil && now == (told{}) || last != nil && now == *last {
		return
	}
	f.Value.told = &now
	r := p.result(f)
	if p.config.OnUpdate != nil {
		p.config.OnUpdate(r)
	}
	if p.config.OnVerdict != nil && r.HasPorts() {
		var s correlate.FlowSummary
		summarize(&s, f, r)
		p.reconsider(&s)
	}
}
