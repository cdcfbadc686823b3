//go:build linux && (386 || arm)

package sandbox

import "golang.org/x/sys/unix"

// The older calls of these architectures know 16 bits of an account's number.
const (
	sysSetresuid = unix.SYS_SETRESUID32
	sysSetresgid = unix.SYS_SETRESGID32
	sysSetgroups = unix.SYS_SETGROUPS32
)
