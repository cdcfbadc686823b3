package trace

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// rootCgroup opens the root of the version 2 hierarchy, under which every process
// is, whatever other hierarchies there are. Where it is not mounted it is mounted for this
// descriptor alone, out of sight, and is gone with it.
func rootCgroup() (*os.File, error) {
	if path, err := mountedCgroup("/proc/self/mountinfo"); err == nil && path != "" {
		if f, err := openCgroup(path); err == nil {
			return f, nil
		}
	}
	f, err := privateCgroup()
	if err != nil {
		return nil, fmt.Errorf("mount the cgroup hierarchy: %w", err)
	}
	return f, nil
}

// openCgroup opens a folder of the version 2 hierarchy. What is mounted on top may
// hide the one that was mounted there.
func openCgroup(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &s); err != nil || s.Type != unix.CGROUP2_SUPER_MAGIC {
		return nil, errors.Join(errors.New("no cgroup of version 2: "+path), err, f.Close())
	}
	return f, nil
}

// mountedCgroup finds the whole hierarchy among the mounts (proc_pid_mountinfo(5)):
// "36 35 0:31 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw". A mount that shows a part of it,
// as in a container, does not do.
func mountedCgroup(mountinfo string) (string, error) {
	f, err := os.Open(mountinfo)
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		mount, system, found := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(mount)
		if found && strings.HasPrefix(system, "cgroup2 ") && len(fields) >= 5 && fields[3] == "/" {
			return fields[4], nil
		}
	}
	return "", lines.Err()
}

// privateCgroup makes a mount that is in no tree (fsmount(2), Linux 5.2).
func privateCgroup() (*os.File, error) {
	context, err := unix.Fsopen("cgroup2", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("fsopen", err)
	}
	defer unix.Close(context)
	if err := unix.FsconfigCreate(context); err != nil {
		return nil, os.NewSyscallError("fsconfig", err)
	}
	mount, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fsmount", err)
	}
	// The mount's descriptor names a place only; the folder itself can be read.
	defer unix.Close(mount)
	root, err := unix.Openat(mount, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("openat", err)
	}
	return os.NewFile(uintptr(root), "cgroup2"), nil
}

// fileIDKernfs is FILEID_KERNFS of include/linux/exportfs.h: such a handle is the
// number of a control group.
const fileIDKernfs = 0xfe

// CgroupPath is where a control group is in the version 2 hierarchy, by its number:
// "/system.slice/ssh.service". false: it is gone, or the root.
func (t *Tracer) CgroupPath(number uint64) (string, bool) {
	handle := unix.NewFileHandle(fileIDKernfs, binary.NativeEndian.AppendUint64(nil, number))
	fd, err := unix.OpenByHandleAt(int(t.cgroup.Fd()), handle, unix.O_PATH|unix.O_CLOEXEC)
	if err != nil {
		return "", false
	}
	defer unix.Close(fd)
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	root, rootErr := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", t.cgroup.Fd()))
	if err != nil || rootErr != nil {
		return "", false
	}
	path = strings.TrimPrefix(path, strings.TrimSuffix(root, "/"))
	return path, strings.HasPrefix(path, "/") && path != "/"
}
