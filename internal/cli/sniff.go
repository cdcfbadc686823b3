package cli

import (
	"cmp"
	"context"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/internal/pipeline"
	"github.com/sniffid/sniffid/internal/report"
)

// sniff is the main command: identify what is on the wire or in files.
func sniff(ctx context.Context, env *environment, o *options) (err error) {
	listings, err := openListings(env, o.claims)
	if err != nil {
		return err
	}
	names, err := openRegistry()
	if err != nil {
		env.log.Warn("the services file is not used", "err", err)
	}
	results := env.stdout
	if o.write.Path == "-" {
		results = env.stderr // packets and words do not mix
	}
	color := wantsColor(results)
	var waiting *held
	if o.live() {
		waiting = &held{w: results}
		results = waiting
	}
	out, err := report.New(o.format, results, report.Options{Color: color, Verbosity: verbosityOf(o), Live: o.live()})
	if err != nil {
		return usageError("--format: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := &run{env: env, o: o, out: out, held: waiting, stop: stop, listings: listings, config: pipeline.Config{
		Ports: o.portSet,
		Correlate: correlate.Config{
			Registry: names, Expect: o.expect,
		},
		MaxPackets: o.count,
	}}
	r.config.OnFlow = r.flow
	if len(o.signatures) > 0 {
		if err := r.loadEngine(); err != nil {
			return err
		}
	}
	if err := o.checkOutput(); err != nil {
		return err
	}
	if o.write.Path != "" {
		if r.writer, err = newPacketWriter(env, o, stop); err != nil {
			return cannot(err)
		}
		r.config.OnPacket = r.writer.write
		defer func() { err = cmp.Or(err, r.writer.close()) }()
	}
	if o.live() {
		err = r.live(ctx)
	} else {
		err = r.read(ctx)
	}
	closeErr := out.Close()
	if waiting != nil {
		closeErr = cmp.Or(waiting.flush(), closeErr)
	}
	if err == nil {
		err = closeErr
	}
	if err == nil || err == errReported { //nolint:errorlint // it is never wrapped
		env.status = r.status()
	}
	return err
}

// run is one execution of the main command: one live capture, or one or more
// files.
type run struct {
	env    *environment
	o      *options
	out    report.Reporter
	held   *held // what out writes to; nil where nothing is held back
	writer *packetWriter
	config pipeline.Config
	// listings are those of --claims, to be read.
	listings []listing

	// stop ends the capture or the reading.
	stop func()
	// failed is the first error of the report; it ends the run.
	failed error
	// What the exit status depends on.
	contradicted, payload bool
}

// loadEngine reads the signatures, once. Those of folders have to be read before the
// sandbox is entered; the ones built in are better read inside, where a process that
// has just begun has fewer threads to take privileges from.
func (r *run) loadEngine() error {
	if r.config.Engine != nil {
		return nil
	}
	engine, err := loadEngine(r.o.signatures, dissect.Config{})
	if err != nil {
		return usageError("%w", err)
	}
	r.config.Engine = engine
	return nil
}

// flow reports a flow that has ended.
func (r *run) flow(f *pipeline.Flow) {
	r.payload = r.payload || f.Client.Payload+f.Server.Payload > 0
	r.note(r.out.Flow(f))
}

// note keeps the first error of writing results: nobody may be there to read
// the rest.
func (r *run) note(err error) {
	if err != nil && r.failed == nil {
		r.failed = err
		r.stop()
	}
}

// finish reports what is left of a pipeline that has no more packets.
func (r *run) finish(p *pipeline.Pipeline) error {
	p.Finish()
	for port := range p.AllPorts() {
		r.judge(&port)
		r.note(r.out.Port(&port))
	}
	s := p.Summary()
	r.note(r.out.Summary(&s))
	r.env.failures(p)
	return r.failed
}

// failures tells of mistakes of sniffid's own.
func (env *environment) failures(p *pipeline.Pipeline) {
	for _, f := range p.Failures() {
		env.log.Warn("a dissector failed: please report it; the flow is read no further", "at", f.String())
	}
}

// judge notes what a verdict means for the exit status.
func (r *run) judge(p *pipeline.Port) {
	asked := p.Port.Asked || len(p.Port.Claims) > 0 || p.Port.Expect != ""
	if asked && (p.Verdict.Contradicted() || p.Verdict.Expect == correlate.Unmet) {
		r.contradicted = true
	}
}

// status is the exit status that the results call for.
func (r *run) status() int {
	switch {
	case r.contradicted:
		return exitContradicted
	case !r.payload && (!r.o.portSet.Empty() || r.o.expect != ""):
		return exitNoPayload
	}
	return exitOK
}

// verbosityOf translates -q and -v for the report.
func verbosityOf(o *options) int {
	if o.quiet {
		return -1
	}
	return o.verbose
}

// deadline applies --duration.
func (o *options) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.duration == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, o.duration)
}
