//go:build !cgo && !windows

package live

import (
	"fmt"

	"github.com/sniffid/sniffid/capture"
)

// errNotLinked says how to get a build that can.
var errNotLinked = fmt.Errorf("%w: this program was built without cgo; build it with CGO_ENABLED=1 and libpcap's headers (libpcap-dev)", ErrNoLibrary)

func openHandle(name string, _ *Config) (handle, error) {
	return nil, fmt.Errorf("capture on %s: %w", name, errNotLinked)
}

func compile(expression string, _ capture.LinkType, _ int) ([]instruction, error) {
	return nil, fmt.Errorf("filter %q: %w", expression, errNotLinked)
}

// Interfaces returns [ErrNoLibrary].
func Interfaces() ([]Device, error) {
	return nil, fmt.Errorf("list interfaces: %w", errNotLinked)
}

// upInterfaces names one interface for openHandle to refuse.
func upInterfaces() ([]string, error) { return []string{Any}, nil }
