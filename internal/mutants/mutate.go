package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/sniffid/sniffid/capture"
)

// mutant is a damaged capture: a file's bytes, or packets, whose file is in order.
type mutant struct {
	of      string
	file    []byte
	packets []capture.Packet
}

// make makes the n-th mutant of a seed.
func (e *experiment) make(n int) *mutant {
	r := rand.New(rand.NewPCG(e.seed, uint64(n)))
	o := &e.originals[r.IntN(len(e.originals))]
	m := &mutant{of: o.name}
	if r.IntN(4) == 0 {
		m.file = bytes.Clone(o.bytes)
		for range 1 + r.IntN(8) {
			m.file = damage(r, m.file)
		}
		return m
	}
	m.packets = slices.Clone(o.packets)
	for range 1 + r.IntN(1+len(m.packets)/4) {
		m.packets = e.rearrange(r, m.packets)
	}
	for i := range m.packets {
		m.packets[i].Number = uint64(i + 1)
	}
	return m
}

// rearrange damages one packet, or the order of all.
func (e *experiment) rearrange(r *rand.Rand, list []capture.Packet) []capture.Packet {
	if len(list) == 0 {
		return list
	}
	i := r.IntN(len(list))
	p := list[i]
	switch r.IntN(10) {
	case 0: // lost
		return slices.Delete(list, i, i+1)
	case 1: // doubled, later
		return slices.Insert(list, i+r.IntN(len(list)-i), p)
	case 2: // out of order
		j := r.IntN(len(list))
		list[i], list[j] = list[j], list[i]
		return list
	case 3: // another capture's
		o := &e.originals[r.IntN(len(e.originals))]
		other := o.packets[r.IntN(len(o.packets))]
		other.Timestamp = p.Timestamp
		return slices.Insert(list, i, other)
	case 4: // the end of another one's
		o := &e.originals[r.IntN(len(e.originals))]
		other := o.packets[r.IntN(len(o.packets))]
		p.Data = slices.Concat(p.Data[:r.IntN(len(p.Data)+1)], other.Data[r.IntN(len(other.Data)+1):])
		p.Length = len(p.Data)
	case 5: // cut by the capture
		p.Data = p.Data[:r.IntN(len(p.Data)+1)]
	default:
		p.Data = damage(r, bytes.Clone(p.Data))
		p.Length = max(len(p.Data), p.Length)
		if r.IntN(16) == 0 {
			p.Timestamp += int64(r.Uint64()) >> r.IntN(40)
		}
	}
	list[i] = p
	return list
}

// damage changes a few bytes of b, which may be changed in place.
func damage(r *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	i := r.IntN(len(b))
	rest := b[i:]
	switch r.IntN(8) {
	case 0, 1: // a bit
		b[i] ^= 1 << r.IntN(8)
	case 2: // a byte, one of those that are at the edge of something
		edges := []byte{0, 1, 0x7f, 0x80, 0xc0, 0xff, '\r', '\n'}
		b[i] = edges[r.IntN(len(edges))]
	case 3: // what may be a length of two bytes
		if len(rest) >= 2 {
			v := []uint16{0, 1, uint16(len(rest)), uint16(len(rest) + 1), 0x7fff, 0xffff}[r.IntN(6)]
			order(r).PutUint16(rest, v)
		}
	case 4: // of four
		if len(rest) >= 4 {
			v := []uint32{0, 1, uint32(len(rest)), uint32(len(rest) + 1), 1<<31 - 1, 1 << 31, 1<<32 - 1, 1<<32 - 4}[r.IntN(8)]
			order(r).PutUint32(rest, v)
		}
	case 5: // cut
		return b[:i]
	case 6: // bytes taken out
		return slices.Delete(b, i, i+min(len(rest), 1+r.IntN(16)))
	case 7: // bytes said twice
		return slices.Insert(b, i, bytes.Clone(rest[:min(len(rest), 1+r.IntN(64))])...)
	}
	return b
}

func order(r *rand.Rand) binary.ByteOrder {
	if r.IntN(2) == 0 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}
