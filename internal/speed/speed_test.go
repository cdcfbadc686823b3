//go:build linux

package main

import (
	"os"
	"testing"
	"time"
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

func TestShare(t *testing.T) {
	const trace = "gc 1 @0.012s 2%: 0.01+0.2 ms clock\ngc 40 @1.2s 11%: 0.01+0.2 ms clock, 4->4->2 MB\n"
	all := share.FindAllStringSubmatch(trace, -1)
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
