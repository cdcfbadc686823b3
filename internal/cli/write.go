package cli

import (
	"io"
	"os"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
)

// packetWriter writes the packets of one or several sources into one pcapng
// file.
type packetWriter struct {
	file io.WriteCloser
	w    *pcapfile.Writer
	src  capture.Source
	// number has the interface numbers in the file of those of src.
	number []int
}

// writeError says that the file of -w could not be written.
type writeError struct{ err error }

func (e *writeError) Error() string { return "write packets: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// checkOutput refuses to write into a file that is to be read.
func (o *options) checkOutput() error {
	if o.write == "" || o.write == pcapfile.Stdin {
		return nil
	}
	files, err := pcapfile.Expand(o.files)
	if err != nil {
		return nil //nolint:nilerr // reading will say it
	}
	for _, name := range files {
		if sameFile(name, o.write) {
			return usageError("-w %s: it is one of the files to read", o.write)
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

func newPacketWriter(env *environment, name string) (*packetWriter, error) {
	var file io.WriteCloser = nopCloser{env.stdout}
	if name != "-" {
		f, err := os.Create(name)
		if err != nil {
			return nil, err
		}
		file = f
	}
	w, err := pcapfile.NewWriter(file, pcapfile.WriterConfig{Application: "sniffid " + version()})
	if err != nil {
		file.Close()
		return nil, &writeError{err}
	}
	return &packetWriter{file: file, w: w}, nil
}

// begin turns to the next source.
func (w *packetWriter) begin(src capture.Source) { w.src, w.number = src, nil }

// write writes one packet. An interface is described when its first packet
// comes: a file may describe more interfaces as it goes on.
func (w *packetWriter) write(p *capture.Packet) error {
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
	return nil
}

// flush hands what is buffered to the file.
func (w *packetWriter) flush() error {
	if err := w.w.Flush(); err != nil {
		return &writeError{err}
	}
	return nil
}

func (w *packetWriter) close() error {
	err := w.flush()
	if closeErr := w.file.Close(); err == nil && closeErr != nil {
		err = &writeError{closeErr}
	}
	return err
}
