//go:build !linux

package rotate

import (
	"errors"
	"io"
)

// Start returns [errors.ErrUnsupported]: no sandbox keeps a process from opening files.
func Start([]string, io.Writer) (Opener, error) { return nil, errors.ErrUnsupported }

// ServeParent returns [errors.ErrUnsupported].
func ServeParent(*Plan) error { return errors.ErrUnsupported }
