package rpc

import "encoding/binary"

// xdr reads XDR items (RFC 4506) one after the other. Once an item is not there
// or out of range the rest reads as zero, so that callers check once.
type xdr struct {
	b    []byte
	at   int
	want int  // if b was too short: how many bytes of it the next item needs
	bad  bool // an item was out of range
}

func (d *xdr) ok() bool { return d.want == 0 && !d.bad }

func (d *xdr) bytes(n int) []byte {
	if !d.ok() {
		return nil
	}
	if n > len(d.b)-d.at {
		d.want = d.at + n
		return nil
	}
	d.at += n
	return d.b[d.at-n : d.at : d.at]
}

// u32 reads an unsigned integer, RFC 4506 §4.2.
func (d *xdr) u32() uint32 {
	if b := d.bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// atMost reads an integer that is out of range above limit.
func (d *xdr) atMost(limit uint32) uint32 {
	v := d.u32()
	if d.ok() && v > limit {
		d.bad = true
	}
	return v
}

// opaque reads counted bytes of at most limit and their padding, RFC 4506 §4.10;
// strings look the same, §4.11.
func (d *xdr) opaque(limit uint32) []byte {
	n := int(d.atMost(limit))
	b := d.bytes((n + 3) &^ 3)
	if b == nil {
		return nil
	}
	return b[:n]
}
