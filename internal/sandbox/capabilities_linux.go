package sandbox

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// allThreads makes a system call on every thread of the process.
func allThreads(number, a, b, c uintptr) error {
	_, _, errno := psx.Syscall6(number, a, b, c, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// dropCapabilities takes all capabilities from all threads.
func dropCapabilities(bounding error) Part {
	p := Part{Name: PartCapabilities}
	// Kernels before 4.3 have no ambient set, which is none that is left.
	err := allThreads(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0)
	if errors.Is(err, unix.EINVAL) {
		err = nil
	}
	if err == nil {
		err = setNone()
	}
	switch {
	case err != nil:
		p.Detail = err.Error()
		return p
	case bounding != nil:
		p.Detail = fmt.Sprintf("none is left; the bounding set stays: %v", bounding)
	default:
		p.Detail = "none is left, nor in the bounding set"
	}
	p.InForce = true
	return p
}

// setNone empties the permitted, effective and inheritable sets (capset(2)).
func setNone() error {
	header := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	none := new([2]unix.CapUserData)
	_, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(none)), 0)
	if errno != 0 {
		return fmt.Errorf("capset: %w", errno)
	}
	return nil
}
