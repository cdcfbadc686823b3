//go:build linux

// Command speed measures how fast sniffid reads captures, beside ndpiReader and
// tshark in the same run, and writes a page of the documentation.
//
//	speed [-sniffid FILE] [-rounds N] [-write FILE] FOLDER...
//	speed -check [-sniffid FILE] FOLDER...
//
// Two large captures are made of all those in the folders: one with the same flows again
// and again, and one whose repetitions have addresses of their own. Every program has
// one processor and the whole file in the page cache; programs take turns, and medians
// are compared, so that what else the machine does falls on all of them. A figure that
// misses its bar is written down as missed; the exit status is 1 for what could not be
// measured. With -check only ndpiReader is compared with, on smaller captures, and the
// exit status is 1 when sniffid has become slower beside it than it was by more than
// such measurements differ.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// config is what is measured, and with what.
type config struct {
	sniffid           string
	long, many, small string
	rounds            int
	page              string
	check             bool
}

func main() {
	if path := os.Getenv(profiling); path != "" {
		exit(profiled(path, os.Args[1:]))
	}
	if dir := os.Getenv(making); dir != "" {
		exit(makeCaptures(dir, os.Args[1], os.Args[2:]))
	}
	var c config
	flag.StringVar(&c.sniffid, "sniffid", "./sniffid", "the program")
	flag.StringVar(&c.small, "small", "testdata/pcaps/phantom/netstat-2888.pcap", "a small capture")
	flag.IntVar(&c.rounds, "rounds", 3, "how often each program runs")
	flag.StringVar(&c.page, "write", "", "page to write")
	flag.BoolVar(&c.check, "check", false, "fail if sniffid has become slow")
	flag.Parse()
	exit(c.run(flag.Args()))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (c *config) run(folders []string) error {
	dir, err := os.MkdirTemp("", "speed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c.long, c.many = filepath.Join(dir, longFile), filepath.Join(dir, manyFile)
	packets := enough
	if c.check {
		packets = enoughToCheck
	}
	if err := haveCaptures(dir, packets, folders); err != nil {
		return err
	}
	if c.check {
		return c.compare(os.Stdout)
	}
	var t table
	for _, measure := range []func(*table) error{c.offline, c.dissector, c.cores, c.collection, c.start, c.profile} {
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
