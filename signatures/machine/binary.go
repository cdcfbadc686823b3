package machine

import "github.com/sniffid/sniffid/signatures/lang"

// varint reads a variable-length integer: LEB128 (at most 64 bits), MQTT 5.0
// §1.5.5 (at most four bytes), RFC 9000 §16.
func (x *run) varint(k lang.Kind) (n uint64) {
	if k == lang.VarQUIC {
		first := x.take(1)
		if first == nil {
			return 0
		}
		n = uint64(first[0] & 0x3F)
		for _, c := range x.take(1<<(first[0]>>6) - 1) {
			n = n<<8 | uint64(c)
		}
		return n
	}
	limit := 10
	if k == lang.VarMQTT {
		limit = 4
	}
	for i := range limit {
		b := x.take(1)
		if b == nil {
			return 0
		}
		n |= uint64(b[0]&0x7F) << (7 * i)
		if b[0] < 0x80 {
			return n
		}
	}
	x.fail()
	return 0
}

// tag reads a BER identifier (X.690 §8.1.2); octets of a high tag number follow
// the first as they stand: 7F 65 is 0x7F65.
func (x *run) tag() (n uint64) {
	b := x.take(1)
	if b == nil {
		return 0
	}
	n = uint64(b[0])
	if b[0]&0x1F != 0x1F {
		return n
	}
	for range 3 {
		if b = x.take(1); b == nil {
			return 0
		}
		n = n<<8 | uint64(b[0])
		if b[0] < 0x80 {
			return n
		}
	}
	x.fail()
	return 0
}

// berLength reads a definite length (X.690 §8.1.3) of at most four octets whose
// contents lie within the region.
func (x *run) berLength() (n uint64) {
	b := x.take(1)
	if b == nil {
		return 0
	}
	n = uint64(b[0])
	if n >= 0x80 {
		if n == 0x80 || n > 0x84 {
			x.fail()
			return 0
		}
		b = x.take(n & 0x7F)
		n = 0
		for _, c := range b {
			n = n<<8 | uint64(c)
		}
	}
	if x.st == going && (n > maxLength || int(n) > x.end-x.pos) {
		x.fail()
	}
	return n
}

func (x *run) ber(f *lang.Field) uint64 {
	tag := x.tag()
	if x.st != going {
		return 0
	}
	ok := false
	for _, r := range f.Tags {
		ok = ok || tag >= r.Lo && tag <= r.Hi
	}
	if !ok {
		x.fail()
		return 0
	}
	x.set(f.TagSlot, tag, nil)
	return x.berLength()
}

// berInt reads an INTEGER or ENUMERATED; a negative one is in two's complement.
func (x *run) berInt() (n uint64) {
	tag := x.take(1)
	if tag == nil {
		return 0
	}
	if tag[0] != 0x02 && tag[0] != 0x0A {
		x.fail()
		return 0
	}
	size := x.berLength()
	if x.st == going && (size < 1 || size > 8) {
		x.fail()
	}
	if x.st != going {
		return 0
	}
	b := x.take(size)
	if b == nil {
		return 0
	}
	if b[0] >= 0x80 {
		n = ^uint64(0)
	}
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// berStr reads a string: the universal types, or context-specific and primitive.
func (x *run) berStr() []byte {
	tag := x.take(1)
	if tag == nil {
		return nil
	}
	switch t := tag[0]; {
	case t == 0x04, t == 0x0C, t >= 0x12 && t <= 0x16, t >= 0x19 && t <= 0x1C, t == 0x1E:
	case t >= 0x80 && t <= 0x9E:
	default:
		x.fail()
		return nil
	}
	n := x.berLength()
	if x.st != going {
		return nil
	}
	return x.take(n)
}
