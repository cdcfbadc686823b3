package owner

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/correlate/owner/trace"
)

// who is a process that made or used a socket, as the kernel named it then.
type who struct {
	pid, uid uint32
	start    uint64 // nanoseconds since boot
	name     trace.Name
}

// binding is the answer of one socket for a conversation.
type binding struct {
	who
	cookie, netns uint64
	how           trace.How
	copied        bool
	at            int64 // when the conversation's first packet passed; Unix nanoseconds
}

// history remembers the conversations that the tracer told of: of each, the
// sockets that had it last, for ports are used again; and who else used a socket.
type history struct {
	conversations map[conversation][]binding // the newest last
	order         ring[conversation]
	claims        map[uint64][]claim // by cookie
	claimed       ring[uint64]
}

// claim is a use of a socket by a process other than the one before.
type claim struct {
	who
	remote netip.AddrPort // of a socket without a fixed peer
}

const (
	// historySize bounds the conversations remembered. At a hundred bytes
	// each it is what a busy machine has in some minutes.
	historySize = 1 << 16
	// maxBindings bounds the sockets remembered of one conversation.
	maxBindings = 4
	// maxClaims bounds the processes remembered of one socket.
	maxClaims = 16
)

func newHistory() *history {
	return &history{
		conversations: map[conversation][]binding{}, order: newRing[conversation](historySize),
		claims: map[uint64][]claim{}, claimed: newRing[uint64](historySize),
	}
}

// began notes the first packet of a conversation.
func (h *history) began(c conversation, b *binding) {
	known := h.conversations[c]
	if known == nil {
		if old, full := h.order.push(c); full {
			delete(h.conversations, old)
		}
	}
	// The socket is told of again when another process uses it.
	known = slices.DeleteFunc(known, func(o binding) bool { return o.cookie == b.cookie })
	if len(known) == maxBindings {
		known = slices.Delete(known, 0, 1)
	}
	h.conversations[c] = append(known, *b)
}

// uses notes that another process uses a socket.
func (h *history) uses(cookie uint64, c claim) {
	known := h.claims[cookie]
	if known == nil {
		if old, full := h.claimed.push(cookie); full {
			delete(h.claims, old)
		}
	}
	known = slices.DeleteFunc(known, func(o claim) bool { return o == c })
	if len(known) == maxClaims {
		known = slices.Delete(known, 0, 1)
	}
	h.claims[cookie] = append(known, c)
}

// find returns the socket that had the conversation at a time, in Unix
// nanoseconds. Of several, in different namespaces, prefer says which is meant. A
// socket that is bound to a wildcard may be known by that.
func (h *history) find(c conversation, at int64, prefer func(netns uint64) bool) (binding, bool) {
	var best *binding
	echo := strings.HasPrefix(c.transport, "icmp")
	for _, addr := range wildcards(c.local.Addr()) {
		c.local = netip.AddrPortFrom(addr, c.local.Port())
		known := h.conversations[c]
		for i := range known {
			b := &known[i]
			if b.at > at+slack || echo && b.pid == 0 {
				continue // too late; or the kernel's answer to an echo to oneself
			}
			if best == nil || prefer(b.netns) && !prefer(best.netns) || prefer(b.netns) == prefer(best.netns) && b.at > best.at {
				best = b
			}
		}
	}
	if best == nil {
		return binding{}, false
	}
	return *best, true
}

// users are the processes that used a socket for one peer after the binding's
// own, the last one last.
func (h *history) users(b *binding, remote netip.AddrPort) []who {
	var users []who
	for _, c := range h.claims[b.cookie] {
		if c.remote.IsValid() && c.remote != remote {
			continue
		}
		users = append(slices.DeleteFunc(users, func(u who) bool { return u == c.who }), c.who)
	}
	return users
}
