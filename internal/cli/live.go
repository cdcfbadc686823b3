package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/live"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// live identifies what passes the interfaces, until the context is done or what
// the flags ask for is reached.
func (r *run) live(ctx context.Context) error {
	names := r.o.interfaces
	if len(names) == 0 {
		name, err := live.DefaultInterface()
		if err != nil {
			return cannot(fmt.Errorf("no interface given (-i, see -D): %w", err))
		}
		r.env.log.Info("capturing on the interface of the default route", "interface", name)
		names = []string{name}
	}
	ctx, cancel := r.o.deadline(ctx)
	defer cancel()
	src, err := live.Open(live.Config{
		Interfaces: names, Filter: r.o.filter, SnapLength: r.o.snapLength,
		NoPromiscuous: r.o.noPromisc, Logger: r.env.log,
	})
	if err != nil {
		return openStatus(err)
	}
	defer src.Close()
	owners := owner.New(owner.Config{})
	defer owners.Close()
	if err := owners.Refresh(ctx); err != nil {
		r.env.log.Warn("the socket table can't be read", "err", err)
	}

	watch := newWatch(r.o, cancel)
	config := r.config
	config.Owners = owners
	config.Correlate.Local = owners.Local
	config.OnUpdate = func(f *pipeline.Flow) {
		r.note(r.out.Update(f))
		watch.update(f)
	}
	config.OnVerdict = func(p *pipeline.Port) { r.note(r.out.Change(p)) }
	if r.writer != nil {
		r.writer.begin(src)
	}
	stop := context.AfterFunc(ctx, func() { src.Close() })
	defer stop()
	p := pipeline.New(config)
	err = p.Run(ctx, src)
	src.Close()
	r.drops(src.Stats())
	if finishErr := r.finish(p); err == nil {
		err = finishErr
	}
	var w *writeError
	if errors.As(err, &w) {
		return cannot(err)
	}
	return err
}

// openStatus gives an error of opening a live capture its exit status.
func openStatus(err error) error {
	if errors.Is(err, live.ErrFilter) || errors.Is(err, live.ErrNoInterface) {
		return usageOrCannot(err)
	}
	if errors.Is(err, fs.ErrPermission) {
		return cannot(fmt.Errorf("%w\n(\"sniffid doctor\" says what this machine allows)", err))
	}
	return cannot(err)
}

// usageOrCannot tells a bad expression (usage) from a missing interface.
func usageOrCannot(err error) error {
	if errors.Is(err, live.ErrFilter) {
		return usageError("%w", err)
	}
	return cannot(fmt.Errorf("%w (sniffid -D lists them)", err))
}

// drops tells how many packets came and how many were lost.
func (r *run) drops(s capture.Stats) {
	if !r.o.quiet {
		fmt.Fprintf(r.env.stderr, "%d packets received, %d dropped by the kernel, %d dropped by the interface\n",
			s.Received, s.Dropped, s.IfDropped)
	}
	if s.Dropped+s.IfDropped > 0 {
		r.env.log.Warn("packets were lost; a filter expression or -s makes the capture cheaper",
			"dropped", s.Dropped+s.IfDropped)
	}
}

// settleTime is how long an answer from one direction may wait for the other
// one before --until-verdict takes it as final.
const settleTime = 700 * time.Millisecond

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
	w.waiting = o.portSet.Items()
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
			w.done()
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
