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
	// Processes that other tests start have all that this one has, until they
	// execute their program.
	var got []int
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		got = h.Recent(s.Ino)
		if slices.Contains(got, child.Pid) && slices.Contains(got, os.Getpid()) && slices.IsSorted(got) {
			break
		}
	}
	if !slices.Contains(got, child.Pid) || !slices.Contains(got, os.Getpid()) || !slices.IsSorted(got) {
		t.Errorf("held by %v, want %d and %d", got, os.Getpid(), child.Pid)
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
