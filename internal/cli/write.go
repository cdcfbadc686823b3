package cli

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/internal/rotate"
)

// packetWriter writes the packets of one or several sources into pcapng files, one at a
// time.
type packetWriter struct {
	plan  *rotate.Plan
	files rotate.Opener
	// file is open between the first packet, or before, and the end; n is its number,
	// begun its time, and opened how many there were with it.
	file   io.WriteCloser
	n      uint64
	begun  time.Time
	opened int
	// over says that no more files may be written, and stop that the run has to end.
	over bool
	stop func()

	w   *pcapfile.Writer
	src capture.Source
	// lost has the drop counters of the interfaces of src; nil for files.
	lost func(i int) capture.Stats
	// number has the interface numbers in the file of those of src.
	number []int
	// prompt says that the packets of a quiet network are not held back; flushed is
	// the time of the packet after which nothing was.
	prompt  bool
	flushed int64
}

// writeError says that the file of -w could not be written.
type writeError struct{ err error }

func (e *writeError) Error() string { return "write packets: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// checkOutput refuses to write into a file that is to be read.
func (o *options) checkOutput() error {
	if o.write.Path == "" || o.write.Path == pcapfile.Stdin {
		return nil
	}
	files, err := pcapfile.Expand(o.files)
	if err != nil {
		return nil //nolint:nilerr // reading will say it
	}
	for _, name := range files {
		if sameFile(name, o.write.Path) || o.write.Rotates() && mayBe(name, o.write.Path) {
			return usageError("-w %s: it is one of the files to read", o.write.Path)
		}
	}
	return nil
}

// sameFile reports whether two names are those of one regular file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil || !x.Mode().IsRegular() {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// mayBe reports whether a file of a folder that is read is called as those are that
// will be written there: left by an earlier run, it would be written over.
func mayBe(name, pattern string) bool {
	name, err := filepath.Abs(name)
	pattern, patternErr := filepath.Abs(pattern)
	fixed, _, _ := strings.Cut(pattern, "%")
	return errors.Join(err, patternErr) == nil && strings.HasPrefix(name, fixed)
}

// newPacketWriter prepares the output of -w. Files that can be named already are opened
// at once, for what is wrong with them to be told at once.
func newPacketWriter(env *environment, o *options, stop func()) (*packetWriter, error) {
	w := &packetWriter{plan: &o.write, files: rotate.Here(&o.write), stop: stop, prompt: o.live()}
	if o.write.Path == "-" {
		return w, w.into(nopCloser{env.stdout})
	}
	if o.write.Rotates() && !o.confine.off && env.confine != nil {
		switch files, err := startFileHelper(&o.write, env.stderr); {
		case errors.Is(err, errors.ErrUnsupported):
		case err != nil:
			return nil, err
		default:
			w.files = files
		}
	}
	if o.write.Every > 0 {
		return w, o.write.Ready()
	}
	return w, w.open(time.Time{})
}

// open opens the next file, which begins at a time.
func (w *packetWriter) open(at time.Time) error {
	f, err := w.files.Open(w.n, at)
	if err != nil {
		return &writeError{err}
	}
	w.begun, w.opened = at, w.opened+1
	return w.into(f)
}

// into goes on with a file.
func (w *packetWriter) into(f io.WriteCloser) (err error) {
	w.file, w.number = f, nil
	if w.w, err = pcapfile.NewWriter(f, pcapfile.WriterConfig{Application: "sniffid " + version()}); err != nil {
		return &writeError{err}
	}
	return nil
}

// turn makes sure that a file is open that a packet of the given time may go into.
func (w *packetWriter) turn(at time.Time) error {
	if w.file != nil {
		late := w.plan.Late(w.begun, at)
		if !late && !w.plan.Full(w.w.Size()) {
			return nil
		}
		if err := w.end(); err != nil {
			return err
		}
		if w.n++; late {
			w.n = 0
		}
		if w.plan.Over(w.opened) {
			w.over = true
			w.stop()
			return nil
		}
	}
	return w.open(at)
}

// begin turns to the next source.
func (w *packetWriter) begin(src capture.Source) { w.src, w.number = src, nil }

// write writes one packet. An interface is described when its first packet
// comes: a file may describe more interfaces as it goes on.
func (w *packetWriter) write(p *capture.Packet) error {
	if w.over {
		return nil
	}
	if err := w.turn(time.Unix(0, p.Timestamp)); err != nil || w.over {
		return err
	}
	for len(w.number) <= p.Interface {
		i := capture.Interface{LinkType: p.LinkType}
		if known := w.src.Interfaces(); len(w.number) < len(known) {
			i = known[len(w.number)]
		}
		w.number = append(w.number, w.w.AddInterface(i))
	}
	q := *p
	q.Interface = w.number[p.Interface]
	if err := w.w.Write(&q); err != nil {
		return &writeError{err}
	}
	const second = 1e9
	if since := p.Timestamp - w.flushed; w.prompt && (since >= second || since < 0) {
		w.flushed = p.Timestamp
		return w.flush()
	}
	return nil
}

// flush hands what is buffered to the file.
func (w *packetWriter) flush() error {
	if w.file == nil {
		return nil
	}
	if err := w.w.Flush(); err != nil {
		return &writeError{err}
	}
	return nil
}

// end closes the file at hand, behind what was lost.
func (w *packetWriter) end() error {
	for i, number := range w.number {
		if w.lost != nil {
			_ = w.w.WriteStatistics(number, time.Now().UnixNano(), w.lost(i)) // flush tells
		}
	}
	err := w.flush()
	if closeErr := w.file.Close(); err == nil && closeErr != nil {
		err = &writeError{closeErr}
	}
	w.file = nil
	return err
}

// close ends the output. One without packets is a file all the same.
func (w *packetWriter) close() (err error) {
	if w.file == nil && w.opened == 0 && w.plan.Every > 0 {
		err = w.open(time.Now())
	}
	if w.file != nil {
		err = cmp.Or(err, w.end())
	}
	return cmp.Or(err, w.files.Close())
}

// quiet is a live source whose packets go to a file: what is buffered is written while
// nothing comes.
type quiet struct {
	capture.Source
	w *packetWriter
}

// Next implements [capture.Source].
func (q quiet) Next(p *capture.Packet) error {
	err := q.Source.Next(p)
	if errors.Is(err, capture.ErrTimeout) {
		if flushErr := q.w.flush(); flushErr != nil {
			return flushErr
		}
	}
	return err
}
