package procfs

import (
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxRecent is how many numbers Recent tries. Each costs some microseconds, and a
// process that lives a millisecond is among the last few.
const maxRecent = 32

// Recent looks for the holders of a socket among the processes that began last,
// and their ancestors, without listing all processes first, which takes longer
// than some of them live. nil: it is none of those. The numbers are ascending, and
// what [Holders.PIDs] says is not changed.
func (h *Holders) Recent(inode uint64) []int {
	proc, err := openat(unix.AT_FDCWD, append([]byte(h.fs.proc), 0), unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil
	}
	defer unix.Close(proc)
	last := h.lastPID(proc)
	for pid := last; pid > max(last-maxRecent, 0); pid-- {
		if !h.has(proc, pid, inode) {
			continue
		}
		if pid = h.process(proc, pid); pid == 0 {
			return nil
		}
		holders := []int{pid}
		for range maxGenerations {
			h.name = append(strconv.AppendInt(h.name[:0], int64(pid), 10), "/stat\x00"...)
			text, err := readat(proc, h.name, h.dirents, len(h.dirents))
			if err != nil {
				break
			}
			s, err := ParseStat(text)
			if err != nil || s.PPID == 0 || s.PPID == pid {
				break
			}
			if pid = s.PPID; h.has(proc, pid, inode) {
				holders = append(holders, pid)
			}
		}
		slices.Sort(holders)
		return holders
	}
	return nil
}

// process returns the process that a number is of, which may be one of its threads';
// 0 where it has ended.
func (h *Holders) process(proc, number int) int {
	h.name = append(strconv.AppendInt(h.name[:0], int64(number), 10), "/status\x00"...)
	text, err := readat(proc, h.name, h.dirents, len(h.dirents))
	if err != nil {
		return 0
	}
	return ParseStatus(text).Tgid
}

// has reports whether a process holds a socket, by all its descriptors.
func (h *Holders) has(proc, pid int, inode uint64) bool {
	h.name = append(strconv.AppendInt(h.name[:0], int64(pid), 10), "/fd\x00"...)
	folder, err := openat(proc, h.name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return false
	}
	defer unix.Close(folder)
	found := false
	_ = numbered(folder, h.dirents, func(_ int, _ uint64, name []byte) bool {
		n, e := readlinkat(folder, name, h.link)
		if e == 0 {
			socket, isSocket := linkInode(h.link[:n], "socket:")
			found = isSocket && socket == inode
		}
		return !found
	})
	return found
}
