//go:build !windows

package owner

import "context"

// newReader returns the function that reads the socket tables.
func newReader(Config) func(context.Context) ([]row, error) { return readTables }

// newDescriber returns the function that describes a process.
func newDescriber(Config) func(pid int) (description, bool) { return describe }
