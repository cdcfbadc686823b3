// Package procfs goes from a process's number to what it means on Linux: its
// name, executable, user and parent, the systemd unit, container and pod of its
// control group, its network namespace, and the sockets that it holds.
//
// Everything is read from a process file system (proc(5)), which need not be the
// machine's own: [New] takes the folder that it is below, so that a host's can be
// read from inside a container, and a made-up one in tests. The readers of text
// ([ParseStat], [ParseCgroup], …) build on every system, the rest on Linux.
package procfs

// Process is what is known of one process. A field that could not be read for
// want of permission, or that the process does not have, is zero.
type Process struct {
	PID, PPID int
	// Comm is the kernel's name of the program, cut to 15 bytes; [Process.Name] is
	// the one to show.
	Comm string
	// Exe is the path of the executable in the process's mount namespace; "" for
	// kernel threads and zombies.
	Exe string
	// Deleted says that Exe has been removed or replaced since it was started.
	Deleted bool
	// Kernel says that it is a thread of the kernel.
	Kernel bool
	// UID is the account that it runs as (the effective user id, as ps shows it),
	// User its name on this machine, "" where there is none.
	UID  uint32
	User string
	// Start is when it began, in clock ticks since the system started. Together
	// with PID it names a process for good.
	Start uint64
	// Cgroup is the text of its control groups, for [ParseCgroup].
	Cgroup string
	// NetNS is the inode of its network namespace.
	NetNS uint64
	// NSpid are its numbers in the process namespaces that it is in, from the one
	// of the process file system inwards; one number where it is in no further
	// namespace.
	NSpid []int
}

// Name is the name to show: Comm, or the name of the executable where the kernel
// has cut it short.
func (p *Process) Name() string {
	if len(p.Comm) < commLength {
		return p.Comm
	}
	base := p.Exe
	for i := len(base) - 1; i >= 0; i-- {
		if base[i] == '/' {
			base = base[i+1:]
			break
		}
	}
	if len(base) > commLength && base[:commLength] == p.Comm {
		return base
	}
	return p.Comm
}

// commLength is TASK_COMM_LEN of include/linux/sched.h without the final zero.
const commLength = 15
