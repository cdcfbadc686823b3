package pcapfile

import (
	"math"
	"math/bits"
)

const nanosPerSecond = 1_000_000_000

// clock converts the timestamps of one pcapng interface to nanoseconds since
// the Unix epoch. Times that int64 cannot hold saturate.
type clock struct {
	// Powers of ten: ticks*mul/div.
	mul, div uint64
	// Powers of two: ticks are 2^-shift seconds.
	binary bool
	shift  uint
	offset int64 // nanoseconds
}

// defaultClock has the resolution of an interface without if_tsresol.
var defaultClock = clock{mul: 1000, div: 1}

// setResolution applies an if_tsresol (draft-ietf-opsawg-pcapng §4.2): the
// negative exponent of 10, or of 2 where the most significant bit is set.
func (c *clock) setResolution(v byte) {
	exponent := int(v & 0x7f)
	if v&0x80 != 0 {
		c.binary, c.shift = true, uint(exponent)
		return
	}
	c.binary, c.mul, c.div = false, 1, 1
	for ; exponent < 9; exponent++ {
		c.mul *= 10
	}
	for ; exponent > 9; exponent-- {
		if c.div > math.MaxUint64/10 {
			c.mul, c.div = 0, 1 // a 64-bit count of ticks is below one nanosecond
			break
		}
		c.div *= 10
	}
}

// setOffset applies an if_tsoffset, in seconds.
func (c *clock) setOffset(seconds int64) {
	switch {
	case seconds > math.MaxInt64/nanosPerSecond:
		c.offset = math.MaxInt64
	case seconds < math.MinInt64/nanosPerSecond:
		c.offset = math.MinInt64
	default:
		c.offset = seconds * nanosPerSecond
	}
}

// nanoseconds converts a timestamp.
func (c *clock) nanoseconds(ticks uint64) int64 {
	var hi, lo uint64
	if c.binary {
		hi, lo = bits.Mul64(ticks, nanosPerSecond)
		if c.shift >= 64 {
			hi, lo = 0, hi>>(c.shift-64)
		} else {
			hi, lo = hi>>c.shift, lo>>c.shift|hi<<(64-c.shift)
		}
	} else {
		hi, lo = bits.Mul64(ticks, c.mul)
		if c.div != 1 {
			lo /= c.div // mul is 1, so hi is 0
		}
	}
	t := int64(math.MaxInt64)
	if hi == 0 && lo <= math.MaxInt64 {
		t = int64(lo)
	}
	sum := t + c.offset
	if c.offset > 0 && sum < t {
		return math.MaxInt64
	}
	return sum // t >= 0: a negative offset cannot overflow
}
