package procfs

import (
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A socket of a process that has just begun is found by the process's number,
// with the one that it has it from.
// holder starts a process that holds a file, and returns what ends it.
func holder(t *testing.T, file *os.File) (pid int, end func()) {
	t.Helper()
	stdin, wait, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	child, err := os.StartProcess("/bin/cat", []string{"cat"}, &os.ProcAttr{Files: []*os.File{stdin, os.Stdout, os.Stderr, file}})
	stdin.Close()
	if err != nil {
		wait.Close()
		t.Skip("no cat:", err)
	}
	return child.Pid, func() {
		wait.Close()
		_, _ = child.Wait()
	}
}

func openProc(t *testing.T) int {
	t.Helper()
	proc, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(proc) })
	return proc
}

func TestRecent(t *testing.T) {
	own, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(own)
	shared := os.NewFile(uintptr(own), "socket")
	var s unix.Stat_t
	if err := unix.Fstat(own, &s); err != nil {
		t.Fatal(err)
	}
	h := NewHolders(New("/"))
	// Others start processes too: this one's child is among the last few only for
	// a moment, so that it takes more than one, perhaps. And what they start has all
	// that this one has, until it executes its program.
	found := false
	for deadline := time.Now().Add(20 * time.Second); !found && time.Now().Before(deadline); {
		child, end := holder(t, shared)
		got := h.Recent(s.Ino)
		end()
		found = slices.Contains(got, child) && slices.Contains(got, os.Getpid()) && slices.IsSorted(got)
	}
	if !found {
		t.Errorf("the holders %d and its children are not found", os.Getpid())
	}
	// A thread is not taken for a process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if got := h.process(openProc(t), unix.Gettid()); got != os.Getpid() {
		t.Errorf("this thread is of process %d, want %d", got, os.Getpid())
	}
	if got := h.Recent(1); got != nil {
		t.Errorf("a socket that is none is held by %v", got)
	}
}
