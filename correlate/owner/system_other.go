//go:build !windows

package owner

import "context"

// newReader returns the function that reads the socket tables.
func newReader(Config) func(context.Context) ([]row, error) { return readGopsutil }
