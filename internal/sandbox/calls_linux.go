package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// restrictCalls forbids all system calls but a list (seccomp(2)). The kernel brings
// the filter to all threads itself.
func restrictCalls() Part {
	p := Part{Name: PartSystemCalls}
	info, err := arch.GetInfo("")
	if err != nil {
		p.Detail = err.Error()
		return p
	}
	program, allowed := newFilter(info, os.Getpid())
	if err := load(program); err != nil {
		p.Detail = err.Error()
		return p
	}
	p.InForce, p.Detail = true, fmt.Sprintf("seccomp, on all threads: %d are allowed", allowed)
	return p
}

// load puts a filter in force.
func load(program []bpf.Instruction) error {
	raw, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	// no_new_privs is set for the thread that asks, and brought to the others too.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	fprog := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(fprog)))
	runtime.KeepAlive(filter)
	switch {
	case errno != 0:
		return fmt.Errorf("seccomp: %w", errno)
	case thread != 0:
		return fmt.Errorf("seccomp: thread %d has a filter of its own", thread)
	}
	return nil
}
