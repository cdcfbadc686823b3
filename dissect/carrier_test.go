package dissect

import (
	"testing"

	"github.com/sniffid/sniffid/dissect/flow"
)

func TestCarrier(t *testing.T) {
	tests := []struct {
		in, want string
		bits     int
	}{
		{"eth/0x88cc", "eth/0x88cc", 16},
		{"eth/35020", "eth/0x88cc", 16},
		{"eth/0x806", "eth/0x0806", 16},
		{"llc/0x42", "llc/0x42", 8},
		{"snap/0xc2000", "snap/0x00000c2000", 16},
		{"ppp/0xC021", "ppp/0xc021", 16},
		{"ip/89", "ip/89", 8},
		{"ip/0x59", "ip/89", 8},
		{in: "ip/256"},
		{in: "eth/0x10000"},
		{in: "eth/"},
		{in: "eth"},
		{in: "tcp/80"},
		{in: "udp"},
	}
	for _, tt := range tests {
		c, err := ParseCarrier(tt.in)
		if (err != nil) != (tt.want == "") || c.String() != tt.want || c.Bits() != tt.bits {
			t.Errorf("%s: %q, %d bits, %v; want %q, %d bits", tt.in, c, c.Bits(), err, tt.want, tt.bits)
		}
	}
}

// The number that says what a message is counts as evidence of those that fit,
// and of those only.
func TestCarrierCounts(t *testing.T) {
	tests := []struct {
		transport string
		data      string
		want      Confidence
	}{
		{"eth/0x88cc", "hello", Likely},
		{"eth/0x88cc", "world", ConfidenceNone},
		{"eth/0x88cd", "hello", ConfidenceNone},
		{"ip/89", "hello", ConfidenceNone},
		{"udp", "hello", ConfidenceNone},
	}
	over := []string{"eth/0x88cc", "ip/89", "udp"}
	e, err := NewEngine([]Protocol{{
		Name: "toy", Over: over, Rows: []Row{{Signature: "toy.hello", Min: 5}},
		New: func() Parser { return &hello{} },
	}}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		s := e.NewSession(Context{Transport: tt.transport})
		s.Observe(0, flow.Segment{Data: []byte(tt.data), Size: len(tt.data), Packet: 1})
		if got := s.Identify().Confidence; got != tt.want {
			t.Errorf("%s over %s: %v, want %v", tt.data, tt.transport, got, tt.want)
		}
	}
}

// hello is worth eight bits.
type hello struct{}

func (*hello) Parse(m *Message, r *Report) Outcome {
	if string(m.Data) != "hello" {
		return Reject
	}
	r.Signature, r.Bits, r.Length = "toy.hello", 8, 5
	return Match
}
