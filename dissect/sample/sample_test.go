package sample

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/dissect/flow"
)

// of makes a sample; a message that begins with "<" is the server's.
func of(stream bool, messages ...string) *Sample {
	s := new(Sample)
	for _, m := range messages {
		d := flow.FromClient
		if rest, ok := strings.CutPrefix(m, "<"); ok {
			d, m = flow.FromServer, rest
		}
		s.Add(d, []byte(m), len(m), stream)
	}
	return s
}

func TestDescribe(t *testing.T) {
	random := make([]byte, 512)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(rnd.Uint32())
	}
	tests := []struct {
		name   string
		sample *Sample
		want   map[string]string // "" = not said
	}{
		{"nothing", new(Sample), map[string]string{"payload.first": ""}},
		{"text", of(true, "<HELLO 1.0\r\n", "LOGIN me\r\n"), map[string]string{
			"payload.first": "server", "payload.printable": "1.00", "payload.server.head": "48454c4c4f20312e300d0a", "encrypted-like": "",
		}},
		{"datagrams with a length", of(false, "\x01\x00\x04abcd", "\x01\x00\x02ab", "\x02\x00\x00"), map[string]string{
			"payload.client.length_prefix": "u16be at 1, length = value + 3, 3 messages",
		}},
		{"stream with a length of the whole", of(true, "\x06\x00\x00\x00ab\x07\x00", "\x00\x00abc"), map[string]string{
			"payload.client.length_prefix": "u32le at 0, length = value, 2 messages",
		}},
		{"always the same length", of(false, "\x00\x02ab", "\x00\x02cd"), map[string]string{"payload.client.length_prefix": ""}},
		{"random bytes", of(true, string(random)), map[string]string{"encrypted-like": "true"}},
		{"few random bytes", of(true, string(random[:100])), map[string]string{"encrypted-like": ""}},
		{"zeros", of(true, string(make([]byte, 512))), map[string]string{"encrypted-like": "", "payload.entropy": "0.00 of 512 bytes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := map[string]string{}
			for _, f := range tt.sample.Describe() {
				got[f.Name] = f.Value
			}
			for k, v := range tt.want {
				if got[k] != v {
					t.Errorf("%s = %q, want %q", k, got[k], v)
				}
			}
		})
	}
}

func TestBounds(t *testing.T) {
	s := new(Sample)
	for range 100 {
		s.Add(flow.FromClient, make([]byte, 300), 300, false)
	}
	if n := len(s.halves[0].buf); n > MaxBytes {
		t.Errorf("%d bytes are kept", n)
	}
	if n := s.Messages(flow.FromClient); n > MaxMessages {
		t.Errorf("%d messages are kept", n)
	}
}

// Whatever the bytes, what is said is text without control characters, and a
// length prefix explains messages by their bytes.
func FuzzDescribe(f *testing.F) {
	f.Add([]byte("\x00\x02ab\x00\x03abc"), true)
	f.Add([]byte("GET / HTTP/1.0\r\n"), false)
	f.Fuzz(func(t *testing.T, b []byte, stream bool) {
		s := new(Sample)
		for i, m := range bytes.SplitAfter(b, []byte{0}) {
			s.Add(flow.Direction(i%2), m, len(m)+i%3, stream)
		}
		for _, fact := range s.Describe() {
			if !Printable([]byte(fact.Value)) || fact.Value == "" {
				t.Errorf("%s = %q", fact.Name, fact.Value)
			}
		}
		for d := range s.halves {
			if p, ok := s.LengthPrefix(flow.Direction(d)); ok && p.Messages < 2 {
				t.Errorf("%v explains too little", p)
			}
		}
	})
}
