package procfs

import (
	"context"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxGenerations bounds the walk to a process's ancestors.
const maxGenerations = 16

// Find looks for the holders of some sockets, and stops when each has one;
// [Holders.PIDs] names them. A socket that a living process was seen with before
// is not looked for. It looks at what is new first: at the youngest
// processes, and at descriptors that were not there at the last look; then at
// those whose file may have changed; then at all. The ancestors of those found,
// from whom they may have the socket, are read too, so that a socket is not taken
// for the child's alone.
//
// alive says which sockets exist: a descriptor that led to one of those is not
// likely to lead elsewhere now, and is looked at last. nil: all may have changed.
// Descriptors read before and not looked at keep what was read of them.
//
// left is how many sockets nobody seems to hold. An error is ctx's, or that of
// the folder of all processes; what was found until then stands.
func (h *Holders) Find(ctx context.Context, inodes []uint64, alive func(inode uint64) bool) (left int, err error) {
	if alive == nil {
		alive = func(uint64) bool { return false }
	}
	proc, err := h.list()
	if err != nil {
		return len(inodes), err
	}
	defer unix.Close(proc)
	h.found = h.found[:0]
	for _, inode := range inodes {
		if inode != 0 && h.PIDs(inode) == nil {
			h.wanted[inode] = true
		}
	}
	defer clear(h.wanted)
	h.youngestFirst(proc)
	for how := fresh; how <= rest && len(h.wanted) > 0; how++ {
		for _, l := range h.listing {
			if err := h.read(ctx, proc, l, how, alive); err != nil {
				return len(h.wanted), err
			}
			if len(h.wanted) == 0 {
				break
			}
		}
	}
	return len(h.wanted), h.ancestors(ctx, proc, alive)
}

// youngestFirst puts the processes in the order of their creation, the last one
// first: numbers are given ascending, and begin anew at the top.
func (h *Holders) youngestFirst(proc int) {
	last := h.lastPID(proc)
	after, _ := slices.BinarySearchFunc(h.listing, last+1, func(l listed, pid int) int { return l.pid - pid })
	slices.Reverse(h.listing[:after])
	slices.Reverse(h.listing[after:])
}

// lastPID is the number that was given last (proc_loadavg(5)).
func (h *Holders) lastPID(proc int) int {
	last := maxPID
	h.name = append(h.name[:0], "loadavg\x00"...)
	if text, err := readat(proc, h.name, h.dirents, len(h.dirents)); err == nil {
		for len(text) > 0 {
			var word []byte
			word, text = nextWord(text)
			if n, ok := number(word); ok && n <= maxPID {
				last = int(n)
			}
		}
	}
	return last
}

// ancestors reads the ancestors of the processes that were found.
func (h *Holders) ancestors(ctx context.Context, proc int, alive func(uint64) bool) error {
	slices.Sort(h.found)
	for _, pid := range slices.Compact(h.found) {
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
			pid = s.PPID
			at := slices.IndexFunc(h.listing, func(l listed) bool { return l.pid == pid })
			if at < 0 {
				break
			}
			for _, how := range [...]depth{fresh, suspects} {
				if err := h.read(ctx, proc, h.listing[at], how, alive); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
