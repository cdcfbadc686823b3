package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/live"
	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/ownerhelper"
	"github.com/sniffid/sniffid/internal/pipeline"
	"github.com/sniffid/sniffid/internal/sandbox"
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
	// Before the first packet, so that its owner is not missed.
	owners, followed, err := r.openOwners()
	if err != nil {
		return err
	}
	defer owners.Close()
	if err := r.loadEngine(); err != nil {
		return err
	}
	if err := owners.Refresh(ctx); err != nil {
		r.env.log.Warn("the socket table can't be read", "err", err)
	}
	var box *confinement
	_, apart := owners.(*ownerhelper.Process)
	if apart || sandbox.AllowsOwners || r.o.confine.user != "" {
		// Looked up here, owners take the privileges that would be given up elsewhere.
		if box, err = r.env.prepare(&r.o.confine, sandbox.Config{Owners: !apart, CreatesFiles: r.o.write.Rotates()}); err != nil {
			return err
		}
	}
	var p *pipeline.Pipeline
	src, err := live.Open(live.Config{
		Interfaces: names, Filter: r.o.filter, SnapLength: r.o.snapLength,
		NoPromiscuous: r.o.noPromisc, Logger: r.env.log, Batch: batch(followed),
		Idle: func() {
			p.Tell()
			r.note(r.held.flush())
		},
	})
	if err != nil {
		return openStatus(err)
	}
	defer src.Close()
	var sockets []owner.Socket
	if len(r.listings) == 0 && !r.o.portSet.Empty() {
		sockets = owners.Snapshot()
	}
	if err := box.enter(); err != nil {
		return err
	}
	if err := r.readListings(); err != nil {
		return err
	}

	watch := newWatch(r.o, cancel)
	config := r.config
	config.Owners = owners
	config.Correlate.Local = owners.Local
	if config.Correlate.Claims == nil && !r.o.portSet.Empty() {
		// A port asked about is judged against this machine's own table.
		config.Correlate.Claims = correlate.FromSockets(sockets)
	}
	config.OnUpdate = func(f *pipeline.Flow) {
		r.note(r.out.Update(f))
		watch.update(f)
	}
	config.OnVerdict = func(p *pipeline.Port) { r.note(r.out.Change(p)) }
	config.Backlog = src.Backlog
	config.OnShed = func() {
		r.env.log.Warn("packets come faster than they can be looked into; payload is passed over while too many wait; a filter expression makes the capture cheaper")
	}
	// What has come when the run is to end is looked at all the same.
	stop := context.AfterFunc(ctx, src.Stop)
	defer stop()
	var packets capture.Source = src
	if r.writer != nil {
		r.writer.begin(src)
		r.writer.lost = src.Lost
		packets = quiet{src, r.writer}
	}
	if followed {
		config.Gather = heldTime
	}
	p = pipeline.New(config)
	err = p.Run(context.WithoutCancel(ctx), &prompt{Source: packets, run: r})
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

// batch is how long the kernel may hold packets back. Handed over together they cost half
// as much, and the kernel's buffer takes far more of them. But where the system does not
// tell of sockets that come and go, an owner is only found while its socket is there.
func batch(followed bool) time.Duration {
	if followed {
		return 5 * time.Millisecond
	}
	return 0
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
