package wire

import "slices"

const (
	// MaxPieces bounds the bytes that [Pieces] puts together.
	MaxPieces = 32 << 10
	// maxSpans bounds the pieces that wait for what comes before them.
	maxSpans = 64
)

// Pieces puts the pieces of a message or a stream in order that come shuffled,
// repeated or overlapping. The zero value is empty.
type Pieces struct {
	data  []byte
	spans []span // sorted, neither touching nor overlapping
}

type span struct{ from, to int }

// Add takes in a copy of the bytes at an offset. What lies beyond the bounds is
// dropped; of bytes that come twice the later ones stand.
func (p *Pieces) Add(offset uint64, b []byte) {
	if len(b) == 0 || offset > MaxPieces || int(offset)+len(b) > MaxPieces {
		return
	}
	at := span{int(offset), int(offset) + len(b)}
	i := 0
	for i < len(p.spans) && p.spans[i].to < at.from {
		i++
	}
	j := i
	merged := at
	for j < len(p.spans) && p.spans[j].from <= at.to {
		merged.from = min(merged.from, p.spans[j].from)
		merged.to = max(merged.to, p.spans[j].to)
		j++
	}
	if i == j && len(p.spans) == maxSpans {
		return
	}
	p.spans = slices.Replace(p.spans, i, j, merged)
	if grow := at.to - len(p.data); grow > 0 {
		p.data = append(p.data, make([]byte, grow)...)
	}
	copy(p.data[at.from:], b)
}

// Head is what is there from the beginning on without a hole. It is valid until
// the next Add.
func (p *Pieces) Head() []byte {
	if len(p.spans) == 0 || p.spans[0].from != 0 {
		return nil
	}
	return p.data[:p.spans[0].to]
}
