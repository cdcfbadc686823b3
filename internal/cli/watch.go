package cli

import (
	"slices"
	"time"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// settleTime is how long an answer from one direction may wait for the other
// one before --until-verdict takes it as final.
const settleTime = 700 * time.Millisecond

// innerTime is how long a certain answer waits for what may be inside it, which
// the next packets tell: a request's media type, a call on a channel just opened.
const innerTime = 150 * time.Millisecond

// watch ends a capture when every port asked for has an answer that will not
// get better.
type watch struct {
	waiting []pipeline.PortRange
	any     bool // no ports were named: the first answer will do
	done    func()
	timer   *time.Timer
}

func newWatch(o *options, done func()) *watch {
	w := &watch{done: done}
	if !o.untilVerdict {
		w.done = func() {}
		return w
	}
	w.waiting = slices.Clone(o.portSet.Items())
	w.any = len(w.waiting) == 0
	return w
}

// update hears of a flow whose answer changed.
func (w *watch) update(f *pipeline.Flow) {
	if len(w.waiting) == 0 && !w.any {
		return
	}
	switch answer := f.Answer; {
	case settled(&answer), f.State == flow.StateRefused.String():
		if w.settle(f) {
			if w.timer != nil {
				w.timer.Stop()
			}
			w.timer = time.AfterFunc(innerTime, w.done)
		}
	case len(answer.Protocols) > 0 && w.last(f) && w.timer == nil:
		w.timer = time.AfterFunc(settleTime, w.done)
	}
}

// settled reports whether an answer is certain, except for what a certain layer
// declares to be inside it: that may stay out of sight, as in TLS.
func settled(id *dissect.Identification) bool {
	weaker := func(e dissect.Evidence) bool {
		return e.Confidence != dissect.Certain && e.Confidence != dissect.Declared
	}
	return len(id.Evidence) > 0 && id.Evidence[0].Confidence == dissect.Certain && !slices.ContainsFunc(id.Evidence, weaker)
}

// settle strikes off the ports of f and reports whether none is left.
func (w *watch) settle(f *pipeline.Flow) bool {
	if w.any {
		w.any = false
		return true
	}
	kept := w.waiting[:0]
	for _, item := range w.waiting {
		if !covers(item, f) {
			kept = append(kept, item)
		}
	}
	w.waiting = kept
	return len(kept) == 0
}

// last reports whether f is about the only port still waited for.
func (w *watch) last(f *pipeline.Flow) bool {
	return w.any || len(w.waiting) == 1 && covers(w.waiting[0], f)
}

func covers(r pipeline.PortRange, f *pipeline.Flow) bool {
	if !f.HasPorts() || r.Transport != "" && r.Transport != f.Transport {
		return false
	}
	return r.Low <= f.Client.Port && f.Client.Port <= r.High || r.Low <= f.Server.Port && f.Server.Port <= r.High
}
