package fragment

import (
	"net/netip"
	"time"
)

// Config bounds a [Defragmenter]. The zero value has the defaults.
type Config struct {
	// MaxPackets is how many unfinished packets are kept; 0 = 4096. Beyond it
	// the oldest goes.
	MaxPackets int
	// MaxBytes is how many bytes of fragments are kept for all packets
	// together; 0 = 16 MiB.
	MaxBytes int
	// MaxFragments is how many fragments a packet may have; 0 = 256. A packet
	// with more is given up: 65,535 bytes are 45 fragments on Ethernet.
	MaxFragments int
	// Timeout is how long, in packet time, a packet may take to become
	// complete; 0 = 30 s (RFC 791 suggests 15 s, RFC 8200 §4.5 has 60 s).
	Timeout time.Duration
}

func (c Config) withDefaults() Config {
	if c.MaxPackets <= 0 {
		c.MaxPackets = 4096
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 16 << 20
	}
	if c.MaxFragments <= 0 {
		c.MaxFragments = 256
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	return c
}

// Stats counts what became of fragments.
type Stats struct {
	Fragments  uint64 // pushed
	Complete   uint64 // packets put together
	Incomplete uint64 // packets given up: too late, too many
	Overlaps   uint64 // fragments that overlapped others with different bytes
	Malformed  uint64 // fragments that no packet can have
}

// Defragmenter puts IP packets together. It is not safe for concurrent use.
//
// Where fragments overlap, the bytes that came first stand. That is one of the
// several ways in which hosts do it (RFC 5722 has IPv6 discard such packets
// altogether); a packet with different bytes in the overlap is counted.
type Defragmenter struct {
	// OnGiveUp is called for a packet that did not become complete, if its
	// first fragment was there. The value and its Data are valid during the
	// call. May be nil. It must not call the Defragmenter's methods.
	OnGiveUp func(*Incomplete)

	config Config
	sets   map[key]*set
	oldest *set // list in order of the first fragment
	newest *set
	bytes  int
	stats  Stats
	free   *set   // for the next packet
	out    []byte // the last datagram
}

// New returns an empty Defragmenter.
func New(c Config) *Defragmenter {
	return &Defragmenter{config: c.withDefaults(), sets: make(map[key]*set)}
}

// Stats returns the counts so far.
func (d *Defragmenter) Stats() Stats { return d.stats }

// Len returns the number of unfinished packets, InUse the bytes kept for them.
func (d *Defragmenter) Len() int { return len(d.sets) }

// InUse returns the number of bytes kept.
func (d *Defragmenter) InUse() int { return d.bytes }

// key tells packets in reassembly apart, RFC 791 §3.2, RFC 8200 §4.5.
type key struct {
	src, dst  netip.Addr
	id, scope uint32
	proto     uint8 // 0 for IPv6: the first fragment's next header counts
}

// set is a packet in reassembly.
type set struct {
	key        key
	proto      uint8  // of the first fragment
	began      int64  // when the first of the fragments came
	head       uint64 // number and time of the packet with offset 0
	headTime   int64
	total      int // payload length, or -1 while the last fragment is missing
	parts      []part
	held       int // bytes of data, with overhead
	packets    int
	length     int // bytes of the IP packets
	prev, next *set
}

// part is a run of a packet's payload. end-start exceeds len(data) where the
// capture cut the fragment.
type part struct {
	start, end int
	data       []byte
}

// partOverhead is what a part is charged besides its bytes.
const partOverhead = 64

// maxPayload is the longest payload that fragments can make up: the offset has
// 13 bits of 8 bytes, the length 16.
const maxPayload = 65535

// Push takes a fragment and returns the whole packet if it is complete with
// it. The datagram's data are valid until the next Push.
func (d *Defragmenter) Push(f *Fragment) (Datagram, bool) {
	d.stats.Fragments++
	d.expire(f.Timestamp)
	size := max(f.Size, len(f.Data))
	if f.More {
		size &^= 7 // what is over cannot join what follows, RFC 791 §3.2
	}
	end := f.Offset + size
	if f.Offset < 0 || size == 0 || end > maxPayload {
		d.stats.Malformed++
		return Datagram{}, false
	}
	s := d.set(f)
	s.packets++
	s.length += f.Length
	if f.Offset == 0 && s.head == 0 {
		s.proto, s.head, s.headTime = f.Proto, f.Packet, f.Timestamp
	}
	if !f.More {
		if s.total >= 0 && s.total != end || s.last() > end {
			d.stats.Malformed++
			return Datagram{}, false
		}
		s.total = end
	} else if s.total >= 0 && end > s.total {
		d.stats.Malformed++
		return Datagram{}, false
	}
	d.insert(s, part{f.Offset, end, f.Data[:min(size, len(f.Data))]})
	if !s.complete() {
		d.bound(s)
		return Datagram{}, false
	}
	d.stats.Complete++
	whole := d.assemble(s)
	d.remove(s)
	return whole, true
}

func keyOf(f *Fragment) key {
	k := key{src: f.Src, dst: f.Dst, id: f.ID, scope: f.Scope}
	if f.Src.Is4() {
		k.proto = f.Proto
	}
	return k
}

func (d *Defragmenter) set(f *Fragment) *set {
	k := keyOf(f)
	if s := d.sets[k]; s != nil {
		return s
	}
	s := d.free
	if s == nil {
		s = &set{}
	}
	d.free = nil
	*s = set{key: k, proto: f.Proto, began: f.Timestamp, total: -1, parts: s.parts[:0], prev: d.newest}
	if d.newest == nil {
		d.oldest = s
	} else {
		d.newest.next = s
	}
	d.newest = s
	d.sets[k] = s
	return s
}

func (d *Defragmenter) remove(s *set) {
	delete(d.sets, s.key)
	d.bytes -= s.held
	if s.prev == nil {
		d.oldest = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next == nil {
		d.newest = s.prev
	} else {
		s.next.prev = s.prev
	}
	clear(s.parts)
	s.prev, s.next = nil, nil
	d.free = s
}

// giveUp forgets a packet that did not become complete.
func (d *Defragmenter) giveUp(s *set) {
	d.stats.Incomplete++
	if d.OnGiveUp != nil && len(s.parts) != 0 && s.parts[0].start == 0 {
		i := Incomplete{
			Src: s.key.src, Dst: s.key.dst, Proto: s.proto, ID: s.key.id, Scope: s.key.scope,
			Packet: s.head, Timestamp: s.headTime, Datagram: d.assemble(s),
		}
		i.Size = len(i.Data)
		d.OnGiveUp(&i)
	}
	d.remove(s)
}

// Flush gives up all packets, oldest first: no more fragments will come.
func (d *Defragmenter) Flush() {
	for d.oldest != nil {
		d.giveUp(d.oldest)
	}
}

// expire gives up packets that have waited too long; one with a time in the
// future, of which a capture may have some, waits for room to become scarce.
func (d *Defragmenter) expire(now int64) {
	for d.oldest != nil && now-d.oldest.began > int64(d.config.Timeout) {
		d.giveUp(d.oldest)
	}
}

// bound enforces the limits after s has grown.
func (d *Defragmenter) bound(s *set) {
	if len(s.parts) > d.config.MaxFragments || s.packets > 2*d.config.MaxFragments {
		d.giveUp(s)
	}
	for d.oldest != nil && (len(d.sets) > d.config.MaxPackets || d.bytes > d.config.MaxBytes) {
		d.giveUp(d.oldest)
	}
}
