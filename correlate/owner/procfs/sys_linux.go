package procfs

import (
	"errors"
	"fmt"
	"io/fs"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openat opens a file below a folder. name ends in a zero byte.
func openat(folder int, name []byte, flags int) (int, error) {
	for {
		fd, _, e := unix.Syscall6(unix.SYS_OPENAT, uintptr(folder), uintptr(unsafe.Pointer(&name[0])), uintptr(flags|unix.O_CLOEXEC), 0, 0, 0)
		switch e {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return -1, e
		}
	}
}

// readlinkat reads the target of a link below a folder into buf. name ends in a
// zero byte. A target that fills buf may be cut.
func readlinkat(folder int, name, buf []byte) (int, unix.Errno) {
	n, _, e := unix.Syscall6(unix.SYS_READLINKAT, uintptr(folder), uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0)
	return int(n), e
}

// readat reads a file below a folder into buf, which grows up to limit bytes, and
// is returned. What is beyond the limit is not read.
func readat(folder int, name, buf []byte, limit int) ([]byte, error) {
	fd, err := openat(folder, name, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return buf[:0], err
	}
	defer unix.Close(fd)
	buf = buf[:0]
	for {
		if len(buf) == cap(buf) {
			if cap(buf) >= limit {
				return buf, nil
			}
			grown := make([]byte, len(buf), min(max(2*cap(buf), 4096), limit))
			copy(grown, buf)
			buf = grown
		}
		n, err := unix.Read(fd, buf[len(buf):cap(buf)])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return buf, err
		}
		buf = buf[:len(buf)+n]
	}
}

// isDenied reports whether an error says that this user may not look.
func isDenied(err error) bool { return err == unix.EACCES || err == unix.EPERM }

// processError is an error about a process. One that has gone is
// [fs.ErrNotExist], wherever that was noticed: its files vanish (ENOENT), and what
// is open already cannot be read (ESRCH).
func processError(pid int, err error) error {
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENOENT) {
		err = fs.ErrNotExist
	}
	return fmt.Errorf("process %d: %w", pid, err)
}
