package sandbox

import (
	"encoding/binary"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data (seccomp(2)), in bytes.
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArgs   = 16
)

// What a filter answers.
const (
	answerAllow = unix.SECCOMP_RET_ALLOW
	answerDeny  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	// answerAbsent says that the kernel has no such call, so that libraries try an
	// older one.
	answerAbsent = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	answerKill   = unix.SECCOMP_RET_KILL_PROCESS
)

// condition is a comparison of an argument, which the kernel takes for 32 bits unless
// it is whole.
type condition struct {
	argument    int
	mask, value uint32
	whole       bool // the upper half has to be 0
}

// rule allows a call if one of the alternatives holds, of which every condition has to.
type rule struct {
	name         string
	alternatives [][]condition
}

// newFilter is the filter for an architecture, and how many calls it allows. Calls that
// are not there on the architecture are left out.
func newFilter(info *arch.Info, pid int) (program []bpf.Instruction, allowed int) {
	program = []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(info.ID), SkipTrue: 1},
		bpf.RetConstant{Val: answerDeny}, // another ABI, with other numbers
		bpf.LoadAbsolute{Off: offsetNumber, Size: 4},
	}
	if info.ID == arch.X86_64.ID {
		program = append(program,
			bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: uint32(arch.X32.SeccompMask), SkipFalse: 1},
			bpf.RetConstant{Val: answerDeny}, // the x32 ABI
		)
	}
	answer := func(names []string, value uint32) (n int) {
		for _, name := range names {
			if number, there := info.SyscallNames[name]; there {
				n++
				program = append(program,
					bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(number), SkipFalse: 1},
					bpf.RetConstant{Val: value})
			}
		}
		return n
	}
	allowed = answer(allowedCalls(), answerAllow)
	for _, r := range rules(pid) {
		if _, newer := info.SyscallNames["mmap2"]; newer && r.name == "mmap" {
			continue // the older one has its arguments in memory
		}
		if number, there := info.SyscallNames[r.name]; there {
			allowed++
			body := r.assemble()
			program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(number), SkipFalse: uint8(len(body))})
			program = append(program, body...)
		}
	}
	// Its flags are in memory, where a filter can't see them. The C library makes
	// threads by clone where this is not implemented.
	answer([]string{"clone3"}, answerAbsent)
	answer(deadlyCalls(), answerKill)
	return append(program, bpf.RetConstant{Val: answerDeny}), allowed
}

// assemble makes the instructions for a call whose number was recognised. They end
// with an answer: the number is no longer in the accumulator.
func (r *rule) assemble() []bpf.Instruction {
	var body []bpf.Instruction
	for _, conditions := range r.alternatives {
		var tests []bpf.Instruction
		for _, c := range conditions {
			tests = append(tests, bpf.LoadAbsolute{Off: low(c.argument), Size: 4})
			if c.mask != ^uint32(0) {
				tests = append(tests, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: c.mask})
			}
			tests = append(tests, bpf.JumpIf{Cond: bpf.JumpEqual, Val: c.value})
			if c.whole {
				tests = append(tests, bpf.LoadAbsolute{Off: high(c.argument), Size: 4}, bpf.JumpIf{Cond: bpf.JumpEqual})
			}
		}
		// What does not hold leads behind the answer.
		for i, t := range tests {
			if jump, ok := t.(bpf.JumpIf); ok {
				jump.SkipFalse = uint8(len(tests) - i)
				tests[i] = jump
			}
		}
		body = append(append(body, tests...), bpf.RetConstant{Val: answerAllow})
	}
	return append(body, bpf.RetConstant{Val: answerDeny})
}

// low is where the lower half of an argument is.
func low(argument int) uint32 {
	if bigEndian() {
		return offsetArgs + 8*uint32(argument) + 4
	}
	return offsetArgs + 8*uint32(argument)
}

// high is where the upper half of an argument is.
func high(argument int) uint32 {
	if bigEndian() {
		return offsetArgs + 8*uint32(argument)
	}
	return offsetArgs + 8*uint32(argument) + 4
}

func bigEndian() bool { return binary.NativeEndian.Uint16([]byte{0, 1}) == 1 }
