package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// read identifies what is in the files of -r, each as a run of its own. A file
// that can't be read does not keep the others from being read.
func (r *run) read(ctx context.Context) error {
	failed := false
	for _, name := range r.o.files {
		readable, err := r.readTree(ctx, name)
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
func (r *run) readTree(ctx context.Context, name string) (readable bool, err error) {
	files, err := pcapfile.Expand([]string{name})
	if err != nil {
		r.env.log.Error("cannot read", "err", err)
		return false, nil
	}
	for _, file := range files {
		if ctx.Err() != nil {
			return true, nil
		}
		if r.writer != nil && sameFile(file, r.o.write) {
			continue // the file being written, in the folder being read
		}
		ok, err := r.readFile(ctx, file, file != name)
		if err != nil {
			return false, err
		}
		readable = readable || ok
	}
	return readable, nil
}

// readFile identifies what is in one file. Of a folder, files that are no
// captures are passed over.
func (r *run) readFile(ctx context.Context, name string, inFolder bool) (readable bool, err error) {
	src, err := r.openFile(name)
	switch {
	case inFolder && errors.Is(err, pcapfile.ErrNotCapture):
		r.env.log.Info("passed over", "err", err)
		return false, nil
	case err != nil:
		var s *statusError
		if errors.As(err, &s) {
			return false, err
		}
		r.env.log.Error("cannot read", "err", err)
		return false, nil
	}
	defer src.Close()
	stop := context.AfterFunc(ctx, func() { src.Close() })
	defer stop()
	if isTerminal(r.env.stderr) {
		src = &progress{Source: src, name: name, w: r.env.stderr}
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
			return false, cannot(err)
		}
		r.env.log.Error("reading ended early", "err", err)
	}
	if err != nil && packets == 0 {
		return false, nil
	}
	return true, r.finish(p)
}

// openFile opens a capture file and applies the filter expression.
func (r *run) openFile(name string) (capture.Source, error) {
	src, err := pcapfile.Open(name)
	if err != nil {
		return nil, err
	}
	return filtered(src, r.o.filter)
}

// progress tells a person how far a long file has been read.
type progress struct {
	capture.Source
	name  string
	w     interface{ Write([]byte) (int, error) }
	count uint64
	began time.Time
	last  time.Time
	shown bool
}

// Next implements [capture.Source].
func (p *progress) Next(pkt *capture.Packet) error {
	const every = 1 << 14 // packets between looks at the clock
	if p.count++; p.count%every == 0 {
		p.show(time.Now())
	}
	return p.Source.Next(pkt)
}

func (p *progress) show(now time.Time) {
	if p.began.IsZero() {
		p.began, p.last = now, now
	}
	if now.Sub(p.began) < 2*time.Second || now.Sub(p.last) < 200*time.Millisecond {
		return
	}
	p.last, p.shown = now, true
	fmt.Fprintf(p.w, "\r%s: %d packets ", p.name, p.count)
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
