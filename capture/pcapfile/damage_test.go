package pcapfile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/capture"
)

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
