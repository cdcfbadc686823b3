package owner

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// defaultInterval is the shortest time between two readings of the tables that
// lookups cause.
const defaultInterval = 100 * time.Millisecond

// costShare bounds what readings may cost: after one that took d, lookups cause
// none for costShare times d.
const costShare = 10

// Config says how a [Table] works. Its zero value is usable.
type Config struct {
	// Interval is the shortest time between two readings that lookups cause;
	// 0 = 100 ms. It grows by itself where a reading is dear.
	Interval time.Duration
	// CommandLines asks for [Owner.CommandLine].
	CommandLines bool
	// NoEvents does without what the kernel tells at the moment that sockets are
	// used: BPF programs on Linux, Event Tracing on Windows.
	NoEvents bool
	// OnLost is told when events were lost because there were more than could be read:
	// how many so far. Owners of sockets that were soon closed may be missing. It is
	// called with a lock held, and must not ask for owners; nil: nobody is told. Linux
	// only.
	OnLost func(total uint64)
	// Everything asks snapshots for the sockets too that nobody holds any more:
	// connections that are closed and wait for their time.
	Everything bool
	// Modules asks for [Owner.Modules], which only Windows has; it makes
	// readings dearer.
	Modules bool
}

// Table is a [Machine] made of readings of the system's socket tables: the
// extended tables of iphlpapi on Windows, gopsutil elsewhere. A lookup that finds nothing reads them anew, but not
// more often than the configured interval allows; a socket that lived shorter
// than that may be missed and is then said to have exited. It sees the network
// namespace of this process only.
type Table struct {
	interval  time.Duration
	read      func(context.Context) ([]row, error)
	replaced  func() // a reading has come into force; may be nil; mu is held
	addresses func() (addresses, error)
	processes *processes

	reading sync.Mutex // held while the tables are read
	mu      sync.RWMutex
	index   *index
	locals  addresses
	began   time.Time // when the last reading began
	next    time.Time // before this, lookups cause no reading
	closed  bool
}

var _ Machine = (*Table)(nil)

// New returns a source for this machine that has read nothing yet.
func New(c Config) *Table {
	if c.Interval <= 0 {
		c.Interval = defaultInterval
	}
	return &Table{
		interval: c.Interval, read: newReader(c), addresses: ownAddresses,
		processes: newProcesses(describer(c)), index: newIndex(nil),
	}
}

// Lookup implements [Source].
func (t *Table) Lookup(q Query) Owner {
	t.mu.RLock()
	owner, found := t.lookup(q)
	due := !t.closed && !time.Now().Before(t.next)
	t.mu.RUnlock()
	if found || !due {
		return owner
	}
	// An error leaves the older reading in place, and its answer stands.
	if t.refresh(context.Background(), false) != nil {
		return owner
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	owner, _ = t.lookup(q)
	return owner
}

// lookup answers from what was read; found says that reading anew would not
// change the answer.
func (t *Table) lookup(q Query) (o Owner, found bool) {
	local := clean(q.Local)
	if !local.IsValid() {
		return Owner{}, true
	}
	namespaces := t.locals.namespaces(local.Addr())
	if len(namespaces) == 0 {
		return Owner{Reason: t.locals.absent(local.Addr(), clean(q.Remote).Addr())}, t.locals.known()
	}
	if echoes(&q) {
		return Owner{Reason: Kernel, NetNS: namespaces[0]}, true
	}
	var rows []int
	var quality Quality
	for _, netns := range namespaces {
		more, how := t.index.find(q.Transport, netns, local, q.Remote)
		if len(more) > 0 {
			rows, quality = append(rows, more...), how
		}
	}
	if len(rows) == 0 {
		return Owner{Reason: Exited, NetNS: namespaces[0]}, false
	}
	o = t.holder(rows, quality)
	return o, o.Reason != Exited
}

// holder is who took part in a conversation by rows that fit equally. Of several who
// share a conversation's own socket it is not known which one did; a listener is the
// first one's, whoever accepts.
func (t *Table) holder(rows []int, quality Quality) Owner {
	o := t.owner(rows, quality)
	if o.PID == 0 || quality == Listener {
		return o
	}
	var pids []int
	for _, i := range rows {
		pids = append(pids, t.index.rows[i].pids...)
	}
	if shared := t.processes.sharing(pids); len(shared) > 1 {
		return Owner{Reason: Ambiguous, Candidates: shared, NetNS: o.NetNS}
	}
	return o
}

// echoes reports whether q asks for who answers echo requests: every host's own
// stack does (RFC 1122 §3.2.2.6, RFC 4443 §4.2).
func echoes(q *Query) bool {
	return q.Answers && (q.Transport == "icmp" || q.Transport == "icmpv6")
}

// owner joins the holders of rows that fit equally.
func (t *Table) owner(rows []int, quality Quality) Owner {
	var pids []int
	reason := Exited
	for _, i := range rows {
		r := &t.index.rows[i]
		switch {
		case len(r.pids) == 0:
			reason = r.reason
		case !t.reused(r):
			pids = append(pids, r.pids...)
		}
	}
	slices.Sort(pids)
	pids = slices.Compact(pids)
	o := Owner{Reason: reason}
	if len(pids) > 0 {
		o = t.processes.owner(pids, quality)
	}
	o.NetNS = t.index.rows[rows[0]].netns
	for _, i := range rows {
		r := &t.index.rows[i]
		if o.PID != 0 && slices.Contains(r.pids, o.PID) {
			o.Services = union(o.Services, r.services)
			o.Modules = union(r.modules, o.Modules)
			o.URLs = union(o.URLs, r.urls)
		}
	}
	return o
}

// creationSlack is how much younger than its socket a process may seem, in
// milliseconds: the two times are not taken by one clock.
const creationSlack = 1000

// reused reports whether the process that the table names was created after the
// socket: its number was another's then, who is gone.
func (t *Table) reused(r *row) bool {
	if r.created == 0 {
		return false
	}
	d, alive := t.processes.get(r.pids[0])
	return alive && d.created > r.created+creationSlack
}

// union appends to a what only b has. It returns one of them where that is all,
// and changes neither.
func union(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	joined := a[:len(a):len(a)]
	for _, s := range b {
		if !slices.Contains(a, s) {
			joined = append(joined, s)
		}
	}
	return joined
}

// Refresh implements [Source].
func (t *Table) Refresh(ctx context.Context) error { return t.refresh(ctx, true) }

// refresh reads the tables; unless forced, not when another reading has begun
// since the caller asked for it.
func (t *Table) refresh(ctx context.Context, force bool) error {
	asked := time.Now()
	t.reading.Lock()
	defer t.reading.Unlock()
	t.mu.RLock()
	fresh := t.began.After(asked)
	t.mu.RUnlock()
	if fresh && !force {
		return nil
	}
	began := time.Now()
	rows, err := t.read(ctx)
	if err == nil {
		var locals addresses
		locals, err = t.addresses()
		if err == nil {
			x := newIndex(rows)
			t.mu.Lock()
			t.index, t.locals = x, locals
			if t.replaced != nil {
				t.replaced()
			}
			t.mu.Unlock()
			t.processes.age()
		}
	}
	t.mu.Lock()
	t.began = began
	if !force {
		t.next = time.Now().Add(max(t.interval, costShare*time.Since(began)))
	}
	t.mu.Unlock()
	return err
}

// Snapshot implements [Source].
func (t *Table) Snapshot() []Socket {
	t.mu.RLock()
	defer t.mu.RUnlock()
	order := t.index.ordered()
	sockets := make([]Socket, len(order))
	// Most sockets are those of a few processes.
	owners := map[int]Owner{}
	for n, i := range order {
		r := &t.index.rows[i]
		s := &sockets[n]
		*s = Socket{Transport: r.transport, Local: r.local, Remote: r.remote, State: r.state, NetNS: r.netns}
		if len(r.pids) != 1 || r.services != nil || r.modules != nil || r.urls != nil || r.created != 0 {
			s.Owner = t.owner([]int{i}, Snapshot)
			continue
		}
		o, known := owners[r.pids[0]]
		if !known {
			o = t.owner([]int{i}, Snapshot)
			owners[r.pids[0]] = o
		}
		s.Owner = o
		if s.Owner.PID != 0 {
			s.Owner.NetNS = r.netns
		}
	}
	return sockets
}

// Local reports whether addr is one of this machine's, as of the last reading.
// Those of its other network namespaces are not.
func (t *Table) Local(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Contains(t.locals.namespaces(addr), here)
}

// Method implements [Machine].
func (t *Table) Method() string { return "readings of the socket tables" }

// Close implements [Source].
func (t *Table) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	return nil
}
