package procfs

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// direntBytes is how much of a folder is read by one call.
const direntBytes = 64 << 10

// The layout of struct linux_dirent64 (getdents(2)).
const (
	direntLength = 16
	direntName   = 19
)

// numbered reads a folder's entries whose names are numbers, as processes and
// descriptors have them, in whatever order the kernel has them. buf is where they
// pass through; each gets the entry's number and inode, and its name, which ends
// in a zero byte and lies in buf. It ends early when each returns false.
func numbered(folder int, buf []byte, each func(n int, inode uint64, name []byte) bool) error {
	for {
		read, err := unix.Getdents(folder, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || read <= 0 {
			return err
		}
		for rest := buf[:read]; len(rest) > direntName; {
			length := int(binary.NativeEndian.Uint16(rest[direntLength:]))
			if length <= direntName || length > len(rest) {
				break
			}
			entry := rest[:length]
			rest = rest[length:]
			name := entry[direntName:]
			end := bytes.IndexByte(name, 0)
			if end < 0 {
				continue
			}
			n, ok := number(name[:end])
			if !ok || n > maxPID {
				continue
			}
			if !each(int(n), binary.NativeEndian.Uint64(entry), name[:end+1]) {
				return nil
			}
		}
	}
}
