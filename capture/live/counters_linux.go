//go:build cgo

package live

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// interfaceCounters are an interface's own counters of packets lost, of which libpcap
// makes its number too. libpcap opens their files for each reading; these stay open, for
// a process that may open none any more.
type interfaceCounters struct {
	files []*os.File
	begin uint64 // what they said when the capture began
	last  uint64 // since then
}

// openInterfaceCounters returns nil where there are none.
func openInterfaceCounters(name string) *interfaceCounters {
	c := &interfaceCounters{}
	for _, counter := range [...]string{"rx_missed_errors", "rx_fifo_errors"} {
		f, err := os.Open(filepath.Join("/sys/class/net", filepath.Base(name), "statistics", counter))
		if err != nil {
			c.close()
			return nil
		}
		c.files = append(c.files, f)
	}
	var ok bool
	if c.begin, ok = c.read(); !ok {
		c.close()
		return nil
	}
	return c
}

// read adds the counters up; not of an interface that has gone.
func (c *interfaceCounters) read() (sum uint64, ok bool) {
	var b [32]byte
	for _, f := range c.files {
		n, _ := f.ReadAt(b[:], 0) // at the end of the file, that is an error
		value, err := strconv.ParseUint(string(bytes.TrimSpace(b[:n])), 10, 64)
		if err != nil {
			return 0, false
		}
		sum += value
	}
	return sum, true
}

// dropped is how many packets the interface has lost since the capture began; without
// counters of its own it is what libpcap says.
func (c *interfaceCounters) dropped(libpcap uint64) uint64 {
	if c == nil {
		return libpcap
	}
	// Counters that were reset begin anew.
	if now, ok := c.read(); ok && now >= c.begin {
		c.last = now - c.begin
	}
	return c.last
}

func (c *interfaceCounters) close() {
	if c == nil {
		return
	}
	for _, f := range c.files {
		f.Close()
	}
}
