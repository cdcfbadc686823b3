//go:build cgo

package live

import (
	"os"
	"path/filepath"
	"testing"
)

// What an interface had lost before the capture is not the capture's loss, nor is
// anything when it has gone.
func TestInterfaceCounters(t *testing.T) {
	dir := t.TempDir()
	missed, fifo := filepath.Join(dir, "missed"), filepath.Join(dir, "fifo")
	set := func(name, value string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set(missed, "100\n")
	set(fifo, "7\n")
	c := &interfaceCounters{}
	for _, name := range []string{missed, fifo} {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		c.files = append(c.files, f)
	}
	defer c.close()
	var ok bool
	if c.begin, ok = c.read(); !ok || c.begin != 107 {
		t.Fatal(c.begin, ok)
	}
	if got := c.dropped(4294967189); got != 0 {
		t.Errorf("%d lost at the beginning", got)
	}
	set(missed, "103\n")
	if got := c.dropped(0); got != 3 {
		t.Errorf("%d lost, want 3", got)
	}
	set(missed, "")
	if got := c.dropped(0); got != 3 {
		t.Errorf("%d lost after it has gone, want 3", got)
	}
	if c := openInterfaceCounters("nosuch0"); c.dropped(5) != 5 {
		t.Error("without counters libpcap's is not taken")
	}
}
