//go:build cgo && linux

package live

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// waiter waits for packets without a thread that waits: of a thread that blocks in C,
// Go's runtime takes the processor away, and looks for such threads every 20 µs.
type waiter struct {
	file *os.File
	conn syscall.RawConn
}

// newWaiter waits for a handle's descriptor, which stays the handle's. It is nil where
// Go's poller can't: some of libpcap's devices have no descriptor, or one of another kind.
func newWaiter(fd int) *waiter {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	w := &waiter{file: os.NewFile(uintptr(own), "packets")} // it is non-blocking, as fd is
	if w.conn, err = w.file.SyscallConn(); err == nil {
		err = w.file.SetReadDeadline(time.Time{}) // fails where it can't be waited for
	}
	if err != nil {
		w.file.Close()
		return nil
	}
	return w
}

// wait calls try until it returns true, now and when there may be packets, for so long.
func (w *waiter) wait(timeout time.Duration, try func() bool) {
	// What fails here fails in try as well, which tells why.
	_ = w.file.SetReadDeadline(time.Now().Add(timeout))
	_ = w.conn.Read(func(uintptr) bool { return try() })
}

func (w *waiter) close() { w.file.Close() }
