package owner

import (
	"net/netip"
	"sync"

	"github.com/sniffid/sniffid/correlate/owner/etw"
)

// maxHeard bounds the conversations that are remembered.
const maxHeard = 1 << 16

// heard remembers what the kernel's events said of conversations. It is safe for
// concurrent use.
type heard struct {
	processes *processes
	local     func(netip.Addr) bool

	mu            sync.Mutex
	conversations map[conversation]heardOf
	order         ring[conversation]
	owners        map[int]*Owner // of processes that events named lately
}

// heardOf is who had a conversation last.
type heardOf struct {
	owner *Owner
	from  int64 // when it was first heard of, Unix nanoseconds
}

func newHeard(p *processes, local func(netip.Addr) bool) *heard {
	return &heard{
		processes: p, local: local,
		conversations: map[conversation]heardOf{}, order: newRing[conversation](maxHeard), owners: map[int]*Owner{},
	}
}

// note takes in an event, and what is known of its process while that lives.
func (h *heard) note(e *etw.Event) {
	own, peer, ok := e.Own(h.local)
	if !ok {
		return
	}
	c := conversation{e.Transport, unmapped(own), unmapped(peer)}
	at := e.Time.UnixNano()
	h.mu.Lock()
	defer h.mu.Unlock()
	known, found := h.conversations[c]
	if found && known.owner.PID == e.PID {
		return // one of many events of a conversation
	}
	if !found {
		if old, full := h.order.push(c); full {
			delete(h.conversations, old)
		}
	}
	h.conversations[c] = heardOf{h.name(e.PID, uint64(e.Time.UnixMilli())), at}
}

// name describes a process at the time of an event, in milliseconds since 1970. It
// may have ended, and its number be another's since.
func (h *heard) name(pid int, at uint64) *Owner {
	d, alive := h.processes.get(pid)
	if alive && (d.created == 0 || d.created <= at+creationSlack) {
		if o := h.owners[pid]; o != nil && o.Exe == d.owner.Exe && o.Name == d.owner.Name {
			return o
		}
		o := d.owner
		o.PID, o.Parent, o.Quality = pid, h.processes.ancestors(d.parent), Exact
		h.remember(&o)
		return &o
	}
	if o := h.owners[pid]; o != nil && !alive {
		return o
	}
	return &Owner{PID: pid, Quality: Exact}
}

// remember keeps an owner for when its process has ended. The lock is held.
func (h *heard) remember(o *Owner) {
	if len(h.owners) >= maxHeard {
		clear(h.owners)
	}
	h.owners[o.PID] = o
}

// find names who had a conversation at a time, in Unix nanoseconds.
func (h *heard) find(c conversation, at int64) (Owner, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// Received datagrams may be told of with the wildcard that the socket is bound to.
	for _, addr := range wildcards(c.local.Addr()) {
		c.local = netip.AddrPortFrom(addr, c.local.Port())
		if known, found := h.conversations[c]; found && known.from <= at+slack {
			return *known.owner, true
		}
	}
	return Owner{}, false
}
