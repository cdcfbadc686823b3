package lang

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
)

// Checksum is a function over bytes with an integer of Bits bits as its result.
type Checksum struct {
	Name string
	Bits int
	Sum  func([]byte) uint64
}

// Checksums lists the checksum functions. The CRCs are those of the catalogue of
// parametrised CRC algorithms (reveng): CRC-16/DNP, /IBM-3740 (CCITT, initial
// value FFFF), /MODBUS, /IBM-SDLC (X.25), /ARC, /XMODEM, CRC-24/LTE-A (Q),
// CRC-32/ISO-HDLC and /ISCSI.
var Checksums = [...]Checksum{
	{"sum8", 8, sum8},
	{"xor8", 8, xor8},
	{"crc16_dnp", 16, crc16Reflected(0xA6BC, 0, 0xFFFF)},
	{"crc16_ccitt", 16, crcForward(16, 0x1021, 0xFFFF)},
	{"crc16_modbus", 16, crc16Reflected(0xA001, 0xFFFF, 0)},
	{"crc16_x25", 16, crc16Reflected(0x8408, 0xFFFF, 0xFFFF)},
	{"crc16_arc", 16, crc16Reflected(0xA001, 0, 0)},
	{"crc16_xmodem", 16, crcForward(16, 0x1021, 0)},
	{"crc24q", 24, crcForward(24, 0x864CFB, 0)},
	{"crc32", 32, func(b []byte) uint64 { return uint64(crc32.ChecksumIEEE(b)) }},
	{"crc32c", 32, func(b []byte) uint64 { return uint64(crc32.Checksum(b, castagnoli)) }},
	{"inet_checksum", 16, inetChecksum},
	{"adler32", 32, func(b []byte) uint64 { return uint64(adler32.Checksum(b)) }},
	{"fletcher16", 16, fletcher16},
	{"sha256d4", 32, sha256d4},
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksumIndex(name string) int {
	for i := range Checksums {
		if Checksums[i].Name == name {
			return i
		}
	}
	return -1
}

func sum8(b []byte) uint64 {
	var s uint8
	for _, c := range b {
		s += c
	}
	return uint64(s)
}

func xor8(b []byte) uint64 {
	var s uint8
	for _, c := range b {
		s ^= c
	}
	return uint64(s)
}

// crc16Reflected makes a CRC that shifts right; poly is the reversed polynomial.
func crc16Reflected(poly, start, xorOut uint16) func([]byte) uint64 {
	var table [256]uint16
	for i := range table {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ poly
			} else {
				c >>= 1
			}
		}
		table[i] = c
	}
	return func(b []byte) uint64 {
		c := start
		for _, x := range b {
			c = c>>8 ^ table[byte(c)^x]
		}
		return uint64(c ^ xorOut)
	}
}

// crcForward makes a CRC of so many bits that shifts left.
func crcForward(bits int, poly, start uint32) func([]byte) uint64 {
	top, mask := uint32(1)<<(bits-1), uint32(1)<<bits-1
	return func(b []byte) uint64 {
		c := start
		for _, x := range b {
			c ^= uint32(x) << (bits - 8)
			for range 8 {
				if c&top != 0 {
					c = c<<1 ^ poly
				} else {
					c <<= 1
				}
			}
		}
		return uint64(c & mask)
	}
}

// inetChecksum is the sum of RFC 1071: over a header that holds its right
// checksum it is 0.
func inetChecksum(b []byte) uint64 {
	var sum uint64
	for ; len(b) >= 2; b = b[2:] {
		sum += uint64(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint64(b[0]) << 8
	}
	for sum > 0xFFFF {
		sum = sum>>16 + sum&0xFFFF
	}
	return ^sum & 0xFFFF
}

func fletcher16(b []byte) uint64 {
	var lo, hi uint32
	for _, x := range b {
		lo = (lo + uint32(x)) % 255
		hi = (hi + lo) % 255
	}
	return uint64(hi<<8 | lo)
}

func sha256d4(b []byte) uint64 {
	first := sha256.Sum256(b)
	second := sha256.Sum256(first[:])
	return uint64(binary.BigEndian.Uint32(second[:]))
}
