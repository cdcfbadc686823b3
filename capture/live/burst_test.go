//go:build cgo && !windows

package live

import (
	"testing"
	"time"
)

// What comes fast gathers for as long as it takes to fill the room, at the pace at which
// it came, and never for long.
func TestBurst(t *testing.T) {
	tests := map[string]struct {
		bytes    int
		within   time.Duration
		from, to time.Duration
	}{
		"200 MB/s": {2 << 20, 10 * time.Millisecond, 5 * time.Millisecond, 15 * time.Millisecond},
		"4 MB/s":   {40 << 10, 10 * time.Millisecond, longLinger, longLinger},
		"nothing":  {0, time.Millisecond, longLinger, longLinger},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := burst{bytes: tt.bytes, since: time.Now().Add(-tt.within)}
			if got := b.until(1 << 20); got < tt.from || got > tt.to {
				t.Errorf("waits for %v", got)
			}
		})
	}
}
