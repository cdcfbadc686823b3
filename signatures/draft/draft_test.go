package draft_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/sample"
	"github.com/sniffid/sniffid/signatures"
	"github.com/sniffid/sniffid/signatures/draft"
)

// flows makes n flows; message says what each direction's i-th message is, nil
// for none.
func flows(n int, transport string, message func(rnd *rand.Rand, d flow.Direction, i int) []byte) []draft.Flow {
	rnd := rand.New(rand.NewPCG(1, 2))
	var out []draft.Flow
	for range n {
		s := new(sample.Sample)
		for i := range 3 {
			for _, d := range [...]flow.Direction{flow.FromClient, flow.FromServer} {
				if b := message(rnd, d, i); b != nil {
					s.Add(d, b, len(b), transport == "tcp")
				}
			}
		}
		out = append(out, draft.Flow{Transport: transport, Sample: s})
	}
	return out
}

// binaryMessage is "XPRO", a version, a random number, the length of what
// follows, and so many bytes.
func binaryMessage(rnd *rand.Rand, _ flow.Direction, _ int) []byte {
	b := []byte("XP\x01\x02\x00\x00\x00\x00\x00\x00")
	binary.BigEndian.PutUint32(b[4:], rnd.Uint32())
	body := make([]byte, 5+rnd.IntN(50))
	for i := range body {
		body[i] = byte(rnd.Uint32())
	}
	binary.BigEndian.PutUint16(b[8:], uint16(len(body)))
	return append(b, body...)
}

func textMessage(rnd *rand.Rand, d flow.Direction, i int) []byte {
	if d == flow.FromServer {
		return fmt.Appendf(nil, "WELCOME to node %d\r\n", rnd.IntN(1000))
	}
	return fmt.Appendf(nil, "HAIL %d\r\n", rnd.IntN(1000))
}

// A draft loads, recognises its own example, refuses its near miss, and has the
// field of the length.
func TestWrite(t *testing.T) {
	tests := []struct {
		name  string
		flows []draft.Flow
		want  []string
	}{
		{"binary datagrams", flows(5, "udp", binaryMessage), []string{"magic hex 58 50 01 02", "u16be == size - 10", "field4     bytes 4"}},
		{"binary stream", flows(5, "tcp", binaryMessage), []string{"magic hex 58 50 01 02", "frame      length + 10"}},
		{"text", flows(5, "tcp", textMessage), []string{`magic "HAIL "`, `magic "WELCOME to node "`}},
		{"one flow", flows(1, "tcp", textMessage), []string{"draft from more"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := draft.Write("xpro", tt.flows)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range tt.want {
				if !strings.Contains(string(got), w) {
					t.Errorf("no %q", w)
				}
			}
			set, err := signatures.Load(fstest.MapFS{"xpro.yaml": {Data: got}}, nil)
			if err != nil {
				t.Fatalf("%v in\n%s", err, got)
			}
			engine, err := dissect.NewEngine(set.Protocols(), dissect.Config{})
			if err != nil {
				t.Fatal(err)
			}
			failures, err := signatures.RunExamples(set, signatures.EngineRunner{Engine: engine})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range failures {
				t.Error(f)
			}
			if t.Failed() {
				t.Logf("the draft:\n%s", got)
			}
		})
	}
}

func TestNothingInCommon(t *testing.T) {
	random := flows(5, "udp", func(rnd *rand.Rand, _ flow.Direction, _ int) []byte {
		b := make([]byte, 40)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	})
	if got, err := draft.Write("xpro", random); !errors.Is(err, draft.ErrNothing) {
		t.Errorf("%v, %s", err, got)
	}
	if _, err := draft.Write("xpro", nil); err == nil {
		t.Error("a draft from nothing")
	}
}

// Whatever the bytes, a draft loads.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("HAIL 1\r\n"), []byte("HAIL 2\r\n"), true)
	f.Add([]byte("\x00\x05abcde\"\\"), []byte("\x00\x05abxde\x7f\n"), false)
	f.Fuzz(func(t *testing.T, a, b []byte, stream bool) {
		transport := "udp"
		if stream {
			transport = "tcp"
		}
		var flows []draft.Flow
		for _, data := range [...][]byte{a, b} {
			s := new(sample.Sample)
			s.Add(flow.FromClient, data, len(data), stream)
			s.Add(flow.FromServer, b, len(b), stream)
			flows = append(flows, draft.Flow{Transport: transport, Sample: s})
		}
		got, err := draft.Write("xpro", flows)
		if err != nil {
			return
		}
		if _, err := signatures.Load(fstest.MapFS{"xpro.yaml": {Data: got}}, nil); err != nil {
			t.Fatalf("%v in\n%s", err, got)
		}
	})
}
