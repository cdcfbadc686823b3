package pcapfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// extensions are those that make a file of a folder a capture whatever it
// holds, so that a damaged or empty one is reported instead of passed over.
var extensions = []string{".pcap", ".pcapng"}

// Expand replaces each folder in paths by the capture files below it, in
// lexical order; a capture file is known by its extension or by its first four
// bytes, of which nothing is made: what is compressed may turn out to be none when it
// is read ([ErrNotCapture]). Other paths, "-" included, are returned as they are,
// unopened. A folder without any capture is an error.
func Expand(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		if path == Stdin {
			files = append(files, path)
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := walk(path)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: %w: no capture in the folder", path, ErrNotCapture)
		}
		files = append(files, found...)
	}
	return files, nil
}

// walk lists the captures below a folder. Links to files are followed, links to
// folders are not: they could lead in circles.
func walk(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := entry.Type()
		if mode&fs.ModeSymlink != 0 {
			info, err := os.Stat(path)
			if err != nil {
				return nil // leads nowhere
			}
			mode = info.Mode()
		}
		if mode.IsRegular() && (hasExtension(path) || isCapture(path)) {
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

func hasExtension(path string) bool {
	name := strings.ToLower(path)
	for _, compressed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, compressed)
	}
	return slices.Contains(extensions, filepath.Ext(name))
}

// isCapture reports whether the file's first bytes are those of a capture, or of a
// compressed file.
func isCapture(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4)
	if _, err := io.ReadFull(f, head); err != nil {
		return false
	}
	_, _, pcap := pcapMagic(head)
	return pcap || littleEndian.uint32(head) == blockSection || isGzip(head) || isZstd(head)
}
