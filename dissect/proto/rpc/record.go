package rpc

import "encoding/binary"

// Record marking, RFC 5531 §11: over a stream each message is a record of one
// or more fragments, each behind a mark of four bytes.
const (
	markLength = 4
	lastFlag   = 1 << 31
	// maxFragment bounds a fragment, in bytes. It is well above what file systems
	// transfer at once, and tells marks from text.
	maxFragment = 1<<24 - 1
	// minFragment is the least a record may begin with: what tells calls from
	// replies, and the version or the status.
	minFragment = 12
	// markBits are those of a mark that have to be zero.
	markBits = 7
	// maxGathered bounds what is put together of a record of several fragments, in
	// bytes.
	maxGathered = 16 << 10
)

// mark reads the mark at the start of b, which has at least markLength bytes.
func mark(b []byte) (n int, last bool) {
	v := binary.BigEndian.Uint32(b)
	return int(v &^ lastFlag), v&lastFlag != 0
}

// record is a record as far as its bytes are at hand.
type record struct {
	message []byte // without marks; aliases the stream where there is one fragment
	length  int    // bytes of the stream up to the end of the last fragment that is known
	ended   bool   // that fragment is the record's last
	single  bool   // the record has one fragment
}

// readRecord reads the record at the start of b, whose first mark is there and
// good.
func readRecord(b []byte) record {
	n, last := mark(b)
	r := record{length: markLength + n, ended: last, single: last}
	r.message = b[markLength:min(len(b), r.length)]
	if last {
		return r
	}
	r.message = append([]byte(nil), r.message[:min(len(r.message), maxGathered)]...)
	for !r.ended && len(b) >= r.length+markLength {
		n, r.ended = mark(b[r.length:])
		if n > maxFragment {
			r.ended = false
			return r
		}
		from := r.length + markLength
		r.length = from + n
		piece := b[from:min(len(b), r.length)]
		r.message = append(r.message, piece[:min(len(piece), max(0, maxGathered-len(r.message)))]...)
	}
	return r
}

// whole reports whether the message is complete.
func (r *record) whole(have int) bool { return r.ended && have >= r.length }
