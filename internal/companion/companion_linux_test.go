package companion

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPatience: whoever asks a companion that does not answer gets an error.
func TestPatience(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := wait(pair[0], Stream, 20*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	if n, err := ours.Read(make([]byte, 1)); n != 0 || !errors.Is(err, unix.EAGAIN) {
		t.Errorf("no answer: read %d bytes, %v", n, err)
	}
	if err := wait(pair[0], Messages, 0); err != nil {
		t.Fatal(err)
	}
	if flags, err := unix.FcntlInt(uintptr(pair[0]), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("messages: flags %#x, %v", flags, err)
	}
}
