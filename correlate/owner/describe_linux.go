package owner

import (
	"strings"

	"github.com/sniffid/sniffid/correlate/owner/procfs"
)

// procRoot is the folder that has the process file system.
const procRoot = "/"

// describer makes the functions that read what procfs says of a process, and
// what its control groups mean; and when it began, in clock ticks since the system
// started, 0 when there is no such process.
func describer(c Config) (describe func(pid int) (description, bool), created func(pid int) uint64) {
	fs := procfs.New(procRoot)
	meaning := newMeaning(fs)
	created = func(pid int) uint64 {
		_, start, err := fs.Parent(pid)
		if err != nil {
			return 0
		}
		return start
	}
	describe = func(pid int) (description, bool) {
		p, err := fs.Process(pid)
		if err != nil {
			return description{}, false
		}
		d := description{
			owner:  Owner{Name: p.Name(), Exe: p.Exe, User: p.User},
			parent: p.PPID, created: p.Start,
		}
		if c.CommandLines {
			if arguments, err := fs.Args(pid); err == nil {
				d.owner.CommandLine = strings.Join(arguments, " ")
			}
		}
		meaning.group(p.Cgroup, &d.owner)
		return d, true
	}
	return describe, created
}
