package pcapfile

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket/pcapgo"

	"github.com/sniffid/sniffid/capture"
)

// benchPackets have the mean size of mixed traffic.
const benchPackets, benchSize = 100_000, 348

// benchFiles are the same packets in several formats.
func benchFiles(tb testing.TB) map[string][]byte {
	var plain, noted bytes.Buffer
	interfaces := []capture.Interface{{LinkType: 1, SnapLength: 65535}}
	w, err := NewWriter(&plain, WriterConfig{Interfaces: interfaces})
	if err != nil {
		tb.Fatal(err)
	}
	n, err := NewWriter(&noted, WriterConfig{Interfaces: interfaces})
	if err != nil {
		tb.Fatal(err)
	}
	old := header(le, magicMicro, 4, 65535, 1)
	data := strings.Repeat("x", benchSize)
	for i := range uint32(benchPackets) {
		old = append(old, record(le, i, 0, benchSize, data)...)
		p := capture.Packet{Timestamp: int64(i) * 1e9, Data: []byte(data), Length: benchSize, LinkType: 1}
		if err := w.Write(&p); err != nil {
			tb.Fatal(err)
		}
		p.Direction = capture.DirectionIn
		p.Process = &capture.Process{PID: int(i % 50), Name: "process"}
		p.Comments = []string{"PID: 5\nCmd: /usr/bin/curl\nArgs: curl http://example.org/"}
		if err := n.Write(&p); err != nil {
			tb.Fatal(err)
		}
	}
	w.Flush()
	n.Flush()
	return map[string][]byte{"pcap": old, "pcapng": plain.Bytes(), "pcapng with processes": noted.Bytes()}
}

func TestNextDoesNotAllocate(t *testing.T) {
	for name, file := range benchFiles(t) {
		s := open(t, file)
		var p capture.Packet
		for range 100 {
			if err := s.Next(&p); err != nil {
				t.Fatal(err)
			}
		}
		if n := testing.AllocsPerRun(10_000, func() { _ = s.Next(&p) }); n != 0 {
			t.Errorf("%s: %v allocations per packet", name, n)
		}
	}
}

// BenchmarkReader reads files from the page cache. The peer is gopacket's
// pcapgo, with and without copying each packet; it gets the same large reads.
func BenchmarkReader(b *testing.B) {
	dir := b.TempDir()
	files := benchFiles(b)
	for name, file := range files {
		if err := os.WriteFile(filepath.Join(dir, name), file, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for _, name := range []string{"pcap", "pcapng", "pcapng with processes"} {
		b.Run(name, func(b *testing.B) {
			perPacket(b, files[name], func() int {
				s, err := Open(filepath.Join(dir, name))
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				var p capture.Packet
				var n int
				for s.Next(&p) == nil {
					n++
				}
				return n
			})
		})
	}
	peer := func(read func(*pcapgo.Reader) error) func(b *testing.B) {
		return func(b *testing.B) {
			perPacket(b, files["pcap"], func() int {
				f, err := os.Open(filepath.Join(dir, "pcap"))
				if err != nil {
					b.Fatal(err)
				}
				defer f.Close()
				r, err := pcapgo.NewReader(bufio.NewReaderSize(f, blockSize))
				if err != nil {
					b.Fatal(err)
				}
				var n int
				for read(r) == nil {
					n++
				}
				return n
			})
		}
	}
	b.Run("peer pcapgo, pcap", peer(func(r *pcapgo.Reader) error { _, _, err := r.ReadPacketData(); return err }))
	b.Run("peer pcapgo, pcap, zero copy", peer(func(r *pcapgo.Reader) error { _, _, err := r.ZeroCopyReadPacketData(); return err }))
}

// perPacket reports the time of read, which returns how many packets it read.
func perPacket(b *testing.B, file []byte, read func() int) {
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if n := read(); n != benchPackets {
			b.Fatalf("%d packets", n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchPackets, "ns/packet")
}
