package dns

import (
	"math/bits"

	"github.com/sniffid/sniffid/dissect/wire"
)

// The header's flags, RFC 1035 §4.1.1 and RFC 2535 §6.1.
const (
	flagResponse      = 0x8000
	flagAuthoritative = 0x0400
	flagRecursion     = 0x0100
	flagAvailable     = 0x0080
	flagReserved      = 0x0040
)

// The operation codes, RFC 6895 §2.2 and RFC 8490 §5.
const (
	opQuery  = 0
	opIQuery = 1 // RFC 1035 §6.4, obsolete
	opStatus = 2
	opNotify = 4
	opUpdate = 5
	opDSO    = 6
)

const (
	headerLen = 12
	// maxRecords is how many records of a message are kept; all are checked.
	maxRecords = 32
	// trailingBits is all that a message with bytes behind its end counts for.
	trailingBits = 20
)

// The sections of a message.
const (
	questions = iota
	answers
	authorities
	additionals
)

// question is the first entry of the question section.
type question struct {
	name        int // offset
	kind, class uint16
}

// record is a resource record, RFC 1035 §4.1.3.
type record struct {
	name         int // offset
	section      int
	kind, class  uint16
	ttl          uint32
	data, length int // of RDATA
}

// message is a parsed message. It is reused; its contents are valid until the
// next parse and refer to the bytes by offsets.
type message struct {
	bytes     []byte
	id, flags uint16
	counts    [4]int
	state     wire.State
	// asked says that question holds the first question.
	asked    bool
	question question
	records  []record
	// bits counts what was verified.
	bits int
	// trailing says that bytes follow the last record, malformed that the
	// header and the first question are sound but not what follows.
	trailing, malformed bool
	// salvaged says that not even those are sound; see salvage.
	salvaged bool
	// marked says that a class has its top bit set: cache-flush in records and
	// a unicast answer wanted in questions, RFC 6762 §10.2 and §5.4.
	marked bool
	// netbios says that names are encoded as NetBIOS does.
	netbios bool
}

func (g *message) response() bool { return g.flags&flagResponse != 0 }
func (g *message) opcode() int    { return int(g.flags >> 11 & 15) }
func (g *message) rcode() int     { return int(g.flags & 15) }

// headerFits checks the flags as far as b has them: an operation that exists,
// the reserved bit clear, a response code that exists.
func headerFits(b []byte) bool {
	if len(b) > 2 && !opcodeKnown(int(b[2]>>3&15)) {
		return false
	}
	return len(b) <= 3 || b[3]&flagReserved == 0 && b[3]&15 <= 11
}

func opcodeKnown(op int) bool {
	return op == opQuery || op == opIQuery || op == opStatus || op == opNotify || op == opUpdate || op == opDSO
}

// parse reads a message of size bytes that begins with b.
func (g *message) parse(b []byte, size int) {
	*g = message{bytes: b, records: g.records[:0]}
	c := wire.NewCursor(b, size)
	g.id, g.flags = c.U16(), c.U16()
	for i := range g.counts {
		g.counts[i] = int(c.U16())
		g.bits += 16 - bits.Len(uint(g.counts[i]))
	}
	c.Require(headerFits(b))
	g.bits++ // operation code and reserved bit
	// Nothing is smaller than a question of five bytes and a record of eleven.
	c.Require(5*g.counts[questions] <= size)
	for i := 0; i < g.counts[questions] && c.OK(); i++ {
		g.readQuestion(&c, i == 0)
	}
	c.Require(11*(g.counts[answers]+g.counts[authorities]+g.counts[additionals]) <= size)
	for section := answers; section <= additionals; section++ {
		for i := 0; i < g.counts[section] && c.OK(); i++ {
			g.readRecord(&c, section)
		}
	}
	if g.opcode() == opDSO {
		g.readStateful(&c)
	}
	g.state = c.State()
	switch {
	case g.state == wire.Bad && g.asked:
		g.state, g.malformed = wire.Whole, true
	case g.state == wire.Bad && len(b) == size && g.salvage():
	case g.state != wire.Whole:
	case c.Left() > 0:
		g.trailing = true
		g.bits = min(g.bits, trailingBits)
	default:
		g.bits += 5 // the sections end where the message ends
	}
}

func (g *message) readQuestion(c *wire.Cursor, first bool) {
	q := question{name: c.Pos()}
	g.skipName(c)
	q.kind, q.class = c.U16(), c.U16()
	c.Require(typeKnown(q.kind) && g.classKnown(q.class))
	if !c.OK() {
		return
	}
	g.bits += typeBits + classBits
	g.netbios = g.netbios || netbiosName(g.bytes, q.name, q.kind)
	if first {
		g.question, g.asked = q, true
	}
}

func (g *message) readRecord(c *wire.Cursor, section int) {
	r := record{name: c.Pos(), section: section}
	g.skipName(c)
	r.kind, r.class, r.ttl, r.length = c.U16(), c.U16(), c.U32(), int(c.U16())
	r.data = c.Pos()
	if r.kind == typeOPT {
		c.Require(r.data == r.name+11) // the owner is the root, RFC 6891 §6.1.2
		g.bits += 8 + typeBits
	} else {
		// An update's records may be empty, of any type; RFC 2136 §2.4 and §2.5.
		c.Require(typeKnown(r.kind) && g.classKnown(r.class))
		g.bits += typeBits + classBits
	}
	data := c.Sub(r.length)
	if r.length > 0 || g.opcode() != opUpdate && g.opcode() != opIQuery {
		g.checkData(&r, &data)
	}
	if data.State() == wire.Bad {
		c.Fail()
	}
	g.netbios = g.netbios || netbiosName(g.bytes, r.name, r.kind)
	if c.OK() && len(g.records) < maxRecords {
		g.records = append(g.records, r)
	}
}

// checkData checks the record data of the types that are made of names and
// addresses, RFC 1035 §3.3. The cursor's end is the data's end, but names are
// checked as parts of the message.
func (g *message) checkData(r *record, c *wire.Cursor) {
	switch r.kind {
	case typeA:
		c.Require(r.length == 4)
		g.bits += 16
	case typeAAAA:
		c.Require(r.length == 16)
		g.bits += 16
	case typeSRV:
		c.Skip(6)
		skipLabels(c, r.data)
	case typeMX:
		c.Skip(2)
		skipLabels(c, r.data)
	case typeNS, typeCNAME, typePTR, typeDNAME:
		skipLabels(c, r.data)
	case typeSOA:
		skipLabels(c, r.data)
		skipLabels(c, r.data)
		c.Skip(20)
	case typeTXT:
		for c.OK() && c.Left() > 0 {
			c.Skip(int(c.U8()))
		}
	case typeOPT:
		for c.OK() && c.Left() > 0 {
			c.Skip(2)
			c.Skip(int(c.U16()))
		}
	default:
		return
	}
	if r.kind != typeA && r.kind != typeAAAA {
		c.Require(c.Left() == 0)
	}
}

// readStateful reads the TLVs of a DNS Stateful Operation, RFC 8490 §5.4. Its
// counts are all zero.
func (g *message) readStateful(c *wire.Cursor) {
	c.Require(g.counts == [4]int{})
	for c.OK() && c.Left() > 0 {
		c.Skip(2)
		c.Skip(int(c.U16()))
	}
}

// classKnown reports whether a class exists, RFC 6895 §3.2, its top bit, which
// only multicast DNS uses, left out of account.
func (g *message) classKnown(class uint16) bool {
	g.marked = g.marked || class&0x8000 != 0
	switch class & 0x7fff {
	case 1, 3, 4, 254, 255: // IN, CH, HS, NONE, ANY
		return true
	}
	return false
}
