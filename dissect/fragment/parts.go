package fragment

import "slices"

// last returns the end of the last part.
func (s *set) last() int {
	if len(s.parts) == 0 {
		return 0
	}
	return s.parts[len(s.parts)-1].end
}

// complete reports whether the parts, which do not overlap, leave no hole
// before the packet's end.
func (s *set) complete() bool {
	if s.total < 0 || s.last() != s.total {
		return false
	}
	at := 0
	for _, p := range s.parts {
		if p.start != at {
			return false
		}
		at = p.end
	}
	return true
}

// insert adds copies of what is new of p, in order.
func (d *Defragmenter) insert(s *set, p part) {
	i := 0
	for i < len(s.parts) && s.parts[i].end <= p.start {
		i++
	}
	conflict := false
	for p.start < p.end {
		if i == len(s.parts) || s.parts[i].start >= p.end {
			d.keep(s, i, p)
			break
		}
		q := s.parts[i]
		if p.start < q.start {
			d.keep(s, i, p.upto(q.start))
			i++
			p = p.from(q.start)
		}
		conflict = conflict || !p.agrees(q)
		p = p.from(min(q.end, p.end))
		i++
	}
	if conflict {
		d.stats.Overlaps++
	}
}

func (d *Defragmenter) keep(s *set, i int, p part) {
	p.data = slices.Clone(p.data)
	s.parts = slices.Insert(s.parts, i, p)
	s.held += len(p.data) + partOverhead
	d.bytes += len(p.data) + partOverhead
}

// from returns p from the payload's byte at on, upto what is before it.
func (p part) from(at int) part {
	return part{at, p.end, p.data[min(at-p.start, len(p.data)):]}
}

func (p part) upto(at int) part {
	return part{p.start, at, p.data[:min(at-p.start, len(p.data))]}
}

// agrees reports whether p and q, which covers p's start, have the same bytes
// where both have any.
func (p part) agrees(q part) bool {
	q = q.from(p.start)
	n := min(len(p.data), len(q.data))
	return string(p.data[:n]) == string(q.data[:n])
}

// assemble joins the parts, up to the first byte that is missing or was not
// captured.
func (d *Defragmenter) assemble(s *set) Datagram {
	d.out = d.out[:0]
	for _, p := range s.parts {
		if p.start != len(d.out) {
			break
		}
		d.out = append(d.out, p.data...)
	}
	return Datagram{Data: d.out, Size: s.total, Packets: s.packets, Bytes: s.length}
}
