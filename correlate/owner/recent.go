package owner

import (
	"maps"
	"slices"
	"time"
)

// recently is how long after a service started a listener may appear because of
// that; and how long a service that is being stopped may take to close its sockets.
const recently = 10 * time.Second

// Recent are the readings of the last seconds. The zero value has none.
type Recent struct {
	readings []*Reading // the oldest first
}

// Add adds the newest reading, which is not to be changed any more.
func (r *Recent) Add(reading *Reading) {
	old := 0
	for old+1 < len(r.readings) && reading.Time.Sub(r.readings[old+1].Time) >= recently {
		old++
	}
	r.readings = append(slices.Delete(r.readings, 0, old), reading)
}

// Explain says of a change, which the newest reading shows, what else happened at
// that time.
func (r *Recent) Explain(c *Change) {
	if len(r.readings) == 0 {
		return
	}
	oldest, newest := r.readings[0], r.readings[len(r.readings)-1]
	if c.Event != Appeared {
		previous := &c.Previous
		if c.Event == Gone {
			previous = &c.Socket.Owner
		}
		c.Ended = newest.absent(previous.PID)
		c.Stopped = r.stopped(previous)
	}
	if c.Event != Gone {
		now := &c.Socket.Owner
		c.Began = oldest.absent(now.PID)
		c.Started = started(now, oldest, newest)
	}
}

// stopped lists the services of an owner that ran in one of the readings, and in
// the newest do not.
func (r *Recent) stopped(o *Owner) []string {
	names := map[string]bool{}
	last := len(r.readings) - 1
	for _, reading := range r.readings[:last] {
		for s := range reading.Services {
			if s.of(o) && !r.readings[last].Services[s] {
				names[s.named(o)] = true
			}
		}
	}
	if unit, ok := heldFor(o); ok {
		names[unit] = true
	}
	return sorted(names)
}

// started lists the services of an owner that run in the newest reading, and in the
// oldest did not.
func started(o *Owner, oldest, newest *Reading) []string {
	names := map[string]bool{}
	for s := range newest.Services {
		if s.of(o) && !oldest.Services[s] {
			names[s.named(o)] = true
		}
	}
	if unit, ok := heldFor(o); ok {
		names[unit] = true
	}
	return sorted(names)
}

// sorted is nil for no names.
func sorted(names map[string]bool) []string { return slices.Sorted(maps.Keys(names)) }

// absent reports whether a process is known not to run.
func (r *Reading) absent(pid int) bool { return pid != 0 && r.Processes != nil && !r.Processes[pid] }
