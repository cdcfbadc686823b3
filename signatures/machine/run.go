package machine

import (
	"math"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/signatures/lang"
)

// status is how far a message has come.
type status uint8

const (
	going   status = iota
	failed         // no match
	short          // bytes are wanting; cursor.need says how many
	stopped        // stop was reached: a match
)

const (
	// unbounded is the end of a stream's message before frame.
	unbounded = math.MaxInt
	// maxLength is the longest message, region or field.
	maxLength = math.MaxInt32
)

// slot is the value of a field or let. b aliases the message or the run's
// scratch memory.
type slot struct {
	n   uint64
	b   []byte
	set bool
}

// cursor is what a block that fails gives back.
type cursor struct {
	pos    int
	end    int // of the region
	limit  int // of the message: frame, or size where it is delimited
	framed bool
	little bool
	bits   lang.Bits
	lens   lang.Bits // of the widest length that no equation has used yet
	proved int       // end of the last bytes that were verified

	sure, verified, answered, incomplete bool

	effects int
	undo    int
}

// run is the state of one attempt to read one message.
type run struct {
	cursor
	m       *dissect.Message
	data    []byte
	mem     *memory
	names   int // of memories
	record  bool
	st      status
	need    int
	steps   int // left
	trials  int // blocks around that may fail
	slots   []slot
	effects []effect
	undos   []undo
	scratch []byte
	spans   []int
	work    []uint64
}

type undo struct {
	index int
	old   slot
}

// start prepares a run, as release left it, for a layout with that many slots.
func (x *run) start(m *dissect.Message, mem *memory, record bool, slots int) {
	x.cursor = cursor{end: m.Size, limit: m.Size}
	if m.Open {
		x.end, x.limit = unbounded, unbounded
	}
	x.m, x.data, x.mem, x.record = m, m.Data, mem, record
	if len(x.data) > m.Size && !m.Open {
		x.data = x.data[:m.Size]
	}
	x.st, x.need, x.trials = going, 0, 0
	x.steps = 4096 + 16*len(x.data)
	x.slots = x.slots[:slots]
}

// release gives the run back, without references to the message.
func (x *run) release(p *Program) {
	clear(x.slots)
	clear(x.effects)
	clear(x.undos)
	x.effects, x.undos, x.scratch = x.effects[:0], x.undos[:0], x.scratch[:0]
	x.m, x.data, x.mem = nil, nil, nil
	p.pool.Put(x)
}

// try runs a message's layout.
func (x *run) try(msg *message) dissect.Outcome {
	x.block(msg.Layout.Body)
	switch x.st {
	case failed:
		return dissect.Reject
	case short:
		switch {
		case x.sure:
			x.incomplete = x.m.Open && !x.m.Ended
			return dissect.Match
		case x.m.Open:
			return dissect.NeedMore
		case x.bits >= 32*lang.One:
			return dissect.Match // cut by the capture's snap length
		}
		return dissect.Reject
	}
	return dissect.Match
}

func (x *run) fail() { x.st = failed }

// lack notes that the bytes up to end are wanting. A stream that has ended
// will not bring them.
func (x *run) lack(end int) {
	if x.m.Open && x.m.Ended && !x.sure {
		x.fail()
		return
	}
	x.st, x.need = short, end
}

// more notes that any further byte may decide.
func (x *run) more() { x.lack(len(x.data) + 1) }

// reach reports whether the bytes from offset at on, n of them, are at hand.
func (x *run) reach(at int, n uint64, end int) bool {
	switch {
	case n > maxLength || at > end || int(n) > end-at:
		x.fail()
	case int(n) > len(x.data)-at:
		x.lack(at + int(n))
	default:
		return true
	}
	return false
}

// take returns the next n bytes of the region and moves over them; nil when
// they are not there.
func (x *run) take(n uint64) []byte {
	if !x.reach(x.pos, n, x.end) {
		return nil
	}
	b := x.data[x.pos : x.pos+int(n)]
	x.pos += int(n)
	return b
}

// window returns what is at hand of the region, at most n bytes, and whether it
// can't grow.
func (x *run) window(n int) (b []byte, complete bool) {
	if x.pos >= len(x.data) {
		return nil, x.pos >= x.end
	}
	end := min(len(x.data), x.end)
	complete = end == x.end
	if end-x.pos >= n {
		end, complete = x.pos+n, true
	}
	return x.data[x.pos:end], complete
}

func (x *run) spend(n int) bool {
	x.steps -= n
	if x.steps < 0 {
		x.fail()
		return false
	}
	return true
}

func (x *run) set(i int, n uint64, b []byte) {
	if i < 0 {
		return
	}
	if x.trials > 0 {
		x.undos = append(x.undos, undo{i, x.slots[i]})
	}
	x.slots[i] = slot{n, b, true}
}

// mark begins a block that may fail; exactly one of keep and drop ends it.
func (x *run) mark() cursor {
	x.trials++
	c := x.cursor
	c.effects, c.undo = len(x.effects), len(x.undos)
	return c
}

func (x *run) keep() { x.trials-- }

// drop undoes everything since the mark. It reports false when the budget is
// spent and nothing else may be tried.
func (x *run) drop(c cursor) bool {
	x.trials--
	for i := len(x.undos) - 1; i >= c.undo; i-- {
		x.slots[x.undos[i].index] = x.undos[i].old
	}
	clear(x.undos[c.undo:])
	clear(x.effects[c.effects:])
	x.undos, x.effects = x.undos[:c.undo], x.effects[:c.effects]
	x.cursor = c
	if x.steps < 0 {
		return false
	}
	x.st = going
	return true
}
