package signatures

import (
	"fmt"
	"math"

	"github.com/sniffid/sniffid/dissect"
)

// costlyBits is what a row must say with its first costlyBytes bytes; below, the
// index leaves the protocol over for too much of all traffic.
const (
	costlyBits  = 8
	costlyBytes = 4
)

// Warnings lists what is no mistake but costs time or can't work: rows that rule
// out little, and carriers and losers that no file of the set describes.
func (s *Set) Warnings() (out []*Error) {
	known := make(map[string]bool, len(s.files))
	for _, f := range s.files {
		known[f.Protocol] = true
	}
	for _, f := range s.files {
		for _, o := range f.Over {
			if !known[o] && !isTransport(o) {
				out = append(out, &Error{File: f.Path, Msg: fmt.Sprintf("over %s: there is no such protocol", o)})
			}
		}
		for _, a := range f.Above {
			if !known[a.Protocol] {
				out = append(out, &Error{File: f.Path, Msg: fmt.Sprintf("above %s: there is no such protocol", a.Protocol)})
			}
		}
		out = append(out, f.costly()...)
	}
	return out
}

// costly reports each message, or row of a native parser, once.
func (f *File) costly() (out []*Error) {
	if f.carrierBits() > 0 {
		return nil // no other traffic is looked up there
	}
	seen := map[string]bool{}
	for _, r := range f.rows {
		bits := rowBits(r)
		if bits >= costlyBits || seen[r.Signature] {
			continue
		}
		seen[r.Signature] = true
		e := &Error{File: f.Path, Msg: fmt.Sprintf("%s is costly: its first %d bytes say %.1f bits, %d are wanted", r.Signature, costlyBytes, bits, costlyBits)}
		for _, m := range f.Messages {
			if f.Protocol+"."+m.Name == r.Signature {
				e.Line, e.Column = m.line, m.col
			}
		}
		out = append(out, e)
	}
	return out
}

func rowBits(r dissect.Row) (bits float64) {
	for _, set := range r.Prefix[:min(costlyBytes, len(r.Prefix))] {
		if set == nil {
			continue
		}
		n := set.Len()
		bits += 8 - math.Log2(float64(max(n, 1)))
	}
	return bits
}
