package pcapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sniffid/sniffid/capture"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

func open(t *testing.T, b []byte) capture.Source {
	t.Helper()
	s, err := NewReader(bytes.NewReader(b), "test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPcapVariants(t *testing.T) {
	tests := []struct {
		name string
		file []byte
		want []capture.Packet
	}{
		{
			"little-endian, microseconds",
			concat(header(le, magicMicro, 4, 65535, 1), record(le, 10, 999_999, 3, "abc"), record(le, 11, 0, 9, "xy")),
			[]capture.Packet{
				{Number: 1, Timestamp: 10_999_999_000, Data: []byte("abc"), Length: 3, LinkType: 1},
				{Number: 2, Timestamp: 11_000_000_000, Data: []byte("xy"), Length: 9, LinkType: 1},
			},
		},
		{
			"big-endian, microseconds",
			concat(header(be, magicMicro, 4, 65535, 276), record(be, 10, 1, 3, "abc")),
			[]capture.Packet{{Number: 1, Timestamp: 10_000_001_000, Data: []byte("abc"), Length: 3, LinkType: capture.LinkSLL2}},
		},
		{
			"little-endian, nanoseconds",
			concat(header(le, magicNano, 4, 65535, 1), record(le, 1<<32-1, 1, 3, "abc")),
			[]capture.Packet{{Number: 1, Timestamp: (1<<32-1)*1_000_000_000 + 1, Data: []byte("abc"), Length: 3, LinkType: 1}},
		},
		{
			"big-endian, nanoseconds",
			concat(header(be, magicNano, 4, 65535, 1), record(be, 10, 1, 0, "")),
			[]capture.Packet{{Number: 1, Timestamp: 10_000_000_001, Data: []byte{}, LinkType: 1}},
		},
		{
			"modified records, one outgoing",
			concat(
				header(le, magicModified, 4, 65535, 1),
				record(le, 10, 0, 1, "a", 2, 0, 0, 0, 8, 0, 4, 0),
				record(le, 10, 0, 1, "b", 2, 0, 0, 0, 8, 0, 0, 0),
				record(le, 10, 0, 1, "c", 2, 0, 0, 0, 8, 0, 3, 0),
			),
			[]capture.Packet{
				{Number: 1, Timestamp: 10e9, Data: []byte("a"), Length: 1, LinkType: 1, Direction: capture.DirectionOut},
				{Number: 2, Timestamp: 10e9, Data: []byte("b"), Length: 1, LinkType: 1, Direction: capture.DirectionIn},
				{Number: 3, Timestamp: 10e9, Data: []byte("c"), Length: 1, LinkType: 1},
			},
		},
		{
			"FCS length in the link type's upper half",
			concat(header(le, magicMicro, 4, 65535, 0x4400_0001), record(le, 10, 0, 1, "a")),
			[]capture.Packet{{Number: 1, Timestamp: 10e9, Data: []byte("a"), Length: 1, LinkType: 1}},
		},
		{
			"version 2.2 has the lengths swapped",
			concat(header(le, magicMicro, 2, 65535, 1), swapped(record(le, 10, 0, 5, "ab"))),
			[]capture.Packet{{Number: 1, Timestamp: 10e9, Data: []byte("ab"), Length: 5, LinkType: 1}},
		},
		{
			"version 2.3 has them either way",
			concat(header(le, magicMicro, 3, 65535, 1), swapped(record(le, 10, 0, 5, "ab")), record(le, 10, 0, 5, "ab")),
			[]capture.Packet{
				{Number: 1, Timestamp: 10e9, Data: []byte("ab"), Length: 5, LinkType: 1},
				{Number: 2, Timestamp: 10e9, Data: []byte("ab"), Length: 5, LinkType: 1},
			},
		},
		{
			"a wire length below the captured one is raised",
			concat(header(le, magicMicro, 4, 65535, 1), record(le, 10, 0, 0, "ab")),
			[]capture.Packet{{Number: 1, Timestamp: 10e9, Data: []byte("ab"), Length: 2, LinkType: 1}},
		},
		{
			"a record above the snap length is common",
			concat(header(le, magicMicro, 4, 2, 1), record(le, 10, 0, 3, "abc")),
			[]capture.Packet{{Number: 1, Timestamp: 10e9, Data: []byte("abc"), Length: 3, LinkType: 1}},
		},
		{"no packets", header(le, magicMicro, 4, 65535, 1), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, tt.file)
			got, err := readAll(s)
			if err != io.EOF {
				t.Errorf("ended with %v", err)
			}
			diff(t, tt.want, got)
			if n := s.Stats().Received; n != uint64(len(tt.want)) {
				t.Errorf("Received = %d", n)
			}
		})
	}
}

// swapped exchanges the two lengths of a little-endian record.
func swapped(r []byte) []byte {
	for i := 8; i < 12; i++ {
		r[i], r[i+4] = r[i+4], r[i]
	}
	return r
}

func TestNotCapture(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"empty", "", "test: not a capture file: it is empty"},
		{"short", "ab", `test: not a capture file: starts with 61 62 ("ab")`},
		{"text", "hello, world", `test: not a capture file: starts with 68 65 6c 6c 6f 2c 20 77 ("hello, w")`},
		{"snoop", "snoop\x00\x00\x00\x00\x00\x00\x02", "a snoop capture"},
		{"header cut", string(header(le, magicMicro, 4, 65535, 1)[:20]), "its pcap header is cut: 20 of 24 bytes"},
		{"version", "\xd4\xc3\xb2\xa1\x03\x00\x01\x00" + strings.Repeat("\x00", 16), "pcap version 3.1 is not supported"},
		{"pcapng magic", "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00hello, everybody, yes", "its byte-order magic is 68 65 6c 6c"},
		{"pcapng version", string(block(be, blockSection, []byte{0x1a, 0x2b, 0x3c, 0x4d, 0, 2, 0, 1}, make([]byte, 8))), "pcapng version 2.1 is not supported"},
		{"pcapng without body", string(block(be, blockSection, []byte{0x1a, 0x2b, 0x3c, 0x4d})), "its body has 4 bytes, fewer than 16"},
		{"gzip of text", string(gzipped([]byte("hello, world"))), `within its gzip compression, starts with 68`},
		{"gzip of nothing", string(gzipped(nil)), `within its gzip compression, it is empty`},
		{"gzip cut", "\x1f\x8b\x08", "its gzip header: unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewReader(strings.NewReader(tt.file), "test")
			if !errors.Is(err, ErrNotCapture) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestCloseEndsBlockedNext(t *testing.T) {
	for name, open := range map[string]func(*os.File) (io.ReadCloser, error){
		"pipe": func(f *os.File) (io.ReadCloser, error) { return f, nil },
		"pump": func(f *os.File) (io.ReadCloser, error) { return newPump(f), nil },
	} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			defer r.Close()
			w.Write(concat(header(le, magicMicro, 4, 0, 1), record(le, 1, 0, 3, "abc")))
			in, _ := open(r)
			s, err := NewReader(in, "pipe")
			if err != nil {
				t.Fatal(err)
			}
			var p capture.Packet
			if err := s.Next(&p); err != nil || string(p.Data) != "abc" {
				t.Fatalf("first packet: %q, %v", p.Data, err)
			}
			ended := make(chan error)
			go func() { ended <- s.Next(&p) }()
			time.Sleep(10 * time.Millisecond)
			s.Close()
			select {
			case err := <-ended:
				if err != io.EOF {
					t.Errorf("Next returned %v", err)
				}
			case <-time.After(5 * time.Second):
				t.Error("Next still waits")
			}
			if err := s.Next(&p); err != io.EOF {
				t.Errorf("Next after Close: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("second Close: %v", err)
			}
		})
	}
}

func TestPumpPassesEverything(t *testing.T) {
	want := strings.Repeat("0123456789", 100_000)
	got, err := io.ReadAll(newPump(strings.NewReader(want)))
	if err != nil || string(got) != want {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := io.ReadAll(newPump(failing{strings.NewReader(want)})); !errors.Is(err, errDevice) {
		t.Errorf("ended with %v", err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.pcap")
	if err := os.WriteFile(path, concat(header(le, magicMicro, 4, 0, 1), record(le, 1, 0, 3, "abc")), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if packets, err := readAll(s); len(packets) != 1 || err != io.EOF {
		t.Errorf("%d packets, %v", len(packets), err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}
