package container

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("too large")
)

// readFile reads a regular file of at most limit bytes. It does not wait for
// anything else that may be there under its name: some are in users' folders.
func readFile(path string, limit int64) ([]byte, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("read %s: %w", path, errNotRegular)
	case info.Size() > limit:
		return nil, nil, fmt.Errorf("read %s: %w", path, errTooLarge)
	}
	text, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, nil, err
	}
	return text, info, nil
}

// below is a path below the root.
func below(root string, elements ...string) string {
	return filepath.Join(append([]string{root}, elements...)...)
}
