//go:build cgo

package live

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sniffid/sniffid/capture"
)

func TestNoWaiter(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for what, fd := range map[string]int{"none": -1, "one that is always ready": int(file.Fd())} {
		if newWaiter(fd) != nil {
			t.Errorf("descriptor: %s: there is a waiter", what)
		}
	}
}

// testNoWaiter reads where Go's poller can't wait for the device.
func testNoWaiter(t *testing.T) {
	cable(t, "a0", "a1")
	p, err := openLibpcap("a1", &Config{SnapLength: 100, BufferSize: 1 << 20}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	p.waiter.close()
	p.waiter = nil
	if err := p.read(new(batch)); !errors.Is(err, capture.ErrTimeout) {
		t.Errorf("nothing to read: %v", err)
	}
	send(t, "a0", 5000, "x")
	var b batch
	if err := p.read(&b); err != nil || len(b.packets) != 1 || string(b.data[payloadAt:]) != "x" {
		t.Errorf("read: %q, %v", b.data, err)
	}
}
