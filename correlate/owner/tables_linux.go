package owner

import (
	"context"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/correlate/owner/procfs"
	"github.com/sniffid/sniffid/correlate/owner/sockdiag"
	"github.com/sniffid/sniffid/correlate/owner/trace"
)

// tables reads which sockets there are, in all network namespaces, and who holds
// them. It is not safe for concurrent use.
type tables struct {
	spaces  *namespaces
	holders *procfs.Holders
	// tracer finds the holders, where BPF programs may be loaded; nil: holders
	// does.
	tracer *trace.Tracer
	// everything asks for the sockets that nobody can hold too, those of closed
	// connections.
	everything bool

	rows    []row
	pids    []int       // what the rows' are cut from
	byInode map[int]int // inode to row
	// unheld are the sockets that the tracer found no holder of, by cookie, with
	// the reason that a look at the descriptors gave: one look is enough.
	unheld map[uint64]Reason
}

// kinds are the sockets that sock_diag is asked for.
var kinds = [...]struct {
	transport     string
	family, proto uint8
}{
	{"tcp", unix.AF_INET, unix.IPPROTO_TCP},
	{"tcp", unix.AF_INET6, unix.IPPROTO_TCP},
	{"udp", unix.AF_INET, unix.IPPROTO_UDP},
	{"udp", unix.AF_INET6, unix.IPPROTO_UDP},
	{"udplite", unix.AF_INET, unix.IPPROTO_UDPLITE},
	{"udplite", unix.AF_INET6, unix.IPPROTO_UDPLITE},
}

// read reads all tables.
func (t *tables) read(ctx context.Context) ([]row, error) {
	if err := t.spaces.refresh(ctx); err != nil {
		return nil, err
	}
	t.rows, t.pids, t.byInode = make([]row, 0, len(t.rows)+64), make([]int, 0, len(t.pids)+64), make(map[int]int, len(t.rows)+64)
	listening, bound := uint32(sockdiag.AllStates), uint32(sockdiag.AllStates)
	if t.tracer != nil {
		if err := t.tracer.Holdings(t.held); err != nil {
			return nil, err
		}
		if !t.everything {
			// What nobody holds and is of interest all the same: the kernel's own
			// listeners, and datagram sockets, which are closed or established.
			listening, bound = 1<<sockdiag.Listen, 1<<sockdiag.Close|1<<sockdiag.Established
		}
	} else if err := t.holders.Scan(ctx); err != nil {
		return nil, err
	}
	for _, space := range t.spaces.known {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, kind := range kinds {
			if kind.transport == "udplite" && !t.everything {
				continue
			}
			states := bound
			if kind.transport == "tcp" {
				states = listening
			}
			err := space.diag.Dump(kind.family, kind.proto, states, func(s sockdiag.Socket) { t.listed(kind.transport, space.inode, &s) })
			if err != nil && kind.transport != "udplite" && space.inode == here {
				return nil, err
			}
		}
	}
	return t.rows, t.explain(ctx)
}

// explain finds out about the rows that have neither holder nor reason.
func (t *tables) explain(ctx context.Context) error {
	unheld := map[uint64]Reason{}
	for i := range t.rows {
		r := &t.rows[i]
		if len(r.pids) > 0 || r.reason != "" {
			continue
		}
		reason, known := t.unheld[r.cookie]
		if !known {
			if _, err := t.holders.Find(ctx, []uint64{r.inode}, nil); err != nil {
				return err
			}
			t.hold(r, r.inode)
			reason = r.reason
		}
		if r.reason = reason; reason != "" {
			unheld[r.cookie] = reason
		}
	}
	t.unheld = unheld
	return nil
}

// hold names the holders that the descriptors show, or says why there are none.
func (t *tables) hold(r *row, inode uint64) {
	r.pids = slices.Clone(t.holders.PIDs(inode))
	switch {
	case len(r.pids) > 0:
	case t.holders.Coverage().Complete():
		r.reason = Kernel
	default:
		r.reason = NoPermission
	}
}

// held adds what a process holds.
func (t *tables) held(h *trace.Holding) {
	pid, inode := int(h.PID), int(h.Inode)
	if i, known := t.byInode[inode]; known {
		r := &t.rows[i]
		if !slices.Contains(r.pids, pid) {
			r.pids = append(slices.Clip(r.pids), pid)
			slices.Sort(r.pids)
		}
		return
	}
	transport := transportOf(h.Proto)
	if transport == "" || h.Local.Port() == 0 || h.Type == unix.SOCK_RAW {
		return
	}
	t.pids = append(t.pids, pid)
	t.byInode[inode] = len(t.rows)
	t.rows = append(t.rows, row{
		transport: transport, local: clean(h.Local), remote: clean(h.Remote), state: stateWord(transport, h.State),
		netns: t.spaces.named(uint64(h.NetNSInode)), cookie: h.Cookie,
		pids: t.pids[len(t.pids)-1:],
	})
	r := &t.rows[len(t.rows)-1]
	r.pids = slices.Clip(r.pids)
}

// transportOf is "" for what has no ports.
func transportOf(proto uint16) string {
	switch proto {
	case unix.IPPROTO_TCP, unix.IPPROTO_MPTCP:
		return "tcp"
	case unix.IPPROTO_UDP:
		return "udp"
	case unix.IPPROTO_UDPLITE:
		return "udplite"
	case unix.IPPROTO_SCTP:
		return "sctp"
	}
	return ""
}

// listed adds what sock_diag lists, unless its holder is known already.
func (t *tables) listed(transport string, netns uint64, s *sockdiag.Socket) {
	if _, known := t.byInode[int(s.Inode)]; known && s.Inode != 0 {
		return
	}
	if r := t.row(transport, netns, s); r.local.Port() != 0 {
		t.rows = append(t.rows, r)
	}
}

// row describes a socket that sock_diag knows.
func (t *tables) row(transport string, netns uint64, s *sockdiag.Socket) row {
	r := row{
		transport: transport, netns: netns, cookie: s.Cookie, state: stateWord(transport, s.State),
		local: unmapped(s.Local), remote: clean(s.Remote),
	}
	switch {
	case s.Inode == 0:
		r.reason = Exited // TIME_WAIT and the like: nobody holds it
	case t.tracer == nil:
		t.hold(&r, uint64(s.Inode))
	default:
		r.inode = uint64(s.Inode) // for explain
	}
	return r
}

// find asks for the one socket of a conversation, and who holds it: quicker than
// reading all, and so with a better chance to be in time. asked says that the
// kernel has answered. fresh gives what was found of a socket a moment ago.
func (t *tables) find(ctx context.Context, c conversation, netns uint64, fresh func(cookie uint64) (row, bool)) (r row, found, asked bool) {
	var proto uint8
	switch c.transport {
	case "tcp":
		proto = unix.IPPROTO_TCP
	case "udp":
		proto = unix.IPPROTO_UDP
	default:
		return row{}, false, false
	}
	space := t.space(netns)
	if space == nil {
		return row{}, false, false
	}
	s, err := space.diag.Find(proto, c.local, c.remote)
	if err != nil {
		return row{}, false, sockdiag.IsGone(err)
	}
	if r, known := fresh(s.Cookie); known {
		return r, true, true
	}
	r = t.holding(ctx, c.transport, netns, &s)
	if len(r.pids) == 0 && s.Inode != 0 {
		// It may have been closed while its holder was looked for.
		if now, err := space.diag.Find(proto, c.local, c.remote); err != nil || now.Cookie != s.Cookie || now.Inode == 0 {
			r.reason = Exited
		}
	}
	return r, r.local.Port() != 0, true
}

// listeners asks for those who take connections at a local end.
func (t *tables) listeners(ctx context.Context, local netip.AddrPort, netns uint64, fresh func(cookie uint64) (row, bool)) []row {
	space := t.space(netns)
	if space == nil {
		return nil
	}
	var all []sockdiag.Socket
	for _, family := range [...]uint8{unix.AF_INET, unix.AF_INET6} {
		_ = space.diag.Dump(family, unix.IPPROTO_TCP, 1<<sockdiag.Listen, func(s sockdiag.Socket) {
			if s.Local.Port() == local.Port() {
				all = append(all, s)
			}
		})
	}
	for _, addr := range wildcards(local.Addr()) {
		var rows []row
		for i := range all {
			s := &all[i]
			if unmapped(s.Local).Addr() != addr {
				continue
			}
			r, known := fresh(s.Cookie)
			if !known {
				r = t.holding(ctx, "tcp", netns, s)
			}
			rows = append(rows, r)
		}
		if rows != nil {
			return rows
		}
	}
	return nil
}

func (t *tables) space(netns uint64) *namespace {
	if netns == here {
		netns = t.spaces.own
	}
	return t.spaces.known[netns]
}

// holding looks for who holds a socket, first among those who began last.
func (t *tables) holding(ctx context.Context, transport string, netns uint64, s *sockdiag.Socket) row {
	var recent []int
	if s.Inode != 0 {
		if recent = t.holders.Recent(uint64(s.Inode)); recent == nil {
			// What can't be found by this is told by row.
			_, _ = t.holders.Find(ctx, []uint64{uint64(s.Inode)}, nil)
		}
	}
	r := t.row(transport, netns, s)
	if recent != nil {
		r.pids, r.reason = slices.Compact(slices.Sorted(slices.Values(append(recent, r.pids...)))), ""
	}
	return r
}

func (t *tables) close() error { return t.spaces.close() }
