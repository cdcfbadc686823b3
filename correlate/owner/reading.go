package owner

import (
	"context"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

// Reading is what a machine looks like at one moment.
type Reading struct {
	Time    time.Time
	Sockets []Socket
	// Services are those that run. Where the system does not tell, there are none.
	Services map[Service]bool
	// Processes are those that run, by PID; nil where that is not known.
	Processes map[int]bool
}

// Settle reads which services and processes run; anew, for a service stops a moment
// after its sockets are closed. What can't be read stays as it was: less is known
// then of why a listener changed.
func (r *Reading) Settle(ctx context.Context) {
	if services, err := runningServices(); err == nil {
		r.Services = make(map[Service]bool, len(services))
		for _, s := range services {
			r.Services[s] = true
		}
	}
	if processes, err := running(ctx); err == nil {
		r.Processes = processes
	}
}

// running are the processes of this machine by PID, as far as this user and
// process namespace may see them.
func running(ctx context.Context) (map[int]bool, error) {
	pids, err := process.PidsWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	m := make(map[int]bool, len(pids))
	for _, pid := range pids {
		m[int(pid)] = true
	}
	return m, nil
}
