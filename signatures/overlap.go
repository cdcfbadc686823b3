package signatures

import (
	"cmp"
	"slices"

	"github.com/sniffid/sniffid/dissect"
)

// Overlap is a message of another protocol whose beginning fits as well.
type Overlap struct {
	// Signature is "protocol.message".
	Signature string
	// Share is how much of what begins like the message asked about begins like
	// this one too, by the first bytes alone: 1 is all of it.
	Share float64
}

// overlapShare is the least share that counts: below, the two hardly meet.
const overlapShare = 1.0 / 256

// Overlaps lists the messages of other protocols of s that are tried where a
// message begins as the rows of signature ("protocol.message") of f say, those
// with the largest share first.
func (s *Set) Overlaps(f *File, signature string) []Overlap {
	var out []Overlap
	for _, g := range s.files {
		if g.Protocol == f.Protocol || !slices.ContainsFunc(f.Over, func(o string) bool { return slices.Contains(g.Over, o) }) {
			continue
		}
		best := make(map[string]float64)
		for i := range f.rows {
			for j := range g.rows {
				if f.rows[i].Signature != signature {
					continue
				}
				if share := meet(&f.rows[i], &g.rows[j]); share >= overlapShare {
					best[g.rows[j].Signature] = max(best[g.rows[j].Signature], share)
				}
			}
		}
		for name, share := range best {
			out = append(out, Overlap{name, share})
		}
	}
	slices.SortFunc(out, func(a, b Overlap) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Signature, b.Signature))
	})
	return out
}

// meet returns the share of the beginnings of a that b permits.
func meet(a, b *dissect.Row) float64 {
	if a.From != b.From && a.From != dissect.FromEither && b.From != dissect.FromEither {
		return 0
	}
	share := 1.0
	for i := range min(len(b.Prefix), dissect.PrefixLen) {
		var own *dissect.ByteSet
		if i < len(a.Prefix) {
			own = a.Prefix[i]
		}
		both := b.Prefix[i]
		switch {
		case both == nil:
			continue
		case own == nil:
			share *= float64(both.Len()) / 256
		default:
			var common dissect.ByteSet
			for w := range common {
				common[w] = own[w] & both[w]
			}
			share *= float64(common.Len()) / float64(max(1, own.Len()))
		}
	}
	return share
}
