//go:build !linux

package ownerhelper

import (
	"errors"
	"io"

	"github.com/sniffid/sniffid/correlate/owner"
)

// Process is a [Client] with the process that it asks.
type Process struct{ *Client }

// Start returns [errors.ErrUnsupported]: the process that parses packets looks up
// owners itself.
func Start([]string, io.Writer, func(error)) (*Process, error) { return nil, errors.ErrUnsupported }

// ServeParent returns [errors.ErrUnsupported].
func ServeParent(func() (owner.Machine, error)) error { return errors.ErrUnsupported }
