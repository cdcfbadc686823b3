package dissect

import "sort"

// half holds what is kept of one direction of a layer's conversation. Offsets
// count from the direction's first byte seen in this layer.
type half struct {
	buf    []byte
	base   int // offset of buf[0]
	total  int // bytes seen, kept or not
	marks  []mark
	pieces int // packets or messages seen
	ended  bool
	known  bool // the first byte is the first that the sender ever sent
	store  *store
}

// mark says where the bytes from an offset on came from. In a layer of messages
// each mark is a message.
type mark struct {
	at     int // offset in this direction
	size   int // bytes on the wire
	packet uint64
	offset int // within that packet's transport payload
}

// giveBack returns the memory of the half's bytes.
func (h *half) giveBack(e *Engine) {
	e.stores.put(h.store)
	h.buf, h.store = nil, nil
}

// reset empties the half.
func (h *half) reset(e *Engine) {
	const many = 16
	h.giveBack(e)
	marks := h.marks[:0]
	if cap(marks) > many {
		marks = nil
	}
	*h = half{marks: marks}
}

// append adds a piece and its mark.
func (h *half) append(e *Engine, data []byte, m mark) {
	if n := len(h.buf) + len(data); n > cap(h.buf) {
		s := e.stores.get(n)
		buf := append(s.buf[:0], h.buf...)
		e.stores.put(h.store)
		h.buf, h.store = buf, s
	}
	m.at = h.total
	h.buf = append(h.buf, data...)
	h.marks = append(h.marks, m)
	h.total += len(data)
	h.pieces++
}

// skip counts bytes without keeping them.
func (h *half) skip(n int) {
	h.total += n
	h.pieces++
}

// from returns the kept bytes from off on; nil when they are gone or not there.
func (h *half) from(off int) []byte {
	if off < h.base || off >= h.base+len(h.buf) {
		return nil
	}
	return h.buf[off-h.base:]
}

// locate says which packet the byte at off came from and where in it. Marks
// that were released give the oldest known place.
func (h *half) locate(off int) (packet uint64, offset int) {
	i := sort.Search(len(h.marks), func(i int) bool { return h.marks[i].at > off }) - 1
	if i < 0 {
		if len(h.marks) == 0 {
			return 0, 0
		}
		i = 0
	}
	m := &h.marks[i]
	return m.packet, m.offset + max(0, off-m.at)
}

// release forgets what lies before off, keeping the mark that covers it.
func (h *half) release(e *Engine, off int) {
	const slack = 2 << 10 // moving fewer bytes than this is not worth it
	n := min(off-h.base, len(h.buf))
	if n < slack && n < len(h.buf) || n <= 0 {
		return
	}
	h.base += n
	if n == len(h.buf) {
		h.giveBack(e)
	} else {
		h.buf = h.buf[:copy(h.buf, h.buf[n:])]
	}
	i := sort.Search(len(h.marks), func(i int) bool { return h.marks[i].at > h.base }) - 1
	if i > 0 {
		h.marks = h.marks[:copy(h.marks, h.marks[i:])]
	}
}

// after returns the offset of the first bytes that came in a later packet than
// packet, or where the next ones will be.
func (h *half) after(packet uint64) int {
	i := sort.Search(len(h.marks), func(i int) bool { return h.marks[i].packet > packet })
	if i == len(h.marks) {
		return h.total
	}
	return h.marks[i].at
}

// next returns the offset of the first piece that begins after off; false when
// there is none yet.
func (h *half) next(off int) (int, bool) {
	i := sort.Search(len(h.marks), func(i int) bool { return h.marks[i].at > off })
	if i == len(h.marks) {
		return h.total, false
	}
	return h.marks[i].at, true
}
