package flow

import (
	"cmp"
	"net/netip"
	"slices"
)

// Table finds the flow of each packet. S is what the caller keeps per flow.
//
// All clocks are those of the packets: a table behaves the same on a saved
// capture as it did live. It is not safe for concurrent use.
type Table[S any] struct {
	// OnEnd is called for each flow that the table forgets: idle for too long,
	// evicted for want of room, followed by another connection between the same
	// ends, or flushed. The flow is the callee's to keep. May be nil. OnEnd
	// must not call the table's methods.
	OnEnd func(*Flow[S])
	// OnSwap is called when a handshake shows that the roles of a flow, so far
	// told by the first packet, are the other way round. The flow has been
	// swapped already; the callee swaps Value. May be nil.
	OnSwap func(*Flow[S])

	config Config
	flows  map[Key]*Flow[S]
	last   *Flow[S] // flow of the last packet
	key    Key      // of the packet at hand
	serial uint64
	wheels [classes]wheel[S]
	due    int64 // nothing expires before
	stats  TableStats
}

// TableStats counts a table's doings.
type TableStats struct {
	Flows   uint64 // ever begun
	Expired uint64 // ended for idleness
	Evicted uint64 // ended for want of room
}

// NewTable returns an empty table.
func NewTable[S any](c Config) *Table[S] {
	return &Table[S]{config: c.withDefaults(), flows: make(map[Key]*Flow[S])}
}

// Len returns the number of flows in the table.
func (t *Table[S]) Len() int { return len(t.flows) }

// Stats returns the counts so far.
func (t *Table[S]) Stats() TableStats { return t.stats }

// Update counts p and returns its flow, the direction of the packet, and
// whether the flow begins with it. It allocates only for a fresh flow. Flows
// that have become idle are ended on the way, a few at a time.
func (t *Table[S]) Update(p *Packet) (f *Flow[S], d Direction, fresh bool) {
	t.expire(p.Timestamp)
	srcFirst := t.key.of(p)
	f = t.find(&t.key)
	if f != nil && (t.config.idle(f.class, p.Timestamp-f.Last) || f.restarts(p, f.Last)) {
		t.end(f)
		f = nil
	}
	if f == nil {
		f = t.add(t.key, srcFirst, p)
		fresh = true
	}
	t.last = f
	d = FromClient
	if srcFirst != f.clientFirst {
		d = FromServer
	}
	if f.Roles < RolesHandshake && !fresh {
		d = t.correct(f, d, p)
	}
	f.count(d, p)
	if c := classOf(p.Proto, f.State); c != f.class {
		t.unlink(f)
		t.link(f, c)
	}
	return f, d, fresh
}

// Lookup returns the flow with the given key, or nil.
func (t *Table[S]) Lookup(k Key) *Flow[S] { return t.flows[k] }

func (t *Table[S]) find(k *Key) *Flow[S] {
	if t.last != nil && t.last.key == *k {
		return t.last
	}
	return t.flows[*k]
}

func (t *Table[S]) add(k Key, srcFirst bool, p *Packet) *Flow[S] {
	if len(t.flows) >= t.config.MaxFlows {
		t.evict(p.Timestamp)
	}
	t.serial++
	t.stats.Flows++
	f := &Flow[S]{
		Proto: p.Proto, ICMPType: p.ICMPType, ICMPCode: p.ICMPCode,
		Serial: t.serial, First: p.Timestamp, Last: p.Timestamp,
		key: k, clientFirst: srcFirst, mapped: p.Src.Addr().Is4In6() || p.Dst.Addr().Is4In6(),
	}
	if p.Link != nil {
		link := *p.Link
		f.Link = &link
	}
	if sender, roles := roleOf(p); roles != RolesFirstPacket {
		f.Roles = roles
		if sender == FromServer {
			f.clientFirst = !srcFirst
		}
	}
	t.flows[k] = f
	t.link(f, classOf(p.Proto, StateNew))
	return f
}

// roleOf returns whether the packet itself shows its sender's role, and which.
func roleOf(p *Packet) (Direction, Roles) {
	switch p.Proto {
	case protoTCP, protoSCTP:
		if p.Flags&(flagSYN|flagRST) == flagSYN {
			if p.Flags&flagACK != 0 {
				return FromServer, RolesHandshake
			}
			return FromClient, RolesHandshake
		}
	case protoICMP, protoICMPv6:
		switch _, role := icmpFamily(p.Proto, p.ICMPType); role {
		case icmpRequest:
			return FromClient, RolesProtocol
		case icmpReply:
			return FromServer, RolesProtocol
		}
	}
	return FromClient, RolesFirstPacket
}

// correct applies what p shows about the roles to a flow whose first packet
// showed less, and returns p's direction afterwards.
func (t *Table[S]) correct(f *Flow[S], d Direction, p *Packet) Direction {
	sender, roles := roleOf(p)
	if roles <= f.Roles {
		return d
	}
	f.Roles = roles
	if sender == d || f.key.ports>>16 == f.key.ports&0xffff && f.key.a == f.key.b {
		return d
	}
	f.Swap(roles)
	if t.OnSwap != nil {
		t.OnSwap(f)
	}
	return sender
}

func (f *Flow[S]) count(d Direction, p *Packet) {
	f.Last = max(f.Last, p.Timestamp)
	f.Packets[d] += uint64(max(p.Packets, 1))
	f.Bytes[d] += uint64(p.Length)
	f.Payload[d] += uint64(p.Payload)
	f.update(d, p)
}

// Refuse notes that an ICMP error, packet number of the capture, says that the
// packet from src to dst found no listener. It changes the state of a flow
// whose server has not spoken; an error about a late answer to a client that
// has gone changes nothing. It returns the flow, or nil if there is none.
func (t *Table[S]) Refuse(proto uint8, scope uint32, src, dst netip.AddrPort, number uint64) *Flow[S] {
	k, srcFirst := KeyOf(proto, scope, src, dst)
	f := t.flows[k]
	if f == nil || srcFirst != f.clientFirst || f.State != StateNew {
		return f
	}
	f.refuse(number)
	t.unlink(f)
	t.link(f, classEnded)
	return f
}

// Flush ends all flows, in order of appearance.
func (t *Table[S]) Flush() {
	for _, f := range t.All() {
		t.end(f)
	}
}

// All returns the flows in order of appearance. It allocates.
func (t *Table[S]) All() []*Flow[S] {
	all := make([]*Flow[S], 0, len(t.flows))
	for _, f := range t.flows {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *Flow[S]) int { return cmp.Compare(a.Serial, b.Serial) })
	return all
}

func (t *Table[S]) end(f *Flow[S]) {
	t.unlink(f)
	delete(t.flows, f.key)
	if t.last == f {
		t.last = nil
	}
	if f.State == StateNew {
		f.State = StateUnanswered
	}
	if t.OnEnd != nil {
		t.OnEnd(f)
	}
}
