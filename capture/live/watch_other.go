//go:build !linux

package live

import "log/slog"

// newWatch returns what calls changed once a second until stop is closed.
func newWatch(*slog.Logger) func(stop <-chan struct{}, changed func(), log *slog.Logger) {
	return func(stop <-chan struct{}, changed func(), _ *slog.Logger) { pollInterfaces(stop, changed) }
}
