package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/correlate/registry"
	"github.com/sniffid/sniffid/internal/report"
)

// How often the table is read where nothing else is asked for, and at most.
const (
	defaultInterval = 500 * time.Millisecond
	minInterval     = 20 * time.Millisecond
)

// watchShare bounds what watching may cost: after a reading that took d, there is
// none for watchShare times d.
const watchShare = 10

// settleServices is how long a change waits to be printed: a service is taken for
// stopped when its last process has ended, a moment after its sockets are closed.
const settleServices = 200 * time.Millisecond

// watchPorts prints what becomes of listeners, until the context is done.
func watchPorts(ctx context.Context, env *environment, o *portsOptions) error {
	write, err := report.Changes(o.format, env.stdout, report.SocketOptions{Color: wantsColor(env.stdout), Elevate: env.elevate})
	if err != nil {
		return err
	}
	if o.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	w := portsWatch{env: env, o: o, names: env.registry(), table: env.owners(owner.Config{CommandLines: o.commandLines, NoEvents: true}), write: write}
	defer w.table.Close()
	err = w.run(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

type portsWatch struct {
	env    *environment
	o      *portsOptions
	names  *registry.Registry
	table  owner.Source
	recent owner.Recent
	write  report.ChangeWriter
}

func (w *portsWatch) run(ctx context.Context) error {
	before, err := w.read(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.env.stderr, "watching for changes, listeners now: %d; Ctrl-C ends\n", w.listeners(before.Sockets))
	w.recent.Add(before)
	for took := time.Duration(0); ; {
		if err := pause(ctx, max(w.o.interval, watchShare*took)); err != nil {
			return err
		}
		began := time.Now()
		after, err := w.read(ctx)
		if err != nil {
			return err
		}
		took = time.Since(began)
		if err := w.compare(ctx, before, after); err != nil {
			return err
		}
		before = after
	}
}

func (w *portsWatch) read(ctx context.Context) (*owner.Reading, error) {
	if err := w.table.Refresh(ctx); err != nil {
		return nil, cannot(fmt.Errorf("read the socket table: %w", err))
	}
	r := &owner.Reading{Time: time.Now(), Sockets: w.table.Snapshot()}
	w.env.settle(r, ctx)
	return r, nil
}

// compare prints how two readings differ.
func (w *portsWatch) compare(ctx context.Context, before, after *owner.Reading) error {
	changes := slices.DeleteFunc(owner.Changes(before.Sockets, after.Sockets), func(c owner.Change) bool { return !w.o.wants(&c.Socket) })
	// Interrupted, it prints what it knows so far.
	if len(changes) > 0 && pause(ctx, settleServices) == nil {
		w.env.settle(after, ctx)
	}
	w.recent.Add(after)
	if len(changes) == 0 {
		return nil
	}
	for i := range changes {
		c := &changes[i]
		w.recent.Explain(c)
		line := report.Change{Change: *c, Time: after.Time, Registered: w.names.Names(c.Socket.Transport, c.Socket.Local.Port())}
		if err := w.write(&line); err != nil {
			return err
		}
	}
	return nil
}

func (w *portsWatch) listeners(sockets []owner.Socket) int {
	n := 0
	for i := range sockets {
		if s := &sockets[i]; s.Listening() && w.o.wants(s) {
			n++
		}
	}
	return n
}

// pause waits, or returns why it did not.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
