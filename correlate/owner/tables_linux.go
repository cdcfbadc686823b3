package owner

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// initialPIDNamespace is the inode of the first process namespace
// (PROC_PID_INIT_INO in include/linux/proc_ns.h).
const initialPIDNamespace = "pid:[4026531836]"

// readTables reads /proc/net of this network namespace and the descriptors of
// all processes. Where procfs has no tables, gopsutil is asked.
func readTables(ctx context.Context) ([]row, error) {
	var rows []row
	var inodes []uint64
	readable := false
	for _, table := range procTables {
		f, err := os.Open("/proc/net/" + table.file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no IPv6
		}
		if err != nil {
			return nil, err
		}
		readable = true
		rows, inodes, err = readProcNet(f, table.transport, rows, inodes)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	if !readable {
		return readGopsutil(ctx)
	}
	holders, hidden, err := socketHolders(ctx)
	if err != nil {
		return nil, err
	}
	for i, inode := range inodes {
		switch pids := holders[inode]; {
		case inode == 0:
			rows[i].reason = Exited // TIME_WAIT and the like: nobody holds it
		case pids != nil:
			rows[i].pids = pids
		case hidden:
			rows[i].reason = NoPermission
		default:
			rows[i].reason = Kernel
		}
	}
	return rows, nil
}

// socketHolders maps the inodes of sockets to the processes that have them
// open. hidden says that some processes' descriptors could not be read, or that
// processes of other namespaces cannot be seen.
func socketHolders(ctx context.Context) (holders map[uint64][]int, hidden bool, err error) {
	namespace, err := os.Readlink("/proc/self/ns/pid")
	hidden = err != nil || namespace != initialPIDNamespace
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return nil, hidden, err
	}
	holders = map[uint64][]int{}
	for _, p := range processes {
		pid, err := strconv.Atoi(p.Name())
		if err != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, hidden, err
		}
		folder := filepath.Join("/proc", p.Name(), "fd")
		descriptors, err := os.ReadDir(folder)
		if errors.Is(err, fs.ErrPermission) {
			hidden = true
		}
		for _, d := range descriptors {
			target, err := os.Readlink(filepath.Join(folder, d.Name()))
			if err != nil {
				continue // closed meanwhile
			}
			if inode, ok := socketInode(target); ok && !slices.Contains(holders[inode], pid) {
				holders[inode] = append(holders[inode], pid)
			}
		}
	}
	for _, pids := range holders {
		slices.Sort(pids)
	}
	return holders, hidden, nil
}

// socketInode reads "socket:[12345]".
func socketInode(target string) (uint64, bool) {
	digits, isSocket := strings.CutPrefix(target, "socket:[")
	if !isSocket {
		return 0, false
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(digits, "]"), 10, 64)
	return inode, err == nil
}
