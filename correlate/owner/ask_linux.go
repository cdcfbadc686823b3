package owner

import (
	"context"
	"slices"
	"time"
)

// ask looks for the conversation's own socket at once, without BPF: the tables are
// read too seldom for those that live shortly, and a row of another socket that would
// take the conversation says little, for a closer one may have been bound since. sure
// says that reading the tables would tell no more.
func (t *tracker) ask(q *Query) (o Owner, sure bool) {
	c := conversation{q.Transport, clean(q.Local), clean(q.Remote)}
	if !c.local.IsValid() {
		return Owner{}, false
	}
	t.mu.RLock()
	namespaces := t.locals.namespaces(c.local.Addr())
	t.mu.RUnlock()
	if len(namespaces) != 1 {
		return Owner{}, false
	}
	t.reading.Lock()
	defer t.reading.Unlock()
	r, found, asked := t.tables.find(context.Background(), c, namespaces[0], t.fresh)
	switch {
	case !found && !asked:
		return Owner{}, false
	case found && r.state != "LISTENING" && len(r.pids) > 0:
		return t.heldBy([]row{r}, Snapshot)
	}
	// It is over, or not accepted yet.
	if o, known := t.before(&c, namespaces[0]); known {
		return o, true
	}
	if c.transport == "tcp" {
		if o, known := t.heldBy(t.tables.listeners(context.Background(), c.local, namespaces[0], t.fresh), Listener); known {
			return o, true
		}
	}
	o = Owner{Reason: Exited, NetNS: namespaces[0]}
	if found {
		o.Reason = r.reason
	}
	return o, true
}

// before answers from what was found of a conversation's own socket earlier.
func (t *tracker) before(c *conversation, netns uint64) (Owner, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	rows, quality := t.index.find(c.transport, netns, c.local, c.remote)
	rows = slices.DeleteFunc(rows, func(i int) bool {
		r := &t.index.rows[i]
		return len(r.pids) == 0 || c.transport == "tcp" && r.remote != c.remote
	})
	if len(rows) == 0 {
		return Owner{}, false
	}
	return t.holder(rows, quality), true
}

// heldBy takes in what was found, and names the holder.
func (t *tracker) heldBy(rows []row, quality Quality) (o Owner, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var held []int
	for i := range rows {
		t.note(rows[i].cookie)
		t.index.remove(rows[i].cookie)
		if at := t.index.add(&rows[i]); len(rows[i].pids) > 0 {
			held = append(held, at)
		}
	}
	if len(held) == 0 {
		return Owner{}, false
	}
	return t.holder(held, quality), true
}

// maxAsked bounds the sockets whose last asking is remembered.
const maxAsked = 1 << 12

// note remembers when a socket was asked for. The lock is held.
func (t *tracker) note(cookie uint64) {
	if len(t.asked) >= maxAsked {
		clear(t.asked)
	}
	if t.asked == nil {
		t.asked = map[uint64]time.Time{}
	}
	if at, known := t.asked[cookie]; !known || time.Since(at) >= t.interval {
		t.asked[cookie] = time.Now()
	}
}

// fresh returns the row of a socket that was asked for so recently that its holders
// will not have changed.
func (t *tracker) fresh(cookie uint64) (row, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.asked[cookie]
	if !known || time.Since(at) >= t.interval {
		return row{}, false
	}
	i, found := t.index.cookie(cookie)
	if !found || len(t.index.rows[i].pids) == 0 {
		return row{}, false
	}
	return t.index.rows[i], true
}
