package capture

import (
	"errors"
	"fmt"
)

// ErrTimeout says that no packet came within a live source's read timeout. It
// is no failure: it gives the caller a chance to look at its clock.
var ErrTimeout = errors.New("no packet within the read timeout")

// DamageError says at which byte a capture file stopped making sense. Packets
// before that byte have been returned.
type DamageError struct {
	File    string // as named by the caller; "-" for standard input
	Offset  int64  // bytes from the start of the (uncompressed) file
	Packets uint64 // packets returned before the damage
	Err     error  // what was wrong there
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s: damaged at byte %d, after %d packets: %v", e.File, e.Offset, e.Packets, e.Err)
}

// Unwrap returns the cause.
func (e *DamageError) Unwrap() error { return e.Err }
