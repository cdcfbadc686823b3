//go:build linux

package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
)

// making names the folder that a run of this program makes the large captures in. What
// that takes would count as the memory of all programs that are run afterwards: a process
// begins with the peak of its parent.
const making = "SNIFFID_SPEED_CAPTURES"

// The large captures: of the same flows again and again, and of others each time.
const longFile, manyFile = "long.pcap", "many.pcap"

// haveCaptures has another process make the large captures.
func haveCaptures(dir string, packets int, folders []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, append([]string{strconv.Itoa(packets)}, folders...)...)
	cmd.Env = append(os.Environ(), making+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// makeCaptures makes the large captures, each with at least so many packets.
func makeCaptures(dir, packets string, folders []string) error {
	n, err := strconv.Atoi(packets)
	if err != nil {
		return err
	}
	records, err := collect(folders)
	if err != nil {
		return err
	}
	return errors.Join(
		write(filepath.Join(dir, longFile), records, n, false),
		write(filepath.Join(dir, manyFile), records, n, true),
	)
}

// record is a packet of the captures that the large ones are made of.
type record struct {
	at     time.Duration // since its capture's first packet
	data   []byte
	length int // on the wire
}

// lasts is how long a capture goes on at most; later packets come at its end.
const lasts = time.Hour

// collect reads the Ethernet packets of all captures in folders, in the order of time
// since the beginning of each. What is damaged is left out.
func collect(folders []string) ([]record, error) {
	var all []record
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			src, err := pcapfile.Open(path)
			if err != nil {
				return nil // no capture
			}
			defer src.Close()
			var p capture.Packet
			first := int64(0)
			for n := 0; src.Next(&p) == nil; n++ {
				if n == 0 {
					first = p.Timestamp
				}
				if p.LinkType == capture.LinkEthernet {
					at := min(max(0, time.Duration(p.Timestamp-first)), lasts)
					all = append(all, record{at, slices.Clone(p.Data), p.Length})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no capture with Ethernet packets in %q", folders)
	}
	slices.SortStableFunc(all, func(a, b record) int { return cmp.Compare(a.at, b.at) })
	return all, nil
}

// enough is how many packets a large capture has at least.
const enough = 2_000_000

// write repeats records in a classic pcap file. With other set, each repetition has
// addresses of its own, and so flows of its own.
func write(path string, records []record, packets int, other bool) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	le := binary.LittleEndian
	// Version 2.4, times in microseconds, snap length 262144, Ethernet.
	head := le.AppendUint32(nil, 0xa1b2c3d4)
	head = le.AppendUint32(head, 4<<16|2)
	head = append(head, make([]byte, 8)...)
	head = le.AppendUint32(head, 262144)
	head = le.AppendUint32(head, 1)
	_, _ = w.Write(head) // Flush tells
	start := time.Unix(1_700_000_000, 0)
	span := records[len(records)-1].at + time.Second
	var frame []byte
	for n := 0; n*len(records) < packets; n++ {
		for i := range records {
			r := &records[i]
			frame = append(frame[:0], r.data...)
			if other {
				readdress(frame, uint16(n))
			}
			t := start.Add(time.Duration(n)*span + r.at)
			head = le.AppendUint32(head[:0], uint32(t.Unix()))
			head = le.AppendUint32(head, uint32(t.Nanosecond()/1000))
			head = le.AppendUint32(head, uint32(len(frame)))
			head = le.AppendUint32(head, uint32(r.length))
			_, _ = w.Write(head)
			_, _ = w.Write(frame)
		}
	}
	return w.Flush()
}

// readdress changes the middle of both IPv4 addresses of a frame, and the checksums
// with them (RFC 1624): a wrong one is no reason to look at a packet less.
func readdress(frame []byte, n uint16) {
	be := binary.BigEndian
	at := 12
	for at+2 <= len(frame) && (be.Uint16(frame[at:]) == 0x8100 || be.Uint16(frame[at:]) == 0x88a8) {
		at += 4
	}
	if n == 0 || at+22 > len(frame) || be.Uint16(frame[at:]) != 0x0800 {
		return
	}
	ip := frame[at+2:]
	sum := uint32(0)
	for i := 12; i < 20; i += 4 {
		for j := i; j < i+4; j += 2 {
			sum += uint32(^be.Uint16(ip[j:]))
		}
		be.PutUint16(ip[i+1:], be.Uint16(ip[i+1:])^n)
		for j := i; j < i+4; j += 2 {
			sum += uint32(be.Uint16(ip[j:]))
		}
	}
	fix := func(off int) {
		if off+2 > len(ip) {
			return
		}
		s := uint32(^be.Uint16(ip[off:])) + sum
		for s>>16 != 0 {
			s = s&0xffff + s>>16
		}
		be.PutUint16(ip[off:], ^uint16(s))
	}
	fix(10)
	if be.Uint16(ip[6:])&0x1fff != 0 {
		return // not the first fragment
	}
	transport := int(ip[0]&15) * 4
	switch udp := transport + 6; ip[9] {
	case 6:
		fix(transport + 16)
	case 17:
		if udp+2 <= len(ip) && be.Uint16(ip[udp:]) != 0 {
			fix(udp)
		}
	}
}
