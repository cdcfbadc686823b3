package signatures_test

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/signatures"
)

// A number below says which protocols are tried, and is no label: what is no
// message of them is not named.
func TestNumberIsNoLabel(t *testing.T) {
	s := load(t)
	r := signatures.EngineRunner{Engine: engine(t, s)}
	named := func(carrier string, data []byte) string {
		t.Helper()
		out, err := r.Run(&signatures.Example{Transport: carrier, Exchange: []signatures.Turn{{From: flow.FromClient, Data: data}}})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(out.Identification.Protocols, " ")
	}
	var carriers []string
	for _, f := range s.Files() {
		for _, o := range f.Over {
			if strings.Contains(o, "/") && !slices.Contains(carriers, o) {
				carriers = append(carriers, o)
			}
		}
	}
	if len(carriers) < 50 {
		t.Fatalf("only %d numbers", len(carriers))
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300)
	for _, carrier := range carriers {
		const rounds = 300
		count := map[string]int{}
		for range rounds {
			n := 8 + rnd.IntN(len(noise)-8)
			for i := range n {
				noise[i] = byte(rnd.Uint32())
			}
			if name := named(carrier, noise[:n]); name != "" {
				count[name]++
			}
			if name := named(carrier, []byte(base64.StdEncoding.EncodeToString(noise[:n]))); name != "" {
				t.Errorf("%s: base64 is %s", carrier, name)
			}
		}
		// 24 bits name a protocol, of which the number itself is up to 16.
		for name, n := range count {
			if n > 3 {
				t.Errorf("%s: %d of %d random messages are %s", carrier, n, rounds, name)
			}
		}
		for size := 1; size < 300; size++ {
			for _, b := range []byte{0, 0xff, ' ', 'A'} {
				if carrier == "ip/47" && size == 4 && b == 0 {
					continue // a GRE header, all of it
				}
				if name := named(carrier, bytes.Repeat([]byte{b}, size)); name != "" {
					t.Errorf("%s: %d bytes of %#02x are %s", carrier, size, b, name)
				}
			}
		}
		for _, text := range []string{"{\"id\": 1, \"name\": \"x\"}\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "lorem ipsum dolor sit amet, "} {
			if name := named(carrier, []byte(strings.Repeat(text, 4))); name != "" {
				t.Errorf("%s: text is %s", carrier, name)
			}
		}
	}
}
