// Package pcapfile reads and writes capture files in pure Go: pcap in both byte
// orders, with microseconds and nanoseconds and with Kuznetzov's longer records,
// and pcapng with all its sections, interfaces and packet blocks, plain or
// compressed with gzip or zstd.
//
// Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, and libpcap of
// macOS for the process information that pcapng files of Apple carry.
package pcapfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/sniffid/sniffid/capture"
)

// ErrNotCapture says that a file is no capture in a format that this package
// reads. The error that wraps it says what the file is instead.
var ErrNotCapture = errors.New("not a capture file")

// Stdin is the name that stands for standard input.
const Stdin = "-"

// decoder reads the records of one format. Next leaves the window at the start
// of a record that it cannot read.
type decoder interface {
	next(w *window, p *capture.Packet) error
	origins() []capture.Interface
	drops() (dropped, ifDropped uint64)
}

// source implements [capture.Source] for all formats.
type source struct {
	name    string
	raw     *rawReader
	win     window
	decoder decoder
	closed  atomic.Bool
	closing io.Closer
	err     error // why Next has ended
	size    int64 // of the file; 0: not known

	packets, truncated uint64
}

var _ Measured = (*source)(nil)

// Open opens a capture file; "-" is standard input. A file that is no capture
// gives an error that wraps [ErrNotCapture]; a damaged one opens, gives its
// readable packets, and then a [*capture.DamageError].
//
// Next does not allocate, except for comments and processes that it has not
// seen before. Packets of a Simple Packet Block have no time: it is 0.
func Open(path string) (capture.Source, error) {
	if path == Stdin {
		return FromFile(os.Stdin, Stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return FromFile(f, path)
}

// FromFile reads a capture from an open file, as [Open] does, and opens none itself.
// The file is the source's from then on, even if there is an error; name stands for it
// in errors, and [Stdin] is standard input.
func FromFile(f *os.File, name string) (capture.Source, error) {
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("is a folder")}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	var r io.ReadCloser = f
	if name == Stdin && !info.Mode().IsRegular() {
		r = newPump(f)
	}
	s, err := newSource(r, r, name, bufferFor(info))
	if err != nil {
		r.Close()
		return nil, err
	}
	if info.Mode().IsRegular() {
		s.size = info.Size()
	}
	return s, nil
}

// Measured is a source of this package: it knows how far it is.
type Measured interface {
	capture.Source
	// Progress returns how many bytes of the file have been read, and how many there
	// are; 0 where that is not known. Compressed files count as they are stored. It may
	// be called at any time, by any goroutine.
	Progress() (read, size int64)
}

// NewReader reads a capture from r; name stands for it in errors. If r is an
// [io.Closer], Close closes it, which is expected to end a pending Read.
func NewReader(r io.Reader, name string) (capture.Source, error) {
	closer, _ := r.(io.Closer)
	s, err := newSource(r, closer, name, blockSize)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// bufferFor is how large a buffer, in bytes, reads a file well: a folder of many
// small captures is read with small ones.
func bufferFor(info fs.FileInfo) int {
	if size := info.Size(); info.Mode().IsRegular() && size < blockSize {
		return int(max(size, minBuffer))
	}
	return blockSize
}

// minBuffer holds the headers of every format, in bytes.
const minBuffer = 64

func newSource(r io.Reader, closer io.Closer, name string, buffer int) (*source, error) {
	raw := &rawReader{r: r}
	w, compression, err := openWindow(raw, buffer)
	s := &source{name: name, raw: raw, win: w, closing: closer}
	if err == nil {
		s.decoder, err = newDecoder(&s.win)
	}
	switch {
	case err == nil:
		return s, nil
	case raw.err != nil:
		return nil, fmt.Errorf("read %s: %w", name, raw.err)
	case compression != "":
		return nil, fmt.Errorf("%s: %w: within its %s compression, %w", name, ErrNotCapture, compression, err)
	}
	return nil, fmt.Errorf("%s: %w: %w", name, ErrNotCapture, err)
}

// openWindow looks for compression and returns the plain stream; buffer is for
// one that is not compressed.
func openWindow(r io.Reader, buffer int) (window, string, error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && n == 0 {
		return window{}, "", errors.New("it is empty")
	}
	plain, compression, err := decompress(head[:n], r)
	if err != nil {
		return window{}, "", err
	}
	if compression == "" {
		return newWindow(head[:n], r, buffer), "", nil
	}
	return newWindow(nil, plain, blockSize), compression, nil
}

// newDecoder looks for the format and reads the file's header.
func newDecoder(w *window) (decoder, error) {
	b, err := w.peek(4)
	if err != nil {
		if len(b) == 0 && errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}
		return nil, fmt.Errorf("%s: %w", describe(b), err)
	}
	if littleEndian.uint32(b) == blockSection {
		return newPcapngDecoder(w)
	}
	if _, _, ok := pcapMagic(b); ok {
		return newPcapDecoder(w)
	}
	b, _ = w.peek(describedLen)
	return nil, errors.New(describe(b))
}

// Next implements [capture.Source].
func (s *source) Next(p *capture.Packet) error {
	if s.err != nil {
		return s.err
	}
	if s.closed.Load() {
		s.err = io.EOF
		return s.err
	}
	if err := s.decoder.next(&s.win, p); err != nil {
		s.err = s.ending(err)
		return s.err
	}
	s.packets++
	p.Number = s.packets
	if p.Length > len(p.Data) {
		s.truncated++
	}
	return nil
}

// ending says what err means to the caller: the file's end, a failing device,
// or damage in the file.
func (s *source) ending(err error) error {
	switch {
	case s.closed.Load() || err == io.EOF:
		return io.EOF
	case s.raw.err != nil:
		return fmt.Errorf("read %s: %w", s.name, s.raw.err)
	}
	return &capture.DamageError{File: s.name, Offset: s.win.offset(), Packets: s.packets, Err: err}
}

// Interfaces implements [capture.Source]. The list grows as a pcapng file
// describes interfaces.
func (s *source) Interfaces() []capture.Interface { return s.decoder.origins() }

// Stats implements [capture.Source]. Drops are known only where a pcapng file
// has interface statistics, which commonly come last.
func (s *source) Stats() capture.Stats {
	dropped, ifDropped := s.decoder.drops()
	return capture.Stats{Received: s.packets, Dropped: dropped, IfDropped: ifDropped, Truncated: s.truncated}
}

// Close implements [capture.Source].
func (s *source) Close() error {
	if s.closed.Swap(true) || s.closing == nil {
		return nil
	}
	return s.closing.Close()
}

// rawReader remembers a failure of the underlying reader, so that it can be
// told from a failure to decompress.
type rawReader struct {
	r    io.Reader
	err  error
	read atomic.Int64 // by whoever unpacks, perhaps
}

func (r *rawReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	r.read.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// Progress implements [Measured].
func (s *source) Progress() (read, size int64) { return s.raw.read.Load(), s.size }

// describedLen is how many bytes of an unknown file an error shows.
const describedLen = 8

// describe says what a file that begins with b is, if that is easily told.
func describe(b []byte) string {
	for _, k := range knownFiles {
		if bytes.HasPrefix(b, []byte(k.prefix)) {
			return fmt.Sprintf("starts with % x, as %s does", b[:len(k.prefix)], k.what)
		}
	}
	b = b[:min(len(b), describedLen)]
	return fmt.Sprintf("starts with % x (%q)", b, b)
}

// knownFiles are taken for captures most often.
var knownFiles = [...]struct{ prefix, what string }{
	{"snoop\x00\x00\x00", "a snoop capture (editcap -F pcapng converts it)"},
	{"GMBU", "a Network Monitor capture (editcap -F pcapng converts it)"},
	{"\xfd7zXZ", "an xz archive (decompress it first)"},
	{"BZh", "a bzip2 archive (decompress it first)"},
	{"\x04\x22\x4d\x18", "an lz4 archive (decompress it first)"},
	{"PK\x03\x04", "a zip archive (unpack it first)"},
	{"7z\xbc\xaf", "a 7z archive (unpack it first)"},
	{"\x7fELF", "a program"},
	{"MZ", "a program"},
	{"%PDF", "a PDF document"},
}
