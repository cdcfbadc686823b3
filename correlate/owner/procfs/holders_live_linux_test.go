package procfs

import (
	"context"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sockets opens n sockets, or a few less than the system lets this process have,
// and gives their inodes.
func sockets(t testing.TB, n int) (fds []int, inodes []uint64) {
	t.Helper()
	const others = 100 // descriptors that are no sockets of ours
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if want := uint64(n + others); was.Cur < want {
		raised := unix.Rlimit{Cur: want, Max: max(want, was.Max)}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) != nil {
			raised = unix.Rlimit{Cur: was.Max, Max: was.Max}
			if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &raised); err != nil {
				t.Fatal(err)
			}
		}
		n = min(n, int(raised.Cur)-others)
	}
	t.Cleanup(func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	})
	for range n {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
		inodes = append(inodes, inodeOf(t, fd))
	}
	return fds, inodes
}

func inodeOf(t testing.TB, fd int) uint64 {
	t.Helper()
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		t.Fatal(err)
	}
	return s.Ino
}

// sleepers starts n processes with k sockets each.
func sleepers(t testing.TB, n, k int) map[int][]uint64 {
	t.Helper()
	held := map[int][]uint64{}
	for range n {
		cmd := exec.Command("sleep", "600")
		var inodes []uint64
		for range k {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			inodes = append(inodes, inodeOf(t, fd))
			cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(uintptr(fd), strconv.Itoa(fd)))
		}
		if err := cmd.Start(); err != nil {
			t.Skip(err)
		}
		for _, f := range cmd.ExtraFiles {
			f.Close()
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
		})
		held[cmd.Process.Pid] = inodes
	}
	return held
}

func TestHoldersLive(t *testing.T) {
	ctx := context.Background()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	_, own := sockets(t, 300)
	others := sleepers(t, 3, 2)
	h := NewHolders(New(""))
	if err := h.Scan(ctx); err != nil {
		t.Fatal(err)
	}
	for _, inode := range own {
		check(t, h, inode, os.Getpid())
	}
	for pid, inodes := range others {
		for _, inode := range inodes {
			check(t, h, inode, pid)
		}
	}
	_, later := sockets(t, 2)
	for pid, inodes := range sleepers(t, 1, 1) {
		n, err := h.Find(ctx, slices.Concat(inodes, later), func(uint64) bool { return true })
		if n != 0 || err != nil {
			t.Fatal(n, err)
		}
		check(t, h, inodes[0], pid)
		check(t, h, later[0], os.Getpid())
	}
}

// Nothing is kept open, and once it has room for everything a scan makes no
// garbage to speak of.
func TestScanAllocates(t *testing.T) {
	_, _ = sockets(t, 2000)
	ctx := context.Background()
	h := NewHolders(New(""))
	for range 3 {
		if err := h.Scan(ctx); err != nil {
			t.Fatal(err)
		}
	}
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := open()
	// Other processes come and go, which costs a little.
	if n := testing.AllocsPerRun(10, func() {
		if err := h.Scan(ctx); err != nil {
			t.Fatal(err)
		}
	}); n > 200 {
		t.Errorf("%v allocations a scan", n)
	}
	if after := open(); after > before {
		t.Errorf("%d descriptors, then %d", before, after)
	}
}

func BenchmarkScan20000Sockets(b *testing.B) {
	sockets(b, 20000)
	benchmarkScan(b)
}

func BenchmarkScan500Processes(b *testing.B) {
	sleepers(b, 500, 4)
	time.Sleep(time.Second) // until all have begun
	benchmarkScan(b)
}

func benchmarkScan(b *testing.B) {
	ctx := context.Background()
	h := NewHolders(New(""))
	if err := h.Scan(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := h.Scan(ctx); err != nil {
			b.Fatal(err)
		}
		h.PIDs(1)
	}
	b.ReportMetric(float64(h.Len()), "sockets")
}

// A new socket of a process that has 20,000 others.
func BenchmarkFindDescriptor(b *testing.B) {
	sockets(b, 20000)
	benchmarkFind(b, func() (uint64, func()) {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			b.Fatal(err)
		}
		return inodeOf(b, fd), func() { unix.Close(fd) }
	})
}

// A process that began just now, beside one with 20,000 sockets.
func BenchmarkFindProcess(b *testing.B) {
	sockets(b, 20000)
	benchmarkFind(b, func() (uint64, func()) {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			b.Fatal(err)
		}
		inode := inodeOf(b, fd)
		cmd := exec.Command("sleep", "600")
		cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "")}
		if err := cmd.Start(); err != nil {
			b.Skip(err)
		}
		cmd.ExtraFiles[0].Close()
		return inode, func() {
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
		}
	})
}

func benchmarkFind(b *testing.B, begin func() (uint64, func())) {
	ctx := context.Background()
	h := NewHolders(New(""))
	if err := h.Scan(ctx); err != nil {
		b.Fatal(err)
	}
	ended := map[uint64]bool{}
	alive := func(inode uint64) bool { return !ended[inode] }
	b.ReportAllocs()
	b.StopTimer()
	for i := 0; i < b.N; i++ {
		inode, end := begin()
		b.StartTimer()
		left, err := h.Find(ctx, []uint64{inode}, alive)
		if left != 0 || err != nil || len(h.PIDs(inode)) == 0 {
			b.Fatal(left, err, h.PIDs(inode))
		}
		b.StopTimer()
		end()
		ended[inode] = true
	}
}
