//go:build cgo || windows

package live

// pollInterval is how long a handle may wait for a packet, and so how long it
// may take to stop.
const pollInterval = maxBatchTime
