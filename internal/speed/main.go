//go:build linux

// Command speed measures how fast sniffid reads captures, beside ndpiReader and
// tshark in the same run, and writes a page of the documentation.
//
//	speed -sniffid FILE -long FILE -many FILE [-small FILE] [-rounds N] [-write FILE]
//
// The captures are large: -long has flows that are decided long since, -many the same
// packets with new addresses again and again. Every program has one processor and the
// whole file in the page cache; programs take turns, and medians are compared, so that
// what else the machine does falls on all of them. A figure that misses its bar is
// written down as missed; the exit status is 1 for what could not be measured.
package main

import (
	"flag"
	"fmt"
	"os"
)

// config is what is measured, and with what.
type config struct {
	sniffid           string
	long, many, small string
	rounds            int
	page              string
}

func main() {
	var c config
	flag.StringVar(&c.sniffid, "sniffid", "./sniffid", "the program")
	flag.StringVar(&c.long, "long", "", "a large capture of few flows")
	flag.StringVar(&c.many, "many", "", "a large capture of many flows")
	flag.StringVar(&c.small, "small", "testdata/pcaps/phantom/netstat-2888.pcap", "a small capture")
	flag.IntVar(&c.rounds, "rounds", 3, "how often each program runs")
	flag.StringVar(&c.page, "write", "", "page to write")
	flag.Parse()
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

func (c *config) run() error {
	if c.long == "" || c.many == "" {
		return fmt.Errorf("-long and -many are needed")
	}
	var t table
	for _, measure := range []func(*table) error{c.offline, c.dissector, c.cores, c.collection, c.start} {
		if err := measure(&t); err != nil {
			return err
		}
	}
	t.print(os.Stdout)
	if c.page == "" {
		return nil
	}
	return t.write(c.page)
}
