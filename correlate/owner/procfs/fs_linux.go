package procfs

import (
	"bytes"
	"fmt"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// FS reads the process file system below a folder. It is safe for concurrent use
// and has nothing to be closed.
type FS struct {
	proc string // its path

	scratch sync.Pool // of *[]byte

	mu    sync.Mutex
	users map[uint32]string
}

// New reads root/proc; "" and "/" stand for this machine.
func New(root string) *FS {
	return &FS{
		proc:    filepath.Join("/", root, "proc"),
		scratch: sync.Pool{New: func() any { b := make([]byte, 4096); return &b }},
		users:   map[uint32]string{},
	}
}

// The files of a process, as system calls want them.
const (
	nameStat    = "stat\x00"
	nameStatus  = "status\x00"
	nameExe     = "exe\x00"
	nameNetNS   = "ns/net\x00"
	nameCgroup  = "cgroup\x00"
	nameCmdline = "cmdline\x00"
)

// Bounds on what is read of one process.
const (
	maxText    = 64 << 10 // stat, status, cgroup
	maxCmdline = 1 << 20
)

// Process describes a process. All of it is of one process: a number that passes
// to another meanwhile is [fs.ErrNotExist], as is a process that has gone before
// all was read.
func (f *FS) Process(pid int) (Process, error) {
	folder, err := f.open(pid)
	if err != nil {
		return Process{}, processError(pid, err)
	}
	defer unix.Close(folder)
	scratch := f.scratch.Get().(*[]byte)
	defer f.scratch.Put(scratch)
	p := Process{PID: pid}

	// Kernel threads and zombies have no executable, zombies no namespace: what
	// is missing does not say that the process has gone.
	name := append(make([]byte, 0, 16), nameExe...)
	if n, e := readlinkat(folder, name, (*scratch)[:cap(*scratch)]); e == 0 {
		path, deleted := bytes.CutSuffix((*scratch)[:n], []byte(deletedMark))
		p.Exe, p.Deleted = string(path), deleted
	}
	name = append(name[:0], nameNetNS...)
	if n, e := readlinkat(folder, name, (*scratch)[:cap(*scratch)]); e == 0 {
		p.NetNS, _ = linkInode((*scratch)[:n], "net:")
	}
	if text, err := f.text(folder, nameCgroup, scratch); err == nil {
		p.Cgroup = string(text)
	}

	// These every process has, and they come last: they vouch for the others.
	text, err := f.text(folder, nameStatus, scratch)
	if err != nil {
		return Process{}, processError(pid, err)
	}
	status := ParseStatus(text)
	p.UID, p.NSpid = status.UID, status.NSpid
	s, err := f.stat(folder, scratch)
	if err != nil {
		return Process{}, processError(pid, err)
	}
	p.PPID, p.Comm, p.Kernel, p.Start = s.PPID, string(s.Comm), s.Kernel, s.Start
	p.User = f.user(p.UID)
	return p, nil
}

// Parent is the parent of a process, and when the process began, in clock ticks
// since the system started: the cheapest way to learn whether a number is still
// the same process's, and who its ancestors are.
func (f *FS) Parent(pid int) (parent int, start uint64, err error) {
	folder, err := f.open(pid)
	if err != nil {
		return 0, 0, processError(pid, err)
	}
	defer unix.Close(folder)
	scratch := f.scratch.Get().(*[]byte)
	defer f.scratch.Put(scratch)
	s, err := f.stat(folder, scratch)
	if err != nil {
		return 0, 0, processError(pid, err)
	}
	return s.PPID, s.Start, nil
}

// Args is the command line of a process, which may hold secrets; none for kernel
// threads and zombies. A program can overwrite it: where that has left no zero
// bytes, it is one argument. At most 1 MiB is read.
func (f *FS) Args(pid int) ([]string, error) {
	folder, err := f.open(pid)
	if err != nil {
		return nil, processError(pid, err)
	}
	defer unix.Close(folder)
	text, err := readat(folder, []byte(nameCmdline), nil, maxCmdline)
	if err != nil {
		return nil, processError(pid, err)
	}
	text = bytes.TrimRight(text, "\x00")
	if len(text) == 0 {
		return nil, nil
	}
	return strings.Split(string(text), "\x00"), nil
}

// open opens the folder of a process, which stays that process's: when its number
// passes to another, reading from the folder fails.
func (f *FS) open(pid int) (int, error) {
	if pid <= 0 {
		return -1, unix.ENOENT
	}
	path := make([]byte, 0, 64)
	path = append(append(path, f.proc...), '/')
	path = append(strconv.AppendInt(path, int64(pid), 10), 0)
	return openat(unix.AT_FDCWD, path, unix.O_PATH|unix.O_DIRECTORY)
}

// text reads a file of a process. The text is in scratch.
func (f *FS) text(folder int, name string, scratch *[]byte) ([]byte, error) {
	text, err := readat(folder, append(make([]byte, 0, 16), name...), *scratch, maxText)
	*scratch = text[:cap(text)]
	return text, err
}

// stat reads the folder's stat file. The program's name is in scratch.
func (f *FS) stat(folder int, scratch *[]byte) (Stat, error) {
	text, err := f.text(folder, nameStat, scratch)
	if err != nil {
		return Stat{}, err
	}
	s, err := ParseStat(text)
	if err != nil {
		return s, fmt.Errorf("read stat: %w", err)
	}
	return s, nil
}

// maxUsers bounds the names that are remembered.
const maxUsers = 4096

// user is the name of an account on this machine, remembered.
func (f *FS) user(uid uint32) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	name, known := f.users[uid]
	if known {
		return name
	}
	if u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
		name = u.Username
	}
	if len(f.users) >= maxUsers {
		clear(f.users)
	}
	f.users[uid] = name
	return name
}
