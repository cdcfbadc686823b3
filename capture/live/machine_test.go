package live

import (
	"strings"
	"testing"
)

// TestCheck: programs that would not end, or reach out of the memory, are
// refused, since Match trusts them.
func TestCheck(t *testing.T) {
	accept := instruction{code: classReturn, k: 1}
	tests := []struct {
		program []instruction
		want    string
	}{
		{nil, "does not end with a return"},
		{[]instruction{{code: classMisc}}, "does not end with a return"},
		{[]instruction{{code: classJump | jumpAlways, k: 1}, accept}, "instruction 0 jumps back or out"},
		{[]instruction{{code: classJump | jumpAlways, k: 1<<32 - 1}, accept}, "instruction 0 jumps back or out"},
		{[]instruction{{code: classJump | jumpEqual, jf: 1}, accept}, "instruction 0 jumps back or out"},
		{[]instruction{{code: classStore, k: memorySize}, accept}, "instruction 0 uses memory cell 16"},
		{[]instruction{{code: classStoreX, k: memorySize}, accept}, "instruction 0 uses memory cell 16"},
		{[]instruction{{code: classLoad | modeMemory, k: memorySize}, accept}, "instruction 0 uses memory cell 16"},
		{[]instruction{{code: classLoadX | modeMemory, k: memorySize}, accept}, "instruction 0 uses memory cell 16"},
		{[]instruction{{code: classJump | jumpEqual}, accept}, ""},
	}
	for _, tt := range tests {
		err := check(tt.program)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: %v, want %q", tt.program, err, tt.want)
		}
	}
}

// FuzzMatch: what check lets pass ends without a panic, whatever the packet.
func FuzzMatch(f *testing.F) {
	f.Add([]byte{0x28, 0, 0, 0, 12, 0x15, 0, 0, 1, 0, 0x06, 0, 0, 0, 1, 0x06, 0, 0, 0, 0}, []byte("packet"))
	f.Add([]byte{0xb1, 0, 0, 0, 3, 0x48, 0, 0, 0, 2, 0x34, 0, 0, 0, 0, 0x16, 0, 0, 0, 0}, []byte("packet"))
	f.Fuzz(func(t *testing.T, code, packet []byte) {
		var program []instruction
		for ; len(code) >= 5; code = code[5:] {
			program = append(program, instruction{
				code: uint16(code[0]), jt: code[1], jf: code[2], k: uint32(int8(code[3]))<<8 | uint32(code[4]),
			})
		}
		if check(program) == nil {
			(&Filter{program}).Match(packet, len(packet))
		}
	})
}
