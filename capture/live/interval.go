//go:build cgo || windows

package live

import "time"

// pollInterval is how long a handle may wait for a packet, and so how long it
// may take to stop.
const pollInterval = 100 * time.Millisecond
