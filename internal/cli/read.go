package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/pipeline"
	"github.com/sniffid/sniffid/internal/sandbox"
)

// read identifies what is in the files of -r, each as a run of its own. A file
// that can't be read does not keep the others from being read.
func (r *run) read(ctx context.Context) error {
	box, err := r.env.prepare(&r.o.confine, sandbox.Config{CreatesFiles: r.o.write.Rotates()})
	if err != nil {
		return err
	}
	closes := box != nil && sandbox.ClosesFiles
	found := findInputs(r.o.files, closes)
	if r.writer != nil {
		for i := range found {
			found[i].without(r.o.write.Path) // the file being written, in the folder being read
		}
	}
	programs := newPrograms(r.o.filter)
	if closes {
		programs.ahead()
	}
	if err := box.enter(); err != nil {
		return err
	}
	if err := r.loadEngine(); err != nil {
		return err
	}
	if err := r.readListings(); err != nil {
		return err
	}
	if l := r.config.Correlate.Claims; l != nil {
		// Of a machine that is not this one, the listing knows the owners.
		r.config.Owners = owner.NewFixed(correlate.ToSockets(l))
	}
	failed := false
	for i := range found {
		readable, err := r.readTree(ctx, &found[i], programs)
		if r.failed != nil {
			return r.failed
		}
		if err != nil {
			return err
		}
		failed = failed || !readable
	}
	if failed {
		return errReported
	}
	return nil
}

// readTree reads a file, or every capture in a folder and below it. Readable is
// false when there was nothing to read; why has been said then.
func (r *run) readTree(ctx context.Context, in *inputs, programs *programs) (readable bool, err error) {
	if in.err != nil {
		r.env.log.Error("cannot read", "err", in.err)
		return false, nil
	}
	passed := 0
	for i := range in.files {
		if ctx.Err() != nil {
			return true, nil
		}
		ok, over, err := r.readFile(ctx, &in.files[i], programs)
		if err != nil {
			return false, err
		}
		if over {
			passed++
		}
		readable = readable || ok
	}
	if passed > 0 && passed == len(in.files) {
		r.env.log.Error("cannot read", "err", fmt.Errorf("%s: %w: no capture in the folder", in.path, pcapfile.ErrNotCapture))
	}
	return readable, nil
}

// readFile identifies what is in one file. Of a folder, files that are no
// captures are passed over.
func (r *run) readFile(ctx context.Context, in *input, programs *programs) (readable, passedOver bool, err error) {
	name := in.name
	src, err := in.source()
	measure, _ := src.(pcapfile.Measured)
	if err == nil {
		src, err = programs.filtered(src)
	}
	switch {
	case in.inFolder && errors.Is(err, pcapfile.ErrNotCapture):
		r.env.log.Info("passed over", "err", err)
		return false, true, nil
	case err != nil:
		var s *statusError
		if errors.As(err, &s) {
			return false, false, err
		}
		r.env.log.Error("cannot read", "err", err)
		return false, false, nil
	}
	defer src.Close()
	stop := context.AfterFunc(ctx, func() { src.Close() })
	defer stop()
	if isTerminal(r.env.stderr) {
		src = newProgress(src, name, r.env.stderr, measure)
	}
	config := r.config
	config.File = name
	if r.writer != nil {
		r.writer.begin(src)
	}
	p := pipeline.New(config)
	err = p.Run(ctx, src)
	if pr, ok := src.(*progress); ok {
		pr.clear()
	}
	packets := p.Summary().Packets
	var damage *capture.DamageError
	switch {
	case errors.As(err, &damage):
		r.env.log.Error("the rest of the file is not readable", "err", err)
	case err != nil:
		var w *writeError
		if errors.As(err, &w) {
			_ = r.finish(p) // what was found out is told
			return true, false, cannot(err)
		}
		r.env.log.Error("reading ended early", "err", err)
	}
	if err != nil && packets == 0 {
		return false, false, nil
	}
	return true, false, r.finish(p)
}
