package live

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sniffid/sniffid/capture"
)

// Filter is a compiled filter expression, for packets that do not come from a
// live interface. It may be used by several goroutines at once.
type Filter struct {
	program []instruction
}

// CompileFilter compiles an expression in pcap-filter(7) syntax for packets of
// one link type. It needs the capture library, [ErrNoLibrary] says that there is
// none; an expression that is not valid, or not for this link type, gives
// [ErrFilter].
func CompileFilter(expression string, linkType capture.LinkType, snapLength int) (*Filter, error) {
	if snapLength <= 0 {
		snapLength = DefaultSnapLength
	}
	program, err := compile(expression, linkType, snapLength)
	if err != nil {
		return nil, err
	}
	if err := check(program); err != nil {
		return nil, filterError(expression, err.Error())
	}
	return &Filter{program}, nil
}

// filterError is what a library said of an expression.
func filterError(expression, said string) error {
	return fmt.Errorf("%w %q: %s", ErrFilter, expression, said)
}

// instruction is one of the classic BPF machine (S. McCanne, V. Jacobson: The
// BSD Packet Filter, 1993).
type instruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

// Instruction classes, in the lowest three bits of the code.
const (
	classLoad = iota
	classLoadX
	classStore
	classStoreX
	classALU
	classJump
	classReturn
	classMisc
)

// Parts of the code above the class.
const (
	sizeMask, sizeHalf, sizeByte = 0x18, 0x08, 0x10

	modeMask      = 0xe0
	modeImmediate = 0x00
	modeAbsolute  = 0x20
	modeIndirect  = 0x40
	modeMemory    = 0x60
	modeLength    = 0x80
	modeIPHeader  = 0xa0

	opMask     = 0xf0
	operandX   = 0x08
	returnA    = 0x10
	miscTXA    = 0x80
	memorySize = 16
)

const (
	aluAdd = iota << 4
	aluSub
	aluMul
	aluDiv
	aluOr
	aluAnd
	aluShiftLeft
	aluShiftRight
	aluNegate
	aluMod
	aluXor
)

const (
	jumpAlways = iota << 4
	jumpEqual
	jumpGreater
	jumpGreaterEqual
	jumpSet
)

// check makes sure that a program ends: jumps lead forward and within it, and
// its last instruction returns. (libpcap makes loops of "protochain", which no
// kernel takes either.)
func check(program []instruction) error {
	for i, in := range program {
		rest := uint32(len(program) - i - 1) // instructions after this one
		class := in.code & 7
		switch {
		case class == classJump && in.code&opMask == jumpAlways && in.k >= rest,
			class == classJump && in.code&opMask != jumpAlways && uint32(max(in.jt, in.jf)) >= rest:
			return fmt.Errorf("instruction %d jumps back or out of the program", i)
		case (class == classStore || class == classStoreX ||
			(class == classLoad || class == classLoadX) && in.code&modeMask == modeMemory) && in.k >= memorySize:
			return fmt.Errorf("instruction %d uses memory cell %d", i, in.k)
		}
	}
	if n := len(program); n == 0 || program[n-1].code&7 != classReturn {
		return errors.New("the program does not end with a return")
	}
	return nil
}

// Match reports whether a packet passes. data may have been cut; length is the
// packet's on the wire. What the filter looks for beyond data does not match.
func (f *Filter) Match(data []byte, length int) bool {
	var a, x uint32
	var memory [memorySize]uint32
	for pc := 0; ; pc++ {
		in := &f.program[pc]
		ok := true
		switch in.code & 7 {
		case classLoad:
			switch in.code & modeMask {
			case modeImmediate:
				a = in.k
			case modeAbsolute:
				a, ok = load(data, uint64(in.k), in.code)
			case modeIndirect:
				a, ok = load(data, uint64(x)+uint64(in.k), in.code)
			case modeMemory:
				a = memory[in.k]
			case modeLength:
				a = uint32(length)
			default:
				ok = false
			}
		case classLoadX:
			switch in.code & modeMask {
			case modeImmediate:
				x = in.k
			case modeMemory:
				x = memory[in.k]
			case modeLength:
				x = uint32(length)
			case modeIPHeader: // four times the low half of a byte
				x, ok = load(data, uint64(in.k), sizeByte)
				x = x & 0x0f << 2
			default:
				ok = false
			}
		case classStore:
			memory[in.k] = a
		case classStoreX:
			memory[in.k] = x
		case classALU:
			a, ok = calculate(in, a, x)
		case classJump:
			pc += jump(in, a, x)
		case classReturn:
			if in.code&sizeMask == returnA {
				return a != 0
			}
			return in.k != 0
		case classMisc:
			if in.code&0xf8 == miscTXA {
				a = x
			} else {
				x = a
			}
		}
		if !ok {
			return false
		}
	}
}

// load reads a number of the size that code names, in network byte order.
func load(data []byte, at uint64, code uint16) (uint32, bool) {
	size := uint64(4)
	switch code & sizeMask {
	case sizeHalf:
		size = 2
	case sizeByte:
		size = 1
	}
	if at+size > uint64(len(data)) {
		return 0, false
	}
	b := data[at:]
	switch size {
	case 1:
		return uint32(b[0]), true
	case 2:
		return uint32(binary.BigEndian.Uint16(b)), true
	}
	return binary.BigEndian.Uint32(b), true
}

func operand(in *instruction, x uint32) uint32 {
	if in.code&operandX != 0 {
		return x
	}
	return in.k
}

// calculate applies an arithmetic instruction; dividing by zero does not match.
func calculate(in *instruction, a, x uint32) (uint32, bool) {
	v := operand(in, x)
	switch in.code & opMask {
	case aluAdd:
		return a + v, true
	case aluSub:
		return a - v, true
	case aluMul:
		return a * v, true
	case aluDiv:
		if v == 0 {
			return 0, false
		}
		return a / v, true
	case aluOr:
		return a | v, true
	case aluAnd:
		return a & v, true
	case aluShiftLeft:
		return a << v, true
	case aluShiftRight:
		return a >> v, true
	case aluNegate:
		return -a, true
	case aluMod:
		if v == 0 {
			return 0, false
		}
		return a % v, true
	case aluXor:
		return a ^ v, true
	}
	return 0, false
}

// jump returns how many instructions to pass over.
func jump(in *instruction, a, x uint32) int {
	v := operand(in, x)
	var taken bool
	switch in.code & opMask {
	case jumpAlways:
		return int(in.k)
	case jumpEqual:
		taken = a == v
	case jumpGreater:
		taken = a > v
	case jumpGreaterEqual:
		taken = a >= v
	case jumpSet:
		taken = a&v != 0
	}
	if taken {
		return int(in.jt)
	}
	return int(in.jf)
}
