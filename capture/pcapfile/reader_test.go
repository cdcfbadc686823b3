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

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

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

func TestInsaneRecords(t *testing.T) {
	head := concat(header(le, magicMicro, 4, 65535, 1), record(le, 10, 0, 3, "abc"))
	ng := concat(section(le), iface(le, 1, 0), enhanced(le, 0, 0, 3, "abc"))
	long := le.AppendUint32(make([]byte, 8), 1<<20)
	tests := []struct {
		name string
		file []byte
		at   int
		want string
	}{
		{"captured length", concat(head, long, make([]byte, 64)), len(head), "captured length 1048576 exceeds the largest credible one, 262144 (snap length 65535)"},
		{"block below 12", concat(ng, []byte{6, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0}), len(ng), "total length of 8, below"},
		{"block not of 4", concat(ng, []byte{6, 0, 0, 0, 13, 0, 0, 0, 8, 0, 0, 0}), len(ng), "total length of 13, which is no multiple of 4"},
		{"block too long", concat(ng, []byte{6, 0, 0, 0, 0, 0, 0, 0x80, 8, 0, 0, 0}), len(ng), "above the largest credible one"},
		{"lengths differ", concat(ng, []byte{6, 0, 0, 0, 12, 0, 0, 0, 16, 0, 0, 0}), len(ng), "begins with a total length of 12 and ends with 16"},
		{"packet without header", concat(ng, block(le, blockEnhancedPacket, make([]byte, 16))), len(ng), "its body has 16 bytes, fewer than 20"},
		{"captured beyond block", concat(ng, block(le, blockEnhancedPacket, make([]byte, 12), []byte{1, 0, 0, 0, 1, 0, 0, 0})), len(ng), "captured length 1 exceeds the block's 0 bytes"},
		{"unknown interface", concat(ng, enhanced(le, 1, 0, 0, "")), len(ng), "interface 1, and the section has described 1"},
		{"interface of the section before", concat(ng, section(be), enhanced(be, 0, 0, 0, "")), len(ng) + 28, "interface 0, and the section has described 0"},
		{"simple beyond block", concat(ng, simple(le, 5, "abcd")), len(ng), "captured length 5 exceeds the block's 4 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			packets, err := readAll(open(t, tt.file))
			var damage *capture.DamageError
			if !errors.As(err, &damage) {
				t.Fatalf("ended with %v", err)
			}
			if damage.Offset != int64(tt.at) || damage.Packets != 1 || len(packets) != 1 || !strings.Contains(damage.Error(), tt.want) {
				t.Errorf("got  %+v\nwant %s at %d", damage, tt.want, tt.at)
			}
		})
	}
}

// TestCutAtEveryByte cuts files of all formats at each byte: the packets before
// the cut come back, and the error tells where the cut record began.
func TestCutAtEveryByte(t *testing.T) {
	pcap := [][]byte{header(le, magicMicro, 4, 65535, 1), record(le, 1, 0, 3, "abc"), record(le, 2, 0, 0, ""), record(le, 3, 0, 2, "de")}
	ng := [][]byte{section(be), iface(be, 1, 0), enhanced(be, 0, 1, 3, "abc", option(be, optComment, []byte("hello"))), enhanced(be, 0, 2, 5, "defgh")}
	for name, parts := range map[string][][]byte{"pcap": pcap, "pcapng": ng} {
		whole := concat(parts...)
		want, err := readAll(open(t, whole))
		if err != io.EOF {
			t.Fatal(err)
		}
		for n := range whole {
			// The cut record begins where the last whole one ended.
			var start, packets int
			for i, p := range parts {
				if start+len(p) > n {
					break
				}
				start += len(p)
				packets = i
			}
			if name == "pcapng" {
				packets = max(packets-1, 0)
			}
			s, err := NewReader(bytes.NewReader(whole[:n]), "cut")
			if n < len(parts[0]) {
				if !errors.Is(err, ErrNotCapture) {
					t.Errorf("%s cut at %d: opened with %v", name, n, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s cut at %d: %v", name, n, err)
			}
			got, err := readAll(s)
			diff(t, want[:packets], got)
			if n == start {
				if err != io.EOF {
					t.Errorf("%s cut at %d, between records: %v", name, n, err)
				}
				continue
			}
			var damage *capture.DamageError
			if !errors.As(err, &damage) || damage.Offset != int64(start) || damage.Packets != uint64(packets) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s cut at %d: %v, want damage at %d after %d", name, n, err, start, packets)
			}
		}
	}
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func zstded(t *testing.T, b []byte) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(b, nil)
}

func TestCompressed(t *testing.T) {
	plain := header(le, magicMicro, 4, 65535, 1)
	for i := range 1000 {
		plain = append(plain, record(le, uint32(i), 0, 400, strings.Repeat(string(rune('a'+i%26)), 400))...)
	}
	want, _ := readAll(open(t, plain))
	half := len(plain) / 2
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3}
	files := map[string][]byte{
		"gzip":                   gzipped(plain),
		"gzip members":           concat(gzipped(plain[:half]), gzipped(plain[half:])),
		"zstd":                   zstded(t, plain),
		"zstd frames":            concat(zstded(t, plain[:half]), skippable, zstded(t, plain[half:])),
		"zstd, first skippable":  concat(skippable, zstded(t, plain)),
		"gzip, member per 97 kB": nil,
	}
	for b := plain; len(b) > 0; b = b[min(97_000, len(b)):] {
		files["gzip, member per 97 kB"] = append(files["gzip, member per 97 kB"], gzipped(b[:min(97_000, len(b))])...)
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(open(t, file))
			if err != io.EOF {
				t.Errorf("ended with %v", err)
			}
			diff(t, want, got)
		})
		t.Run(name+", cut", func(t *testing.T) {
			for _, missing := range []int{1, 5, len(file) / 3} {
				got, err := readAll(open(t, file[:len(file)-missing]))
				var damage *capture.DamageError
				if !errors.As(err, &damage) {
					t.Fatalf("ended with %v", err)
				}
				if at := int64(24 + len(got)*416); damage.Offset != at {
					t.Errorf("%d missing: damaged at %d, want %d of the plain file", missing, damage.Offset, at)
				}
				diff(t, want[:len(got)], got)
			}
		})
	}
}

// failing is a device that breaks.
type failing struct{ io.Reader }

var errDevice = errors.New("device on fire")

func (f failing) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if err == io.EOF {
		err = errDevice
	}
	return n, err
}

func TestReadErrorIsNoDamage(t *testing.T) {
	s, err := NewReader(failing{bytes.NewReader(concat(header(le, magicMicro, 4, 65535, 1), record(le, 1, 0, 3, "abc")))}, "disk")
	if err != nil {
		t.Fatal(err)
	}
	packets, err := readAll(s)
	var damage *capture.DamageError
	if len(packets) != 1 || !errors.Is(err, errDevice) || errors.As(err, &damage) || !strings.HasPrefix(err.Error(), "read disk: ") {
		t.Errorf("%d packets, then %v", len(packets), err)
	}
	if _, err := NewReader(failing{strings.NewReader("")}, "disk"); err == nil || errors.Is(err, ErrNotCapture) {
		t.Errorf("opening a failing device: %v", err)
	}
}

// TestLargeRecord has a record longer than a block, and one that only claims to
// be: memory follows what arrives.
func TestLargeRecord(t *testing.T) {
	big := strings.Repeat("x", 3*blockSize+1)
	s := open(t, concat(header(le, magicMicro, 4, 0, 1), record(le, 1, 0, len(big), big), record(le, 2, 0, 1, "y"))).(*source)
	packets, err := readAll(s)
	if err != io.EOF || len(packets) != 2 || string(packets[0].Data) != big || string(packets[1].Data) != "y" {
		t.Errorf("%d packets, then %v", len(packets), err)
	}
	claim := concat(header(le, magicMicro, 4, 0, 1), le.AppendUint64(make([]byte, 8), 200<<20), []byte("little"))
	s = open(t, claim).(*source)
	if _, err := readAll(s); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if len(s.win.buf) > blockSize {
		t.Errorf("buffer grew to %d bytes for a claim", len(s.win.buf))
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

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	good := header(le, magicMicro, 4, 0, 1)
	for name, content := range map[string][]byte{
		"b/trace":         good,
		"b/trace.txt":     []byte("hello"),
		"a.pcap":          nil, // damaged, but named as one
		"c.PCAPNG.gz":     nil,
		"d/e/f.bin":       gzipped(good),
		"d/readme":        []byte("# captures"),
		"plain/notes.txt": []byte("nothing here"),
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		os.MkdirAll(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	notes := filepath.Join(dir, "plain", "notes.txt")
	got, err := Expand([]string{"-", notes, dir})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"-", notes}
	for _, name := range []string{"a.pcap", "b/trace", "c.PCAPNG.gz", "d/e/f.bin"} {
		want = append(want, filepath.Join(dir, filepath.FromSlash(name)))
	}
	diff(t, want, got)
	if _, err := Expand([]string{filepath.Join(dir, "plain")}); !errors.Is(err, ErrNotCapture) {
		t.Errorf("folder without captures: %v", err)
	}
	if _, err := Expand([]string{filepath.Join(dir, "none")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing path: %v", err)
	}
}
