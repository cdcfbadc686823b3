package flow

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMessages(t *testing.T) {
	whole := func(tsn uint32, data string) Chunk {
		return Chunk{TSN: tsn, Stream: 1, Begins: true, Ends: true, Data: []byte(data)}
	}
	part := func(tsn uint32, begins, ends bool, data string) Chunk {
		return Chunk{TSN: tsn, Stream: 1, Begins: begins, Ends: ends, Data: []byte(data)}
	}
	const top = 0xffffffff
	tests := []struct {
		name string
		in   []Chunk
		want []string
	}{
		{"whole", []Chunk{whole(1, "ab"), whole(2, "cd")}, []string{`client 1+0 "ab"`, `client 2+0 "cd"`}},
		{"retransmitted", []Chunk{whole(1, "ab"), whole(1, "ab"), whole(2, "cd"), whole(1, "ab")}, []string{`client 1+0 "ab"`, `client 3+0 "cd"`}},
		{"reordered", []Chunk{whole(2, "cd"), whole(1, "ab"), whole(1, "ab")}, []string{`client 1+0 "cd"`, `client 2+0 "ab"`}},
		{"long ago", []Chunk{whole(100, "x"), whole(1, "ab")}, []string{`client 1+0 "x"`}},
		{"far ahead", []Chunk{whole(1, "x"), whole(1000, "y"), whole(999, "z")}, []string{`client 1+0 "x"`, `client 2+0 "y"`, `client 3+0 "z"`}},
		{"number wraps", []Chunk{whole(top, "x"), whole(0, "y"), whole(top, "x")}, []string{`client 1+0 "x"`, `client 2+0 "y"`}},
		{"fragmented", []Chunk{part(top, true, false, "ab"), part(0, false, false, "cd"), part(1, false, true, "ef")}, []string{`client 1+0 "abcdef"`}},
		{"fragment missing", []Chunk{part(1, true, false, "ab"), part(3, false, true, "ef"), whole(4, "gh")}, []string{`client 3+0 "gh"`}},
		{"begin missing", []Chunk{part(3, false, true, "ef")}, nil},
		{"begins again", []Chunk{part(1, true, false, "ab"), part(2, true, false, "cd"), part(3, false, true, "ef")}, []string{`client 2+0 "cdef"`}},
		{"identified", []Chunk{{TSN: 1, PPID: 60, Begins: true, Ends: true, Data: []byte("x")}}, []string{`client 1+0 "x" as 60`}},
		{"the first fragment identifies", []Chunk{{TSN: 1, PPID: 60, Begins: true, Data: []byte("ab")}, {TSN: 2, Ends: true, Data: []byte("cd")}}, []string{`client 1+0 "abcd" as 60`}},
		{"cut by the capture", []Chunk{{TSN: 1, Begins: true, Data: []byte("ab"), Size: 5}, {TSN: 2, Ends: true, Data: []byte("cd")}}, []string{`client 1+0 "ab" of 7`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m Messages
			var b Bounds
			var r recorder
			for i := range tt.in {
				tt.in[i].Packet = uint64(i) + 1
				m.Push(FromClient, &tt.in[i], &b, &r)
			}
			if diff := cmp.Diff(tt.want, r.got); diff != "" {
				t.Errorf("deliveries (-want +got):\n%s", diff)
			}
			m.Stop(FromClient, &b)
			if b.InUse() != 0 {
				t.Errorf("%d bytes held", b.InUse())
			}
		})
	}
}

func TestMessagesBounds(t *testing.T) {
	b := Bounds{TotalHeld: 5000}
	associations := make([]Messages, 10)
	data := make([]byte, 1000)
	for i := range associations {
		for tsn := range uint32(100) {
			associations[i].Push(FromServer, &Chunk{TSN: tsn, Begins: tsn == 0, Data: data}, &b, &recorder{})
			if b.InUse() > b.TotalHeld {
				t.Fatalf("%d bytes held", b.InUse())
			}
		}
	}
	for i := range associations {
		associations[i].Swap()
		associations[i].Stop(FromClient, &b)
	}
	if b.InUse() != 0 {
		t.Errorf("%d bytes held", b.InUse())
	}
}
