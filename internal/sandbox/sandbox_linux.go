package sandbox

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// threadsKnown makes sure of what calls on all threads need: they end the process where
// they can't read the list of threads.
func threadsKnown() error {
	_, err := os.Stat("/proc/self/task")
	return err
}

// enter goes from what needs privileges to what takes the means away: seccomp comes
// last, because it forbids the calls of all the others.
func (s *Sandbox) enter() (Report, error) {
	if err := threadsKnown(); err != nil {
		return s.withoutThreads(err)
	}
	bounding := dropBounding() // while there is CAP_SETPCAP
	who, err := s.account.change(become)
	if err != nil {
		return nil, err
	}
	return Report{
		who,
		dropCapabilities(bounding),
		noNewPrivileges(),
		restrictFiles(),
		restrictCalls(),
	}, nil
}

// withoutThreads does what can be done without a list of the threads: the kernel
// itself brings a filter of system calls to all of them, and no_new_privs with it.
func (s *Sandbox) withoutThreads(err error) (Report, error) {
	why := fmt.Sprintf("the threads are not known: %v", err)
	if s.account.asked && s.account.stay == "" {
		return nil, fmt.Errorf("become user %s: %s", s.account.name, why)
	}
	calls := restrictCalls()
	return Report{
		{PartUser, s.account.stay != "" && os.Geteuid() != 0, why},
		{PartCapabilities, false, why},
		{PartNoNewPrivs, calls.InForce, "with the system calls"},
		{PartFiles, false, why},
		calls,
	}, nil
}

// become changes user and groups of all threads, and leaves no saved ones
// (setresuid(2)). The kernel clears the effective capabilities with that.
func become(uid, gid int) error {
	if err := allThreads(sysSetgroups, 0, 0, 0); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := allThreads(sysSetresgid, uintptr(gid), uintptr(gid), uintptr(gid)); err != nil {
		return fmt.Errorf("setresgid: %w", err)
	}
	if err := allThreads(sysSetresuid, uintptr(uid), uintptr(uid), uintptr(uid)); err != nil {
		return fmt.Errorf("setresuid: %w", err)
	}
	return nil
}

// noNewPrivileges keeps programs from giving more than this process has
// (PR_SET_NO_NEW_PRIVS(2const)).
func noNewPrivileges() Part {
	p := Part{Name: PartNoNewPrivs}
	if err := allThreads(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		p.Detail = err.Error()
		return p
	}
	p.InForce, p.Detail = true, "no program that it starts could have more than it has"
	return p
}
