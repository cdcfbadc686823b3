//go:build linux

package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
)

// offline compares with ndpiReader.
func (c *config) offline(t *table) error {
	for _, capture := range []struct {
		name, file string
		bar        float64
	}{{"few flows", c.long, 3}, {"many flows", c.many, 4}} {
		ours, peer := c.reads(capture.file), ndpi(capture.file)
		packets, err := c.packets(capture.file)
		if err != nil {
			return err
		}
		m, err := turns(c.rounds, ours, peer)
		if err != nil {
			return err
		}
		t.info(capture.name+": packets", strconv.Itoa(packets))
		t.info(capture.name+": sniffid, ns a packet", perPacket(m[0], packets))
		t.info(capture.name+": ndpiReader, ns a packet", perPacket(m[1], packets))
		t.atLeast(capture.name+": times as fast as ndpiReader", float64(m[1].wall)/float64(m[0].wall), capture.bar)
		t.info(capture.name+": sniffid, peak memory", megabytes(m[0]))
		t.info(capture.name+": ndpiReader, peak memory", megabytes(m[1]))
		if capture.file == c.many {
			t.atMost(capture.name+": share of ndpiReader's memory", float64(m[0].rss)/float64(m[1].rss), 0.25)
		}
	}
	return nil
}

// dissectorPackets is how much of the capture tshark gets: it keeps what it has seen.
const dissectorPackets = 200_000

// dissector compares with tshark.
func (c *config) dissector(t *table) error {
	file, err := prefix(c.long, dissectorPackets)
	if err != nil {
		return err
	}
	defer os.Remove(file)
	m, err := turns(c.rounds, c.reads(file), &program{args: []string{"tshark", "-n", "-q", "-z", "io,phs", "-r", file}, cores: "0"})
	if err != nil {
		return err
	}
	t.atLeast(fmt.Sprintf("%d packets: times as fast as tshark -z io,phs", dissectorPackets), float64(m[1].wall)/float64(m[0].wall), 30)
	return nil
}

// cores compares two processors with one.
func (c *config) cores(t *table) error {
	one, two := c.reads(c.many), c.reads(c.many)
	two.cores, two.env = "0,1", []string{"GOMAXPROCS=2"}
	m, err := turns(c.rounds, one, two)
	if err != nil {
		return err
	}
	t.atLeast("many flows: two processors, times as fast as one", float64(m[0].wall)/float64(m[1].wall), 1.8)
	same := 0.0
	if m[0].out.sum == m[1].out.sum {
		same = 1
	}
	t.atLeast("the same output byte for byte (1 = yes)", same, 1)
	return nil
}

// collected is what gctrace says of the time spent on collection, in percent, so far.
var collected = regexp.MustCompile(`(?m)^gc \d+ @[0-9.]+s (\d+)%:`)

// collection measures the garbage collection's part.
func (c *config) collection(t *table) error {
	p := c.reads(c.many)
	p.env = append(p.env, "GODEBUG=gctrace=1")
	r, err := p.run()
	if err != nil {
		return err
	}
	percent := 0.0
	if all := collected.FindAllSubmatch(r.err, -1); all != nil {
		percent, err = strconv.ParseFloat(string(all[len(all)-1][1]), 64)
	}
	t.atMost("many flows: garbage collection, percent of the time", percent, 2.99)
	return err
}

// start measures how soon a small capture is answered.
func (c *config) start(t *table) error {
	p := c.reads(c.small)
	p.cores, p.env = "0,1", nil
	m, err := turns(10*c.rounds, p)
	if err != nil {
		return err
	}
	t.atMost("a small capture: milliseconds from start to end", float64(m[0].wall.Microseconds())/1000, 15)
	t.atMost("a small capture: resident megabytes", float64(m[0].rss)/(1<<20), 40)
	return nil
}

// packets counts the packets of a capture, with the file in the page cache after it.
func (c *config) packets(file string) (int, error) {
	r, err := c.reads(file).run()
	if err != nil {
		return 0, err
	}
	var summary struct {
		Packets int `json:"packets"`
	}
	if err := json.Unmarshal([]byte(r.out.last), &summary); err != nil {
		return 0, err
	}
	if summary.Packets == 0 {
		return 0, fmt.Errorf("%s has no packets", file)
	}
	return summary.Packets, nil
}

// prefix writes the first packets of a classic pcap file to a file of its own.
func prefix(file string, packets int) (string, error) {
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.CreateTemp("", "speed*.pcap")
	if err != nil {
		return "", err
	}
	defer out.Close()
	// A header of 24 bytes, then 16 before each packet, whose length is at 8.
	if _, err := io.CopyN(out, in, 24); err != nil {
		return "", err
	}
	var head [16]byte
	for range packets {
		if _, err := io.ReadFull(in, head[:]); err == io.EOF {
			break
		} else if err != nil {
			return "", err
		}
		if _, err := out.Write(head[:]); err != nil {
			return "", err
		}
		if _, err := io.CopyN(out, in, int64(binary.LittleEndian.Uint32(head[8:]))); err != nil {
			return "", err
		}
	}
	return out.Name(), nil
}
