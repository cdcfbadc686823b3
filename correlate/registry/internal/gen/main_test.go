package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The packed list in the tree is that of the list beside it.
func TestCurrent(t *testing.T) {
	out := filepath.Join(t.TempDir(), "iana.bin")
	if err := run("../../iana.tsv", out); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../iana.bin")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("iana.bin is not what iana.tsv gives: run go generate ./correlate/registry")
	}
}

func TestRead(t *testing.T) {
	masks, err := read("transport\tport\tname\ntcp\t80-81\thttp\r\nudp\t80\thttp\n")
	if err != nil {
		t.Fatal(err)
	}
	if masks[assignment{80, "http"}] != 3 || masks[assignment{81, "http"}] != 1 || len(masks) != 2 {
		t.Errorf("got %v", masks)
	}
	for _, bad := range []string{"tcp\t80", "icmp\t80\thttp", "tcp\tx\thttp", "tcp\t1-x\thttp", "tcp\t80\t"} {
		if _, err := read(bad + "\n"); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
