package pcapfile

import (
	"bytes"
	"errors"
	"io"
	"math"
	"runtime"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/sniffid/sniffid/capture"
)

// allocated is how many bytes of memory the heap has had since the test began, those
// that were given back included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// count reads all packets and keeps none.
func count(s capture.Source) (n int, err error) {
	var p capture.Packet
	for {
		if err := s.Next(&p); err != nil {
			return n, err
		}
		n++
	}
}

// A file of some kilobytes that becomes 256 MiB is read as a stream.
func TestBombs(t *testing.T) {
	const size = 256 << 20
	head := append(le.AppendUint32(nil, 0xa1b2c3d4), 2, 0, 4, 0)
	head = append(head, make([]byte, 8)...)
	head = le.AppendUint32(le.AppendUint32(head, 65535), 1)
	record := append(make([]byte, 8), le.AppendUint32(le.AppendUint32(nil, 65535), 65535)...)
	record = append(record, make([]byte, 65535)...)
	bomb := func(w io.WriteCloser) {
		if _, err := w.Write(head); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < size; n += len(record) {
			if _, err := w.Write(record); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		make func(io.Writer) io.WriteCloser
	}{
		{"gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
		{"zstd", func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w, zstd.WithWindowSize(8<<20))
			if err != nil {
				t.Fatal(err)
			}
			return z
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var file bytes.Buffer
			bomb(tt.make(&file))
			if used := allocated(func() {
				n, err := count(open(t, file.Bytes()))
				if want := (size + len(record) - 1) / len(record); n != want || !errors.Is(err, io.EOF) {
					t.Errorf("%d packets of %d, %v", n, want, err)
				}
			}); used > 64<<20 {
				t.Errorf("%d MiB of memory for a file of %d KiB", used>>20, file.Len()>>10)
			}
		})
	}
}

// A frame of zstd that asks for a window of a gigabyte gets none.
func TestZstdWindow(t *testing.T) {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3, 1, 0, 0} // RFC 8878 §3.1.1.1.2: 2^(10+20)
	if used := allocated(func() {
		s, err := NewReader(bytes.NewReader(frame), "test")
		if err == nil {
			_, err = count(s)
		}
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("it is read: %v", err)
		}
	}); used > 64<<20 {
		t.Errorf("%d MiB of memory", used>>20)
	}
}

// Lengths that a file announces and does not have cost nothing.
func TestAnnouncedLengths(t *testing.T) {
	classic := func(size uint32) []byte {
		b := append(le.AppendUint32(nil, 0xa1b2c3d4), 2, 0, 4, 0)
		b = append(b, make([]byte, 8)...)
		b = le.AppendUint32(le.AppendUint32(b, math.MaxUint32), 1)
		b = append(b, make([]byte, 8)...)
		return append(le.AppendUint32(le.AppendUint32(b, size), size), "some bytes"...)
	}
	announced := func(kind, size uint32) []byte {
		b := concat(section(le), iface(le, 1, 0))
		return append(le.AppendUint32(le.AppendUint32(b, kind), size), make([]byte, 64)...)
	}
	for name, file := range map[string][]byte{
		"pcap, 4 GiB":                   classic(math.MaxUint32),
		"pcap, 256 MiB":                 classic(maxRecord),
		"packet block, 4 GiB":           announced(blockEnhancedPacket, math.MaxUint32-3),
		"packet block, 256 MiB":         announced(blockEnhancedPacket, maxRecord),
		"interface block, 4 GiB":        announced(blockInterface, math.MaxUint32-3),
		"block of no known kind, 4 GiB": announced(0x0bad, math.MaxUint32-3),
		"block shorter than itself":     announced(blockEnhancedPacket, 8),
		"block of no length":            announced(blockEnhancedPacket, 0),
	} {
		if used := allocated(func() {
			n, err := count(open(t, file))
			var damage *capture.DamageError
			if n > 0 || !errors.As(err, &damage) {
				t.Errorf("%s: %d packets, %v", name, n, err)
			}
		}); used > 8<<20 {
			t.Errorf("%s: %d MiB of memory", name, used>>20)
		}
	}
}

// A file may be nothing but options.
func TestManyOptions(t *testing.T) {
	var options []byte
	for range 1 << 18 {
		options = append(options, option(le, 1, nil)...)
	}
	file := concat(section(le), iface(le, 1, 0))
	for range 16 {
		file = append(file, enhanced(le, 0, 0, 1, "x", options)...)
	}
	if used := allocated(func() {
		if n, err := count(open(t, file)); n != 16 || !errors.Is(err, io.EOF) {
			t.Errorf("%d packets, %v", n, err)
		}
	}); used > 64<<20 {
		t.Errorf("%d MiB of memory for a file of %d", used>>20, len(file)>>20)
	}
}
