package procfs

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// depth says which descriptors of a process are looked at.
type depth int

const (
	all      depth = iota
	fresh          // those that were not there at the last look
	suspects       // those that may lead to another file by now
	rest           // all that were not looked at yet
)

// checkEvery is after how many descriptors the context is asked again.
const checkEvery = 1024

// read looks at a process's descriptors. The error is ctx's.
func (h *Holders) read(ctx context.Context, proc int, l listed, how depth, alive func(uint64) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := h.processes[l.pid]
	if p == nil {
		p = &process{listed: l}
		h.processes[l.pid] = p
	}
	if how > fresh && (len(p.descriptors) == 0 || p.denied || p.leaderless) {
		return nil
	}
	h.name = append(strconv.AppendInt(h.name[:0], int64(l.pid), 10), "/fd\x00"...)
	folder, err := openat(proc, h.name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		p.descriptors = p.descriptors[:0]
		p.denied = isDenied(err)
		h.stale = true
		return nil
	}
	if how <= fresh {
		p.denied, p.leaderless = false, false
	}
	if how > fresh {
		err = h.again(ctx, folder, p, how, alive)
	} else {
		err = h.refresh(ctx, folder, p, how)
	}
	unix.Close(folder)
	if err != nil || how > fresh || len(p.descriptors) > 0 || p.kernel {
		return err
	}
	return h.leaderless(ctx, proc, p, how)
}

// refresh reads the list of a process's descriptors, and the links of those that
// were not known; of all, where that is asked for. procfs lists them in order; in
// a list that is not, known ones may look new, and are read again.
func (h *Holders) refresh(ctx context.Context, folder int, p *process, how depth) error {
	known := p.descriptors
	p.descriptors, p.before = p.before[:0], known
	ordered := true
	var stopped error
	err := numbered(folder, h.dirents, func(fd int, _ uint64, name []byte) bool {
		if len(p.descriptors)%checkEvery == checkEvery-1 {
			if stopped = ctx.Err(); stopped != nil {
				return false
			}
		}
		for len(known) > 0 && int(known[0].fd) < fd {
			known = known[1:]
		}
		switch {
		case len(known) == 0 || int(known[0].fd) > fd:
			p.descriptors = append(p.descriptors, descriptor{int32(fd), h.look, h.socket(folder, name, p)})
			h.stale = true
		case how == fresh:
			p.descriptors = append(p.descriptors, known[0])
		default:
			d := descriptor{int32(fd), h.look, h.socket(folder, name, p)}
			h.stale = h.stale || d.socket != known[0].socket
			p.descriptors = append(p.descriptors, d)
		}
		if last := len(p.descriptors) - 1; last > 0 && p.descriptors[last-1].fd > int32(fd) {
			ordered = false
		}
		return true
	})
	if !ordered {
		slices.SortFunc(p.descriptors, func(a, b descriptor) int { return cmp.Compare(a.fd, b.fd) })
	}
	h.stale = h.stale || len(p.descriptors) != len(p.before)
	// A process that ends while it is listed has no descriptors any more.
	if err != nil && stopped == nil {
		p.descriptors = p.descriptors[:0]
	}
	return stopped
}

// again reads links that were read before.
func (h *Holders) again(ctx context.Context, folder int, p *process, how depth, alive func(uint64) bool) error {
	for i := range p.descriptors {
		d := &p.descriptors[i]
		if i%checkEvery == checkEvery-1 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if d.look == h.look || how == suspects && d.socket != 0 && alive(d.socket) {
			continue
		}
		d.look = h.look
		h.name = append(strconv.AppendInt(h.name[:0], int64(d.fd), 10), 0)
		if socket := h.socket(folder, h.name, p); socket != d.socket {
			d.socket = socket
			h.stale = true
		}
	}
	return nil
}

// socket is the inode of the socket that a descriptor stands for, or 0, and
// notes it if it is one that is looked for.
func (h *Holders) socket(folder int, name []byte, p *process) uint64 {
	n, e := readlinkat(folder, name, h.link)
	if e != 0 {
		p.denied = p.denied || isDenied(e)
		return 0 // closed meanwhile
	}
	socket, _ := linkInode(h.link[:n], "socket:")
	if len(h.wanted) > 0 && h.wanted[socket] {
		delete(h.wanted, socket)
		h.found = append(h.found, p.pid)
	}
	return socket
}

// leaderless looks at a process without descriptors: either it is a kernel
// thread, or a zombie, or its first thread has ended, and another has to be asked
// for what they share.
func (h *Holders) leaderless(ctx context.Context, proc int, p *process, how depth) error {
	h.name = append(strconv.AppendInt(h.name[:0], int64(p.pid), 10), "/stat\x00"...)
	text, err := readat(proc, h.name, h.dirents, len(h.dirents))
	if err != nil {
		return nil
	}
	s, err := ParseStat(text)
	if err != nil {
		return nil
	}
	p.kernel = s.Kernel
	if s.State != 'Z' || s.Threads < 2 {
		return nil
	}
	h.name = append(strconv.AppendInt(h.name[:0], int64(p.pid), 10), "/task\x00"...)
	tasks, err := openat(proc, h.name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil
	}
	defer unix.Close(tasks)
	thread := 0
	if err := numbered(tasks, h.dirents, func(n int, _ uint64, _ []byte) bool {
		if n != p.pid {
			thread = n
		}
		return thread == 0
	}); err != nil || thread == 0 {
		return nil
	}
	h.name = append(strconv.AppendInt(h.name[:0], int64(thread), 10), "/fd\x00"...)
	folder, err := openat(tasks, h.name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil
	}
	defer unix.Close(folder)
	p.leaderless = true
	return h.refresh(ctx, folder, p, how)
}
