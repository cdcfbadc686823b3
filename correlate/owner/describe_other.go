//go:build !linux

package owner

import (
	"github.com/shirou/gopsutil/v3/process"
)

// describer makes the functions that ask the system about a process; and when it
// began, in milliseconds since 1970, 0 when there is no such process.
func describer(c Config) (describe func(pid int) (description, bool), created func(pid int) uint64) {
	created = func(pid int) uint64 {
		p := process.Process{Pid: int32(pid)}
		at, err := p.CreateTime()
		if err != nil {
			return 0
		}
		return uint64(at)
	}
	describe = func(pid int) (description, bool) {
		if pid == systemPID {
			return description{owner: Owner{Name: "System"}}, true
		}
		p := &process.Process{Pid: int32(pid)}
		at := created(pid)
		if at == 0 {
			if exists, err := process.PidExists(int32(pid)); err != nil || !exists {
				return description{}, false
			}
		}
		d := description{created: at}
		// What the system does not tell this user stays empty.
		d.owner.Name, _ = p.Name()
		d.owner.Exe, _ = p.Exe()
		d.owner.User, _ = p.Username()
		if c.CommandLines {
			d.owner.CommandLine, _ = p.Cmdline()
		}
		if parent, err := p.Ppid(); err == nil {
			d.parent = int(parent)
		}
		complete(c, pid, &d.owner)
		return d, true
	}
	return describe, created
}
