package pcapfile

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/sniffid/sniffid/capture"
)

// FuzzReader: whatever the bytes, reading ends in good order, in damage within
// the file or not at all; packets count from 1 and lie within what was read;
// and the size of the reads changes nothing.
func FuzzReader(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(concat(header(le, magicMicro, 4, 65535, 1), record(le, 1, 0, 3, "abc"), record(le, 2, 0, 1, "d")))
	f.Add(concat(header(be, magicNano, 3, 0, 149), record(be, 1, 0, 3, "abc")))
	f.Add(concat(header(le, magicModified, 4, 9, 1), record(le, 1, 0, 3, "abc", make([]byte, 8)...)))
	f.Add(concat(section(be), iface(be, 1, 0, option(be, ifTSResol, []byte{0x8a})), process(be, 5, option(be, darwinName, []byte("ssh"))),
		enhanced(be, 0, 1, 3, "abc", option(be, epbDarwinProcess, []byte{0, 0, 0, 0}), option(be, optComment, []byte("PID: 3\nCmd: /bin/x"))),
		section(le), iface(le, 258, 64), simple(le, 3, "abc")))
	f.Add(gzipped(concat(header(le, magicMicro, 4, 65535, 1), record(le, 1, 0, 3, "abc"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := NewReader(bytes.NewReader(b), "fuzz")
		if err != nil {
			if !errors.Is(err, ErrNotCapture) {
				t.Fatalf("opening: %v", err)
			}
			return
		}
		plain := int64(s.(*source).win.end) // all of a small plain file
		packets, err := readAll(s)
		var damage *capture.DamageError
		switch {
		case errors.As(err, &damage):
			if damage.Packets != uint64(len(packets)) || damage.Offset < 0 {
				t.Fatalf("%+v after %d packets", damage, len(packets))
			}
		case err != io.EOF:
			t.Fatalf("ended with %v", err)
		}
		if again := s.Next(new(capture.Packet)); again != err {
			t.Fatalf("ended with %v, then with %v", err, again)
		}
		origins := s.Interfaces()
		for i, p := range packets {
			if p.Number != uint64(i+1) || p.Length < len(p.Data) || p.Interface >= len(origins) || p.LinkType != origins[p.Interface].LinkType {
				t.Fatalf("packet %d of %d interfaces: %+v", i+1, len(origins), p)
			}
			if plain > int64(len(b)) && int64(len(p.Data)) > plain {
				t.Fatalf("packet %d has %d bytes", i+1, len(p.Data))
			}
		}
		s, err2 := NewReader(iotest.OneByteReader(bytes.NewReader(b)), "fuzz")
		if err2 != nil {
			t.Fatalf("opening byte by byte: %v", err2)
		}
		again, err2 := readAll(s)
		if err.Error() != err2.Error() {
			t.Fatalf("ended with %v, byte by byte with %v", err, err2)
		}
		diff(t, packets, again)
	})
}

// FuzzRoundTrip: what was read from any file is the same after it has been
// written and read again, but for times before 1970.
func FuzzRoundTrip(f *testing.F) {
	f.Add(concat(header(le, magicModified, 4, 9, 1), record(le, 1, 0, 3, "abc", make([]byte, 8)...)))
	f.Add(concat(section(be), iface(be, 1, 0, option(be, ifName, []byte("eth0"))), process(be, 5, option(be, darwinName, []byte("ssh"))),
		enhanced(be, 0, 1, 3, "abc", option(be, epbDarwinProcess, []byte{0, 0, 0, 0}), option(be, optComment, []byte("remark"))),
		enhanced(be, 0, 1, 3, "abc", option(be, optComment, []byte("PID: 3\nCmd: /bin/x"))),
		enhanced(be, 0, 1, 3, "abc", option(be, epbProcess, []byte{0, 0, 0, 7, 0, 0, 0, 0})),
		enhanced(be, 0, 1, 3, "abc", option(be, epbFlags, []byte{0, 0, 0, 2}))))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := NewReader(bytes.NewReader(b), "fuzz")
		if err != nil {
			return
		}
		packets, _ := readAll(s)
		var file bytes.Buffer
		w, err := NewWriter(&file, WriterConfig{Interfaces: s.Interfaces()})
		if err != nil {
			t.Fatal(err)
		}
		for i := range packets {
			packets[i].Timestamp = max(packets[i].Timestamp, 0)
			if err := w.Write(&packets[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		s, err = NewReader(&file, "written")
		if err != nil {
			t.Fatal(err)
		}
		again, err := readAll(s)
		if err != io.EOF {
			t.Fatal(err)
		}
		diff(t, packets, again)
	})
}
