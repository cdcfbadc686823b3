package owner

import (
	"context"
	"errors"
	"net/netip"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/correlate/owner/trace"
)

// tracker is the [Machine] of Linux. Where BPF programs may be loaded, the kernel
// tells it of each socket's process at the moment that the socket is used, so that no
// process is missed, and the one that uses a socket is told from the one that made
// it; the tables are for what was there before. Without BPF it reads the tables, and
// asks for single sockets as soon as they are looked up.
type tracker struct {
	*Table
	tables  *tables
	tracer  *trace.Tracer // nil without BPF
	meaning *meaning

	// events is held while they are read; then the table's lock, where it is needed.
	events  sync.Mutex
	history *history
	users   map[uint32]string // names of accounts
	lost    uint64
	onLost  func(total uint64)

	// The table's lock is held for these.
	own        uint64               // cookie of the own network namespace
	spaces     map[uint64]uint64    // cookies of namespaces to inodes, or here
	asked      map[uint64]time.Time // sockets, by cookie, that were asked for without BPF
	refreshing bool
	meanwhile  []trace.Event

	done    chan struct{}
	stopped sync.WaitGroup
}

// pollInterval is how often the kernel's events are read at least: the ring
// between has room for tens of thousands.
const pollInterval = 100 * time.Millisecond

// Method implements [Machine].
func (t *tracker) Method() string {
	if t.tracer != nil {
		return "BPF programs"
	}
	return "sock_diag and /proc"
}

// Lookup implements [Source].
func (t *tracker) Lookup(q Query) Owner {
	o := t.find(&q)
	t.mu.RLock()
	defer t.mu.RUnlock()
	t.explain(&o, q.Transport, q.Local)
	return o
}

func (t *tracker) find(q *Query) Owner {
	if echoes(q) {
		return t.Table.Lookup(*q)
	}
	if t.tracer == nil {
		if o, sure := t.ask(q); sure {
			return o
		}
		return t.Table.Lookup(*q)
	}
	t.follow()
	if o, told := t.told(q); told {
		return o
	}
	return t.Table.Lookup(*q)
}

// Snapshot implements [Source]. The holder of a socket is named, be it a proxy or
// not.
func (t *tracker) Snapshot() []Socket {
	sockets := t.Table.Snapshot()
	t.mu.RLock()
	defer t.mu.RUnlock()
	for i := range sockets {
		s := &sockets[i]
		if !s.Listening() {
			continue
		}
		whole := s.Owner
		t.explain(&whole, s.Transport, s.Local)
		o := &s.Owner
		o.SocketUnit = whole.SocketUnit
		if o.Container == "" {
			o.Container, o.ContainerName, o.Runtime, o.Pod = whole.Container, whole.ContainerName, whole.Runtime, whole.Pod
		}
	}
	return sockets
}

// poll reads events until the tracker is closed.
func (t *tracker) poll() {
	defer t.stopped.Done()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-t.done:
			return
		case <-tick.C:
			t.follow()
			t.regain()
		}
	}
}

// follow takes in what the kernel has told since the last time.
func (t *tracker) follow() {
	t.events.Lock()
	defer t.events.Unlock()
	offset := monotonicOffset()
	// An error leaves what was read before; the tables answer then.
	_ = t.tracer.Events(func(e *trace.Event) { t.take(e, offset) })
}

// regain has the tables read anew when events were lost.
func (t *tracker) regain() {
	t.events.Lock()
	defer t.events.Unlock()
	lost := t.tracer.Lost()
	if lost == t.lost {
		return
	}
	t.lost = lost
	t.mu.Lock()
	t.next = time.Time{} // what was missed is in the tables, perhaps
	t.mu.Unlock()
	if t.onLost != nil {
		t.onLost(lost)
	}
}

// monotonicOffset is what must be added to the monotonic clock for Unix time, in
// nanoseconds.
func monotonicOffset() int64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0
	}
	return time.Now().UnixNano() - ts.Nano()
}

// take notes an event.
func (t *tracker) take(e *trace.Event, offset int64) {
	w := who{pid: e.PID, uid: e.UID, start: e.Start, name: e.Name}
	switch e.Kind {
	case trace.Flow:
		t.history.began(conversation{transportName(e.Proto), e.Local, e.Remote}, &binding{
			who: w, cookie: e.Cookie, netns: e.NetNS, how: e.How, copied: e.Copied, at: int64(e.Time) + offset,
		})
		return
	case trace.Claimed:
		t.history.uses(e.Cookie, claim{w, e.Remote})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refreshing {
		t.meanwhile = append(t.meanwhile, *e)
	}
	t.change(e)
}

// change brings the tables up to date. The lock is held.
func (t *tracker) change(e *trace.Event) {
	switch e.Kind {
	case trace.Claimed:
		t.index.join(e.Cookie, int(e.PID))
	case trace.Released:
		t.index.remove(e.Cookie)
	case trace.Bound:
		netns, known := t.spaces[e.NetNS]
		r := row{transport: transportName(e.Proto), local: clean(e.Local), netns: netns, cookie: e.Cookie, pids: []int{int(e.PID)}}
		if r.transport == "tcp" {
			r.state = "LISTENING"
		}
		if known && r.local.Port() != 0 && !t.index.has(r.cookie) {
			t.index.add(&r)
		}
	}
}

// read reads the tables. What happens meanwhile may or may not be in them, and is
// noted again by replaced.
func (t *tracker) read(ctx context.Context) ([]row, error) {
	t.mu.Lock()
	t.refreshing, t.meanwhile = true, t.meanwhile[:0]
	t.mu.Unlock()
	rows, err := t.tables.read(ctx)
	spaces := make(map[uint64]uint64, len(t.tables.spaces.known))
	for _, one := range t.tables.spaces.known {
		spaces[one.cookie] = one.inode
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spaces = spaces
	if err != nil {
		t.refreshing = false
	}
	return rows, err
}

// replaced runs when new tables have come into force. The lock is held.
func (t *tracker) replaced() {
	t.refreshing = false
	for i := range t.meanwhile {
		t.change(&t.meanwhile[i])
	}
}

// transportName names an IP protocol as queries do.
func transportName(proto uint8) string {
	switch proto {
	case unix.IPPROTO_ICMP:
		return "icmp"
	case unix.IPPROTO_ICMPV6:
		return "icmpv6"
	}
	if name := transportOf(uint16(proto)); name != "" {
		return name
	}
	return "ip"
}

// told answers from what the kernel has told.
func (t *tracker) told(q *Query) (Owner, bool) {
	c := conversation{q.Transport, unmapped(q.Local), unmapped(q.Remote)}
	if q.ID != 0 {
		c.local, c.remote = netip.AddrPortFrom(c.local.Addr(), q.ID), netip.AddrPortFrom(c.remote.Addr(), q.ID)
	}
	at := q.Time
	if at.IsZero() {
		at = time.Now()
	}
	t.events.Lock()
	defer t.events.Unlock()
	t.mu.RLock()
	own, netns := t.own, uint64(here)
	t.mu.RUnlock()
	b, found := t.history.find(c, at.UnixNano(), func(cookie uint64) bool { return cookie == own || cookie == 0 })
	if !found {
		return Owner{}, false
	}
	if b.netns != own && b.netns != 0 {
		if c.local.Addr().IsLoopback() {
			return Owner{}, false // another namespace's loopback is not what was captured
		}
		t.mu.RLock()
		netns = t.spaces[b.netns]
		t.mu.RUnlock()
	}
	users := t.history.users(&b, c.remote)
	quality := Exact
	switch {
	case len(users) > 0 && (b.copied || b.how < trace.Uses):
		// Who made it, or its listener, has left it to others.
	case b.pid == 0 || b.how == trace.Held && len(users) == 0:
		return Owner{}, false // the tables know all who hold it
	default:
		users = append(users, b.who)
		if b.copied {
			quality = Listener // nobody has used it so far
		}
	}
	o := t.name(users, quality)
	o.NetNS = netns
	return o, true
}

// name names the one of several processes that answers for what they all used: a
// child's use is its parent's, where the parent used it too.
func (t *tracker) name(users []who, quality Quality) Owner {
	if len(users) > 1 {
		pids := make([]int, len(users))
		for i := range users {
			pids[i] = int(users[i].pid)
		}
		if roots := t.processes.roots(pids); len(roots) > 1 {
			o := Owner{Reason: Ambiguous}
			for _, pid := range roots[:min(len(roots), maxCandidates)] {
				o.Candidates = append(o.Candidates, Process{PID: pid, Name: t.describe(&users[slices.Index(pids, pid)]).Name})
			}
			return o
		} else if len(roots) == 1 {
			users = users[slices.Index(pids, roots[0]):]
		}
	}
	o := t.describe(&users[0])
	o.PID, o.Quality = int(users[0].pid), quality
	return o
}

// ticks turns nanoseconds since boot into the unit of /proc/PID/stat: USER_HZ is
// 100 on every architecture that Go knows.
func ticks(start uint64) uint64 { return start / 10_000_000 }

// describe says what is known of a process, which may have ended.
func (t *tracker) describe(w *who) Owner {
	if d, alive := t.processes.get(int(w.pid)); alive && d.created == ticks(w.start) {
		o := d.owner
		o.Parent = t.processes.ancestors(d.parent)
		return o
	}
	o := Owner{Name: w.name.String(), User: t.account(w.uid)}
	p, known := t.tracer.Program(w.pid)
	if !known || p.Start != w.start {
		return o
	}
	if filepath.IsAbs(p.Path) {
		o.Exe = p.Path
	}
	if group, exists := t.tracer.CgroupPath(p.Cgroup); exists {
		t.meaning.group("0::"+group, &o)
	}
	if p.Parent != 0 {
		o.Parent = &Process{PID: int(p.Parent), Name: p.ParentName.String()}
		if d, alive := t.processes.get(int(p.Parent)); alive && d.created <= ticks(w.start) {
			o.Parent = t.processes.ancestors(int(p.Parent))
		}
	}
	return o
}

// account is the name of a user.
func (t *tracker) account(uid uint32) string {
	name, known := t.users[uid]
	if !known {
		if u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
			name = u.Username
		}
		t.users[uid] = name
	}
	return name
}

// Close implements [Source].
func (t *tracker) Close() error {
	errs := []error{t.Table.Close()}
	if t.tracer != nil {
		close(t.done)
		t.stopped.Wait()
		errs = append(errs, t.tracer.Close())
	}
	t.reading.Lock()
	defer t.reading.Unlock()
	return errors.Join(append(errs, t.tables.close())...)
}
