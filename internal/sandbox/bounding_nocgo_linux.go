//go:build !cgo

package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// dropBounding empties the bounding set of all threads, which needs CAP_SETPCAP
// (capabilities(7)).
func dropBounding() error {
	for c := uintptr(0); ; c++ {
		has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0)
		if err != nil {
			return nil //nolint:nilerr // the kernel knows no more capabilities
		}
		if has == 0 {
			continue
		}
		if err := allThreads(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c, 0); err != nil {
			return fmt.Errorf("drop from the bounding set: %w", err)
		}
	}
}
