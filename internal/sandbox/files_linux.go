package sandbox

import (
	"fmt"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// restrictFiles forbids by Landlock to open any file, and as far as the kernel knows
// how, to bind or connect sockets and to signal other processes (landlock(7)). What is
// open already is not concerned.
func restrictFiles() Part {
	p := Part{Name: PartFiles}
	abi, err := ll.LandlockGetABIVersion()
	if err != nil {
		p.Detail = fmt.Sprintf("the kernel has no Landlock: %v", err)
		return p
	}
	if err := landlock.V11.BestEffort().Restrict(); err != nil {
		p.Detail = err.Error()
		return p
	}
	p.InForce, p.Detail = true, fmt.Sprintf("Landlock %d: no %s", abi, forbidden(abi))
	return p
}

// OnlyBelow forbids this process by Landlock to open files but those below a folder,
// as far as the kernel can. It is no [Sandbox]: the rest of what the process may do stays.
func OnlyBelow(folder string) {
	_ = landlock.V11.BestEffort().Restrict(landlock.RWDirs(folder))
}

// forbidden names what a version of Landlock can forbid.
func forbidden(abi int) string {
	what := "file can be opened"
	if abi >= 4 {
		what += ", no TCP port bound or connected"
	}
	if abi >= 6 {
		what += ", no other process signalled"
	}
	if abi >= 10 {
		what += ", no UDP sent"
	}
	return what
}
