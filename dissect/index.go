package dissect

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"github.com/sniffid/sniffid/dissect/flow"
)

// index answers which protocols can begin with given bytes.
//
// It is a bit-parallel filter: every row has a bit, and for each of the first
// filterLen offsets and each byte value a precomputed mask holds the rows that
// permit it. Looking a message up is one AND per offset over a few words,
// however many rows there are. Of a row that is left the further offsets are
// looked at one by one.
type index struct {
	protocols []Protocol // of the engine
	members   []int      // those that the rows are of
	size      int        // number of rows
	words     int
	// The rest is built when a flow first asks: few carriers are ever met.
	once sync.Once
	rows []indexRow
	// masks[(offset*256+byte)*words:][:words]
	masks []uint64
	// from[d] has the rows that allow direction d.
	from [2][]uint64
	// all has every row.
	all []uint64
	// later has the rows that are not restricted to a direction's first message.
	later []uint64
}

type indexRow struct {
	protocol int // index into Engine.protocols
	min      int
	least    int        // of a delimited message
	most     int        // the same; 0: any number
	rest     []*ByteSet // for the offsets from filterLen on
}

// filterLen is how many offsets the filter covers: more take longer to prepare, and none to ask.
const filterLen = 4

// fits checks what the filter does not: the message's size, which is given
// where it is delimited, and the further offsets.
func (r *indexRow) fits(data []byte, size int) bool {
	if size > 0 && (size < r.least || r.most > 0 && size > r.most) {
		return false
	}
	for i, set := range r.rest {
		if filterLen+i >= len(data) {
			break
		}
		if set != nil && !set.Has(data[filterLen+i]) {
			return false
		}
	}
	return true
}

func newIndex(protocols []Protocol, members []int) *index {
	x := &index{protocols: protocols, members: members}
	for _, p := range members {
		x.size += len(protocols[p].Rows)
	}
	x.words = (x.size + 63) / 64
	return x
}

// source is a row of a protocol, an index into Engine.protocols.
type source struct {
	*Row
	protocol int
	share    float64 // of all beginnings that the row permits
}

// sources are the rows in their order. Those that say most come first: where there is
// no room for all, those that fit everything are left out.
func (x *index) sources() []source {
	sources := make([]source, 0, x.size)
	for _, p := range x.members {
		rows := x.protocols[p].Rows
		for i := range rows {
			sources = append(sources, source{&rows[i], p, rows[i].share()})
		}
	}
	slices.SortStableFunc(sources, func(a, b source) int { return cmp.Compare(a.share, b.share) })
	return sources
}

// build makes the filter of the rows.
func (x *index) build() {
	sources := x.sources()
	x.rows = make([]indexRow, len(sources))
	x.later, x.all = make([]uint64, x.words), make([]uint64, x.words)
	for d := range x.from {
		x.from[d] = make([]uint64, x.words)
	}
	for i, r := range sources {
		x.rows[i] = indexRow{protocol: r.protocol, min: r.Min, least: max(r.Min, r.Least), most: r.Most}
		if len(r.Prefix) > filterLen {
			x.rows[i].rest = r.Prefix[filterLen:]
		}
		word, bit := i/64, uint64(1)<<(i%64)
		x.all[word] |= bit
		for d := range x.from {
			if r.From.Allows(flow.Direction(d)) {
				x.from[d][word] |= bit
			}
		}
		if !r.FirstOnly {
			x.later[word] |= bit
		}
	}
	x.masks = make([]uint64, filterLen*256*x.words)
	free := make([]uint64, x.words) // the rows that permit all at an offset
	for off := range filterLen {
		at := x.masks[off*256*x.words:][:256*x.words]
		clear(free)
		for i, r := range sources {
			if off >= len(r.Prefix) || r.Prefix[off] == nil {
				free[i/64] |= 1 << (i % 64)
				continue
			}
			for w, set := range r.Prefix[off] {
				for ; set != 0; set &= set - 1 {
					b := w*64 + bits.TrailingZeros64(set)
					at[b*x.words+i/64] |= 1 << (i % 64)
				}
			}
		}
		for b := range 256 {
			for w := range free {
				at[b*x.words+w] |= free[w]
			}
		}
	}
}

// maxWords bounds the rows of one index, so that a look-up needs no heap.
const maxWords = 64

// lookup calls found for each protocol that a message of direction d, beginning
// with data, may belong to, each once or more, until found returns false; swap
// is 1 where the message would be of the other direction, which is asked for
// only with either set. It reports whether rows were passed over because data is
// shorter than they need to decide. size is that of the message on the wire
// where it is delimited, else 0.
func (x *index) lookup(data []byte, size int, d flow.Direction, either, first bool, found func(protocol int, swap flow.Direction) bool) (short bool) {
	x.once.Do(x.build)
	var acc [maxWords]uint64
	start := x.from[d]
	if either {
		start = x.all
	}
	set := acc[:copy(acc[:x.words], start)]
	if !first {
		for w := range set {
			set[w] &= x.later[w]
		}
	}
	// Of the words soon only a few have rows left.
	var all [maxWords]uint8
	left := all[:len(set)]
	for w := range left {
		left[w] = uint8(w)
	}
	for off := range min(len(data), filterLen) {
		mask := x.masks[(off*256+int(data[off]))*x.words:][:len(set)]
		n := 0
		for _, w := range left {
			set[w] &= mask[w]
			if set[w] != 0 {
				left[n] = w
				n++
			}
		}
		if left = left[:n]; n == 0 {
			return false
		}
	}
	for swap := range flow.Direction(2) {
		if swap == 1 && !either {
			break
		}
		for _, w := range left {
			for v := set[w] & x.from[d^swap][w]; v != 0; v &= v - 1 {
				r := &x.rows[int(w)*64+bits.TrailingZeros64(v)]
				if len(data) < r.min {
					short = true
					continue
				}
				if r.fits(data, size) && !found(r.protocol, swap) {
					return short
				}
			}
		}
	}
	return short
}
