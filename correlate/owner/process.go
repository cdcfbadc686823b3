package owner

import (
	"slices"
	"sync"
)

// description is what is known of a process beyond its number.
type description struct {
	owner  Owner // without quality
	parent int
	// created tells processes of one number apart, in the system's own unit.
	created uint64
}

// processes describes processes, and remembers the descriptions.
type processes struct {
	describe func(pid int) (description, bool)
	// created is when a process began; 0 when there is none.
	created func(pid int) uint64

	mu    sync.Mutex
	round uint64
	known map[int]remembered
}

type remembered struct {
	description
	alive bool
	round uint64 // of the reading that it was last checked in
}

func newProcesses(describe func(pid int) (description, bool), created func(pid int) uint64) *processes {
	return &processes{describe: describe, created: created, known: map[int]remembered{}}
}

// age begins a new round: descriptions are checked again when next used, and
// those that were not used in the last two rounds are forgotten.
func (p *processes) age() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.round++
	for pid, r := range p.known {
		if r.round+2 < p.round {
			delete(p.known, pid)
		}
	}
}

// get describes a process; it is asked of the system once a round.
func (p *processes) get(pid int) (description, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, found := p.known[pid]
	if found && r.round == p.round {
		return r.description, r.alive
	}
	if found && r.alive && r.created != 0 && p.created(pid) == r.created {
		r.round = p.round
		p.known[pid] = r
		return r.description, true
	}
	d, alive := p.describe(pid)
	p.known[pid] = remembered{d, alive, p.round}
	return d, alive
}

// owner names the one of the processes that answers for a socket they all hold.
// A socket inherited from a process among them is that process's. PID 1 hands
// sockets to the services that it starts, and is left out when one of them has
// it. Anything else is ambiguous.
func (p *processes) owner(pids []int, quality Quality) Owner {
	pids = withoutInit(pids)
	root := p.roots(pids)
	if len(root) > 1 {
		// Between fork and exec a child has all that its parent has; it is gone by
		// now, or has closed it.
		if alive := p.alive(root); len(alive) > 0 {
			root = alive
		}
	}
	if len(root) != 1 {
		return Owner{Reason: Ambiguous, Candidates: p.candidates(root)}
	}
	d, alive := p.get(root[0])
	if !alive {
		return Owner{Reason: Exited, Candidates: []Process{{PID: root[0]}}}
	}
	o := d.owner
	o.PID, o.Parent, o.Quality = root[0], p.ancestors(d.parent), quality
	return o
}

// withoutInit leaves out PID 1 where somebody has the socket besides.
func withoutInit(pids []int) []int {
	if len(pids) > 1 && pids[0] == 1 {
		return pids[1:]
	}
	return pids
}

// candidates names processes that fit equally.
func (p *processes) candidates(pids []int) []Process {
	var all []Process
	for _, pid := range pids[:min(len(pids), maxCandidates)] {
		d, _ := p.get(pid)
		all = append(all, Process{PID: pid, Name: d.owner.Name})
	}
	return all
}

// sharing are the processes that hold a socket and live.
func (p *processes) sharing(pids []int) []Process {
	pids = withoutInit(slices.Compact(slices.Sorted(slices.Values(pids))))
	return p.candidates(p.alive(pids))
}

// ancestors are a process's parent, the parent of that, and so on.
func (p *processes) ancestors(pid int) *Process {
	var first *Process
	at := &first
	for range maxGenerations {
		if pid <= 0 {
			break
		}
		d, alive := p.get(pid)
		*at = &Process{PID: pid, Name: d.owner.Name}
		if !alive || d.parent == pid {
			break
		}
		pid, at = d.parent, &(*at).Parent
	}
	return first
}

// roots are those of the processes that have no ancestor among them.
func (p *processes) roots(pids []int) []int {
	var roots []int
	for _, pid := range pids {
		if !p.inherits(pid, pids) {
			roots = append(roots, pid)
		}
	}
	return roots
}

// alive are those of the processes that have not ended.
func (p *processes) alive(pids []int) []int {
	var alive []int
	for _, pid := range pids {
		if _, is := p.get(pid); is {
			alive = append(alive, pid)
		}
	}
	return alive
}

// maxCandidates bounds Owner.Candidates.
const maxCandidates = 64

// inherits reports whether an ancestor of pid is among pids.
func (p *processes) inherits(pid int, pids []int) bool {
	for range maxGenerations {
		d, alive := p.get(pid)
		if !alive || d.parent <= 1 || d.parent == pid {
			return false
		}
		if slices.Contains(pids, d.parent) {
			return true
		}
		pid = d.parent
	}
	return false
}

// maxGenerations bounds the walk to a process's ancestors.
const maxGenerations = 16
