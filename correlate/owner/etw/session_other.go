//go:build !windows || !(amd64 || arm64)

package etw

import "errors"

// Session receives events; there are none on this system.
type Session struct{}

// errSystem says that this is no 64-bit Windows.
var errSystem = errors.New("etw: for 64-bit Windows only")

// Open returns an error.
func Open(func(*Event)) (*Session, error) { return nil, errSystem }

// Close does nothing.
func (*Session) Close() error { return nil }
