package sandbox

import "golang.org/x/sys/unix"

// allowedCalls are what the Go runtime, the C library, libpcap's ring and the reading
// and writing of open files need, whatever their arguments. Those of 32-bit
// architectures are among them.
func allowedCalls() []string {
	return []string{
		// Open files and sockets.
		"read", "readv", "pread64", "write", "writev", "lseek", "_llseek", "close", "fstat", "fstat64",
		"recvfrom", "recvmsg", "getsockopt", "shutdown",
		"poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64",
		"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2", "pipe2",
		// Memory. What makes it executable is not here.
		"munmap", "mremap", "madvise", "brk", "mincore",
		// Threads and their signals.
		"futex", "futex_time64", "sched_yield", "sched_getaffinity", "gettid", "getpid", "getppid",
		"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "restart_syscall",
		"set_robust_list", "rseq", "membarrier", "exit", "exit_group",
		// Time and chance.
		"nanosleep", "clock_nanosleep", "clock_nanosleep_time64", "clock_gettime", "clock_gettime64", "clock_getres",
		"gettimeofday", "time", "getrandom",
		// Who it is, and the end of the process that looks up owners.
		"getuid", "geteuid", "getgid", "getegid", "getuid32", "geteuid32", "getgid32", "getegid32",
		"wait4", "waitid",
	}
}

// namespaceFlags are the flags of clone(2) that make namespaces.
const namespaceFlags = unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
	unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWCGROUP

// threadFlags make clone(2) make a thread, and no process.
const threadFlags = unix.CLONE_THREAD | unix.CLONE_VM | unix.CLONE_SIGHAND

// rules are the calls that are allowed with some arguments.
func rules(pid int) []rule {
	one := func(argument int, values ...uint32) (alternatives [][]condition) {
		for _, v := range values {
			alternatives = append(alternatives, []condition{{argument: argument, mask: ^uint32(0), value: v}})
		}
		return alternatives
	}
	notExecutable := [][]condition{{{argument: 2, mask: unix.PROT_EXEC}}}
	descriptor := one(1, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL)
	return []rule{
		{"mmap", notExecutable},
		{"mmap2", notExecutable},
		{"mprotect", notExecutable},
		{"clone", [][]condition{{{mask: threadFlags | namespaceFlags, value: threadFlags}}}},
		// The Go runtime interrupts its own threads.
		{"tgkill", one(0, uint32(pid))},
		{"ioctl", one(1, unix.TCGETS, unix.TIOCGWINSZ, unix.TIOCINQ, unix.SIOCGIFFLAGS)},
		{"fcntl", descriptor},
		{"fcntl64", descriptor},
		// libpcap takes down its ring and leaves the promiscuous mode.
		{"setsockopt", one(1, unix.SOL_PACKET)},
		// Names of threads and of areas of memory.
		{"prctl", one(0, unix.PR_SET_NAME, unix.PR_SET_VMA)},
		// To read a limit, not to set one.
		{"prlimit64", [][]condition{{{argument: 2, mask: ^uint32(0), whole: true}}}},
	}
}

// deadlyCalls end the process: nothing in it makes them, so that whoever does has taken
// it over. Files and sockets are not here; libraries try to open them, and can do
// without.
func deadlyCalls() []string {
	return []string{
		"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
		"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
		"setns", "unshare", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsmount",
		"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "open_by_handle_at",
		"add_key", "request_key", "keyctl", "setuid", "setresuid", "setgid", "setresgid", "capset", "reboot", "swapon", "personality",
	}
}
