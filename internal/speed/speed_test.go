//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
)

func TestPrefix(t *testing.T) {
	const file = "../../testdata/pcaps/phantom/netstat-2888.pcap"
	whole, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	for packets, want := range map[int]func(int64) bool{
		0:    func(n int64) bool { return n == 24 },
		1:    func(n int64) bool { return n > 24+16 && n < whole.Size() },
		1000: func(n int64) bool { return n == whole.Size() },
	} {
		name, err := prefix(file, packets)
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(name)
		if info, err := os.Stat(name); err != nil || !want(info.Size()) {
			t.Errorf("%d packets: %v bytes, %v", packets, info.Size(), err)
		}
	}
}

func TestCollected(t *testing.T) {
	const trace = "gc 1 @0.012s 2%: 0.01+0.2 ms clock\ngc 40 @1.2s 11%: 0.01+0.2 ms clock, 4->4->2 MB\n"
	all := collected.FindAllStringSubmatch(trace, -1)
	if len(all) != 2 || all[1][1] != "11" {
		t.Errorf("%q", all)
	}
}

func TestTable(t *testing.T) {
	var tab table
	tab.atLeast("a", 2.9, 3)
	tab.atMost("b", 2.9, 3)
	tab.info("c", perPacket(run{wall: time.Second}, 1000))
	if tab.figures[0].met || !tab.figures[1].met || !tab.figures[2].met || tab.figures[2].value != "1000000" {
		t.Errorf("%+v", tab.figures)
	}
}

// Other addresses make other flows, and leave the checksums right.
func TestReaddress(t *testing.T) {
	records, err := collect([]string{"../../testdata/pcaps/phantom"})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, r := range records {
		frame := slices.Clone(r.data)
		readdress(frame, 0x1234)
		ip, was := frame[14:], r.data[14:]
		if binary.BigEndian.Uint16(frame[12:]) != 0x0800 {
			continue
		}
		if bytes.Equal(ip[12:16], was[12:16]) || bytes.Equal(ip[16:20], was[16:20]) {
			t.Fatalf("the addresses are the same: % x", ip[:20])
		}
		header := int(ip[0]&15) * 4
		if checksum(was[:header]) == 0 {
			checked++
			if sum := checksum(ip[:header]); sum != 0 {
				t.Errorf("the header's checksum is off by %#04x", sum)
			}
		}
		readdress(frame, 0x1234)
		if !bytes.Equal(frame, r.data) {
			t.Error("twice is not the same as not at all")
		}
	}
	if checked == 0 {
		t.Error("no checksum was right to begin with")
	}
}

// checksum is that of RFC 1071, 0 for a header that has it.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

func TestWrite(t *testing.T) {
	records, err := collect([]string{"../../testdata/pcaps/phantom"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "many.pcap")
	if err := write(path, records, 5*len(records), true); err != nil {
		t.Fatal(err)
	}
	src, err := pcapfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var p capture.Packet
	n, last := 0, int64(0)
	for ; ; n++ {
		if err := src.Next(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Timestamp < last || len(p.Data) != len(records[n%len(records)].data) {
			t.Fatalf("packet %d: %d bytes at %d, after %d", n, len(p.Data), p.Timestamp, last)
		}
		last = p.Timestamp
	}
	if n != 5*len(records) {
		t.Errorf("%d packets of %d", n, 5*len(records))
	}
}

func TestShares(t *testing.T) {
	const top = `File: speed
      flat  flat%   sum%        cum   cum%
     3.22s 20.46% 20.46%      3.22s 20.46%  internal/runtime/syscall/linux.Syscall6
     0.44s  2.80% 30.56%      3.14s 19.95%  github.com/sniffid/sniffid/dissect.(*index).lookup
     0.20s  1.20% 30.56%      1.60s 10.50%  github.com/sniffid/sniffid/dissect/flow.(*Table[go.shape.struct { github.com/sniffid/sniffid/a.b }]).Update
     0.10s  0.70% 30.56%       90ms  0.60%  github.com/sniffid/sniffid/dissect.NewEngine (inline)
     680ms  4.32% 24.78%      0.68s  4.32%  runtime.memclrNoHeapPointers
     0.16s  1.02% 41.99%      1.81s 11.50%  encoding/json.structEncoder.encode
`
	packages, functions := shares(top)
	want := []share{{"the kernel", 20.46}, {"Go's runtime", 4.32}, {"dissect", 3.5}, {"dissect/flow", 1.2}, {"other libraries", 1.02}}
	if !slices.EqualFunc(packages, want, func(a, b share) bool { return a.of == b.of && math.Abs(a.percent-b.percent) < 0.001 }) {
		t.Errorf("packages %+v", packages)
	}
	if len(functions) != 3 || functions[0] != (share{"dissect.(*index).lookup", 19.95}) || functions[1].of != "dissect/flow.(*Table).Update" {
		t.Errorf("functions %+v", functions)
	}
}
