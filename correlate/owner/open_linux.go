package owner

import (
	"errors"
	"fmt"
	"os"

	"github.com/sniffid/sniffid/correlate/owner/procfs"
	"github.com/sniffid/sniffid/correlate/owner/trace"
)

// initialPIDNamespace is the inode of the first process namespace
// (PROC_PID_INIT_INO in include/linux/proc_ns.h): BPF programs know processes by
// their numbers there.
const initialPIDNamespace = "pid:[4026531836]"

// Open returns the best source that this machine and user allow; it has read
// nothing yet. The error says why it is not the best one, and may be passed over.
func Open(c Config) (Machine, error) {
	fs := procfs.New(procRoot)
	spaces, err := newNamespaces(fs)
	if err != nil {
		return New(c), fmt.Errorf("no sock_diag: %w", err)
	}
	t := &tracker{
		Table:   New(c),
		tables:  &tables{spaces: spaces, holders: procfs.NewHolders(fs), everything: c.Everything},
		meaning: newMeaning(fs), users: map[uint32]string{}, onLost: c.OnLost,
	}
	t.own = spaces.known[spaces.own].cookie
	t.spaces = map[uint64]uint64{t.own: here}
	t.Table.read, t.Table.replaced, t.Table.addresses = t.read, t.replaced, spaces.addresses
	if c.NoEvents {
		return t, nil
	}
	t.tracer, err = openTracer()
	if err != nil {
		return t, fmt.Errorf("no BPF programs: %w", err)
	}
	t.tables.tracer, t.history = t.tracer, newHistory()
	t.done = make(chan struct{})
	t.stopped.Add(1)
	go t.poll()
	return t, nil
}

// openTracer loads the BPF programs where they can be understood.
func openTracer() (*trace.Tracer, error) {
	link, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return nil, err
	}
	if link != initialPIDNamespace {
		return nil, errors.New("this is not the first process namespace")
	}
	return trace.Open()
}
