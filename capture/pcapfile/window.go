package pcapfile

import (
	"errors"
	"fmt"
	"io"
)

// blockSize is how much is asked of the operating system at once. Reads of
// this size stay in the processor's cache and beat mapping the file.
const blockSize = 1 << 20

// maxEmptyReads is how often a reader may return nothing without an error.
const maxEmptyReads = 100

// window is a sliding view of an uncompressed capture. Bytes that peek has
// returned stay in place until the next peek.
type window struct {
	r        io.Reader
	buf      []byte
	pos, end int   // unread: buf[pos:end]
	base     int64 // offset of buf[0] in the stream
	err      error // why r has ended
}

// newWindow returns a window on head followed by what r gives, with a buffer of
// the given size in bytes to begin with.
func newWindow(head []byte, r io.Reader, buffer int) window {
	w := window{r: r, buf: make([]byte, buffer)}
	w.end = copy(w.buf, head)
	return w
}

// offset is the stream offset of the first unread byte.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// peek returns the next n bytes without consuming them. With an error it
// returns the bytes that are there: io.EOF if none, io.ErrUnexpectedEOF if
// some, or the reader's own error.
func (w *window) peek(n int) ([]byte, error) {
	if w.end-w.pos < n {
		if err := w.fill(n); err != nil {
			return w.buf[w.pos:w.end], err
		}
	}
	return w.buf[w.pos : w.pos+n : w.pos+n], nil
}

// skip consumes n bytes that peek has returned.
func (w *window) skip(n int) { w.pos += n }

// fill reads until n unread bytes are in the buffer. The buffer grows only as
// bytes arrive, so that a length field alone costs no memory.
func (w *window) fill(n int) error {
	if w.pos > 0 {
		copy(w.buf, w.buf[w.pos:w.end])
		w.base += int64(w.pos)
		w.end -= w.pos
		w.pos = 0
	}
	for empty := 0; w.end < n; {
		if w.err != nil {
			if errors.Is(w.err, io.EOF) && w.end > 0 {
				return io.ErrUnexpectedEOF
			}
			return w.err
		}
		if w.end == len(w.buf) {
			grown := make([]byte, min(2*len(w.buf), n))
			copy(grown, w.buf)
			w.buf = grown
		}
		m, err := w.r.Read(w.buf[w.end:])
		w.end += m
		w.err = err
		if m > 0 {
			empty = 0
		} else if empty++; empty == maxEmptyReads && err == nil {
			w.err = io.ErrNoProgress
		}
	}
	return nil
}

// cut turns a failed peek for n bytes of what into an error that says how much
// was there. The end of the stream between two records stays io.EOF.
func cut(what string, got []byte, n int, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s is cut: %d of %d bytes are there: %w", what, len(got), n, err)
	}
	return err
}
