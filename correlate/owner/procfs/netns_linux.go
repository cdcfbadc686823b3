package procfs

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// NetNamespace is a network namespace of this machine.
type NetNamespace struct {
	Inode uint64
	// Path can be opened to enter it: a file that it is bound to, or
	// /proc/PID/ns/net.
	Path string
	// PID is the process with the lowest number that is in it; 0 where it is bound
	// to a file and has none.
	PID int
	// Name is the last element of the file that it is bound to: what "ip netns"
	// calls it, or its container engine's name; "" where it is not bound.
	Name string
}

// maxMounts bounds what is read of the list of mounts.
const maxMounts = 16 << 20

// NetNamespaces are the network namespaces that this user can see, this process's
// own first, the others by inode: those of processes, and those that are bound to
// a file without having one (/run/netns, /run/docker/netns and wherever else one
// is mounted). Paths below a root are as seen from inside it. Namespaces that only
// a descriptor or a socket keeps are not found. The error is ctx's or that of the
// folder of all processes.
func (f *FS) NetNamespaces(ctx context.Context) ([]NetNamespace, error) {
	proc, err := openat(unix.AT_FDCWD, append([]byte(f.proc), 0), unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, &pathError{f.proc, err}
	}
	defer unix.Close(proc)
	var pids []int
	if err := numbered(proc, make([]byte, direntBytes), func(pid int, _ uint64, _ []byte) bool {
		pids = append(pids, pid)
		return true
	}); err != nil {
		return nil, &pathError{f.proc, err}
	}
	slices.Sort(pids)

	link := make([]byte, 64)
	name := make([]byte, 0, 32)
	inode := func() uint64 {
		n, e := readlinkat(proc, name, link)
		if e != 0 {
			return 0
		}
		inode, _ := linkInode(link[:n], "net:")
		return inode
	}
	name = append(name, "self/ns/net\x00"...)
	own := inode()
	spaces := map[uint64]*NetNamespace{}
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name = append(strconv.AppendInt(name[:0], int64(pid), 10), "/ns/net\x00"...)
		if at := inode(); at != 0 && spaces[at] == nil {
			spaces[at] = &NetNamespace{Inode: at, PID: pid, Path: filepath.Join(f.proc, string(name[:len(name)-1]))}
		}
	}
	// Without the list of mounts, the bound ones are not known.
	mounts, _ := readat(proc, []byte("self/mountinfo\x00"), nil, maxMounts)
	for _, b := range ParseMounts(mounts) {
		n := spaces[b.Inode]
		if n == nil {
			n = &NetNamespace{Inode: b.Inode}
			spaces[b.Inode] = n
		}
		// The file outlives the process.
		n.Path, n.Name = b.Path, filepath.Base(b.Path)
	}
	list := make([]NetNamespace, 0, len(spaces))
	for _, n := range spaces {
		list = append(list, *n)
	}
	slices.SortFunc(list, func(a, b NetNamespace) int {
		switch {
		case a.Inode == b.Inode:
			return 0
		case a.Inode == own || b.Inode != own && a.Inode < b.Inode:
			return -1
		}
		return 1
	})
	return list, nil
}
