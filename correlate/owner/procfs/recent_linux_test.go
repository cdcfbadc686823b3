package procfs

import (
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// A socket of this process, which may not be among the last, is found by a look at
// all; one of a process that has just begun, by its number; with the one that it
// has it from.
func TestRecent(t *testing.T) {
	own, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(own)
	shared := os.NewFile(uintptr(own), "socket")
	stdin, wait, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	child, err := os.StartProcess("/bin/cat", []string{"cat"}, &os.ProcAttr{Files: []*os.File{stdin, nil, os.Stderr, shared}})
	if err != nil {
		t.Skip("no cat:", err)
	}
	defer func() {
		wait.Close()
		_, _ = child.Wait()
	}()
	stdin.Close()
	var s unix.Stat_t
	if err := unix.Fstat(own, &s); err != nil {
		t.Fatal(err)
	}
	h := NewHolders(New("/"))
	got := h.Recent(s.Ino)
	if !slices.Contains(got, child.Pid) || !slices.Contains(got, os.Getpid()) || !slices.IsSorted(got) {
		t.Errorf("held by %v, want %d and %d", got, os.Getpid(), child.Pid)
	}
	if got := h.Recent(1); got != nil {
		t.Errorf("a socket that is none is held by %v", got)
	}
}
