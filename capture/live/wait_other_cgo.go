//go:build cgo && !linux && !windows

package live

import "time"

// waiter is not needed: libpcap's binding waits itself.
type waiter struct{}

func newWaiter(int) *waiter { return nil }

func (w *waiter) wait(time.Duration, func() bool) {}

func (w *waiter) close() {}
