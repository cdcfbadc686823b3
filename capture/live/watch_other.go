//go:build !linux

package live

import "log/slog"

// watchInterfaces calls changed once a second until stop is closed.
func watchInterfaces(stop <-chan struct{}, changed func(), _ *slog.Logger) {
	pollInterfaces(stop, changed)
}
