package procfs

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sys/unix"
)

// Holders says which processes have sockets open. It keeps what it has read, so
// that a later look costs little: see [Holders.Find]. It is not safe for
// concurrent use.
type Holders struct {
	fs *FS

	listing   []listed
	processes map[int]*process
	hidden    bool   // see Coverage
	look      uint32 // the number of the look at hand

	holdings []holding // by inode and process; built from processes when asked for
	pids     []int     // holdings' second column
	stale    bool

	dirents []byte
	link    []byte
	name    []byte
	wanted  map[uint64]bool // what Find still looks for
	found   []int           // who holds what Find has found
}

// Coverage says what could not be seen. Its zero value: it saw all.
type Coverage struct {
	// Denied is how many processes' descriptors this user may not read.
	Denied int
	// Hidden says that there may be processes that are not even listed: those of
	// outer or sibling process namespaces, or of other users where the file system
	// is mounted with hidepid.
	Hidden bool
}

// Complete reports whether a socket that nobody holds is indeed nobody's.
func (c Coverage) Complete() bool { return c.Denied == 0 && !c.Hidden }

// listed is a process as the folder of all lists it. The inode tells processes of
// one number apart: procfs makes a new one for every process.
type listed struct {
	pid   int
	inode uint64
}

// process is what was last read of a process's descriptors.
type process struct {
	listed
	descriptors []descriptor // by number
	before      []descriptor // the ones of the look before, for their memory
	kernel      bool         // a kernel thread
	denied      bool
	leaderless  bool // the descriptors were read of another thread than the first
}

type descriptor struct {
	fd     int32
	look   uint32 // when the link was last read
	socket uint64 // inode; 0 = something else
}

type holding struct {
	inode uint64
	pid   int
}

// NewHolders makes Holders that have read nothing yet.
func NewHolders(f *FS) *Holders {
	return &Holders{
		fs: f, processes: map[int]*process{}, wanted: map[uint64]bool{},
		dirents: make([]byte, direntBytes), link: make([]byte, 64),
	}
}

// Scan reads all descriptors of all processes. Processes that end meanwhile are
// passed over. On an error, which is ctx's or that of the folder of all
// processes, what was read before stands in part.
func (h *Holders) Scan(ctx context.Context) error {
	proc, err := h.list()
	if err != nil {
		return err
	}
	defer unix.Close(proc)
	for _, l := range h.listing {
		if err := h.read(ctx, proc, l, all, nil); err != nil {
			return err
		}
	}
	return nil
}

// PIDs are the processes that were last seen with a socket, ascending; several
// after a fork, or when the descriptor was passed on. The slice is the Holders',
// until the next look.
func (h *Holders) PIDs(inode uint64) []int {
	h.build()
	first, found := slices.BinarySearchFunc(h.holdings, inode, func(x holding, inode uint64) int { return cmp.Compare(x.inode, inode) })
	if !found {
		return nil
	}
	last := first
	for last < len(h.holdings) && h.holdings[last].inode == inode {
		last++
	}
	return h.pids[first:last:last]
}

// Len is how many sockets are known to be held.
func (h *Holders) Len() int {
	h.build()
	n := 0
	for i := range h.holdings {
		if i == 0 || h.holdings[i].inode != h.holdings[i-1].inode {
			n++
		}
	}
	return n
}

// Coverage says what the last looks could not see.
func (h *Holders) Coverage() Coverage {
	c := Coverage{Hidden: h.hidden}
	for _, p := range h.processes {
		if p.denied {
			c.Denied++
		}
	}
	return c
}

// build sorts what was read by inodes.
func (h *Holders) build() {
	if !h.stale {
		return
	}
	h.stale = false
	h.holdings = h.holdings[:0]
	for _, p := range h.processes {
		for _, d := range p.descriptors {
			if d.socket != 0 {
				h.holdings = append(h.holdings, holding{d.socket, p.pid})
			}
		}
	}
	slices.SortFunc(h.holdings, func(a, b holding) int {
		return cmp.Or(cmp.Compare(a.inode, b.inode), cmp.Compare(a.pid, b.pid))
	})
	h.holdings = slices.Compact(h.holdings)
	h.pids = h.pids[:0]
	for _, x := range h.holdings {
		h.pids = append(h.pids, x.pid)
	}
}

// initialPIDNamespace is the inode of the first process namespace
// (PROC_PID_INIT_INO in include/linux/proc_ns.h).
const initialPIDNamespace = 4026531836

// list reads which processes there are, and forgets those that are no more. It
// returns the folder of all processes, which is the caller's to close.
func (h *Holders) list() (int, error) {
	h.name = append(append(h.name[:0], h.fs.proc...), 0)
	proc, err := openat(unix.AT_FDCWD, h.name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return -1, &pathError{h.fs.proc, err}
	}
	h.listing = h.listing[:0]
	err = numbered(proc, h.dirents, func(pid int, inode uint64, _ []byte) bool {
		h.listing = append(h.listing, listed{pid, inode})
		return true
	})
	if err != nil {
		unix.Close(proc)
		return -1, &pathError{h.fs.proc, err}
	}
	byPID := func(a, b listed) int { return cmp.Compare(a.pid, b.pid) }
	if !slices.IsSortedFunc(h.listing, byPID) {
		slices.SortFunc(h.listing, byPID)
	}
	h.look++
	h.hidden = len(h.listing) == 0 || h.listing[0].pid != 1
	h.name = append(h.name[:0], "self/ns/pid\x00"...)
	n, e := readlinkat(proc, h.name, h.link)
	if namespace, ok := linkInode(h.link[:max(n, 0)], "pid:"); e != 0 || !ok || namespace != initialPIDNamespace {
		h.hidden = true
	}
	for pid, p := range h.processes {
		at, there := slices.BinarySearchFunc(h.listing, p.listed, byPID)
		if !there || h.listing[at].inode != p.inode {
			delete(h.processes, pid)
			h.stale = true
		}
	}
	return proc, nil
}

// pathError is an error about the folder of all processes.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return "list " + e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }
