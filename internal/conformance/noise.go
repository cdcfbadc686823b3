package main

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// claims counts names that were given to noise.
type claims struct {
	mu              sync.Mutex
	tried           int
	certain, likely int
	complaints      []string
}

// noise is what one conversation of noise is made of.
type noise struct {
	transport string
	bothWays  bool
	messages  [][]byte // in turns when bothWays, else all from the client
}

// claim identifies a conversation of noise and counts what is said of it.
func (s *suite) claim(n *noise, kind string, into *claims) {
	session := s.engine.NewSession(dissect.Context{
		Client: netip.AddrFrom4([4]byte{192, 0, 2, 10}), Server: netip.AddrFrom4([4]byte{192, 0, 2, 20}), Transport: n.transport,
	})
	if n.transport == "tcp" {
		session.RolesKnown()
	}
	if n.bothWays {
		session.SeenBothWays()
	}
	for i, m := range n.messages {
		d := flow.FromClient
		if n.bothWays && i%2 == 1 {
			d = flow.FromServer
		}
		start := n.transport == "tcp" && (i == 0 || n.bothWays && i == 1)
		session.Observe(d, flow.Segment{Data: m, Size: len(m), Packet: uint64(i + 1), Start: start})
	}
	id := session.Identify()
	if len(id.Protocols) == 0 {
		return
	}
	into.mu.Lock()
	defer into.mu.Unlock()
	if id.Confidence == dissect.Certain {
		into.certain++
	} else {
		into.likely++
	}
	head := n.messages[0]
	into.complaints = append(into.complaints, fmt.Sprintf("%s over %s: %s, %s; begins % x", kind, n.transport, id.Confidence, orDash(id.Protocols), head[:min(24, len(head))]))
}

// spread runs n conversations on two goroutines, each with a source of its own.
func (s *suite) spread(n int, into *claims, one func(rnd *rand.Rand, i int)) {
	const workers = 2
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(s.seed, uint64(w)))
			for i := w; i < n; i += workers {
				one(rnd, i)
			}
		})
	}
	wg.Wait()
	into.tried += n
}

func randomBytes(rnd *rand.Rand, b []byte) []byte {
	for i := 0; i < len(b); i += 8 {
		v := rnd.Uint64()
		for j := i; j < min(i+8, len(b)); j++ {
			b[j] = byte(v)
			v >>= 8
		}
	}
	return b
}

// random puts payloads of random bytes before all signatures: 1 to 1500 bytes,
// as a datagram or the beginning of a stream, from one side or from both.
func (s *suite) random() ([]figure, error) {
	var total claims
	s.spread(s.payloads, &total, func(rnd *rand.Rand, i int) {
		n := noise{transport: "udp", bothWays: i&4 != 0}
		if i&2 != 0 {
			n.transport = "tcp"
		}
		n.messages = append(n.messages, randomBytes(rnd, make([]byte, 1+rnd.IntN(1500))))
		if n.bothWays {
			n.messages = append(n.messages, randomBytes(rnd, make([]byte, 1+rnd.IntN(1500))))
		}
		s.claim(&n, "random", &total)
	})
	s.complain("names given to random payloads", total.complaints)
	return []figure{
		info("random payloads", total.tried),
		below("named certain", total.certain, total.tried, 1e-6),
		below("named likely", total.likely, total.tried, 1e-4),
	}, nil
}

// streams puts before all signatures what real applications send without a
// protocol: compressed, encrypted, base64 and JSON lines, cut into messages.
func (s *suite) streams() ([]figure, error) {
	var total claims
	kinds := []struct {
		name string
		make func(rnd *rand.Rand) []byte
	}{
		{"compressed", compressed},
		{"encrypted", encrypted},
		{"base64", func(rnd *rand.Rand) []byte {
			return []byte(base64.StdEncoding.EncodeToString(randomBytes(rnd, make([]byte, 3000))))
		}},
		{"JSON lines", jsonLines},
	}
	s.spread(s.payloads/100, &total, func(rnd *rand.Rand, i int) {
		kind := kinds[i/8%len(kinds)]
		data := kind.make(rnd)
		data = data[rnd.IntN(max(1, min(len(data)/2, 2*(i>>5&1)*len(data)))):] // from the beginning, or from within
		n := noise{transport: "udp", bothWays: i&4 != 0}
		if i&2 != 0 {
			n.transport = "tcp"
		}
		for len(data) > 0 {
			size := min(1+rnd.IntN(1400), len(data))
			n.messages = append(n.messages, data[:size])
			data = data[size:]
		}
		s.claim(&n, kind.name, &total)
	})
	s.complain("names given to streams without a protocol", total.complaints)
	return []figure{
		info("compressed, encrypted, base64 and JSON-lines streams", total.tried),
		below("streams named certain", total.certain, total.tried, 1e-6),
		below("streams named likely", total.likely, total.tried, 1e-4),
	}, nil
}

// words are what texts are made of.
func words(rnd *rand.Rand, n int) []byte {
	vocabulary := [...]string{
		"the", "server", "of", "value", "and", "request", "time", "to", "message", "status", "in", "error", "user", "data",
		"for", "with", "name", "host", "open", "close", "begin", "end", "read", "write", "file", "line", "key", "set", "get",
	}
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(vocabulary[rnd.IntN(len(vocabulary))])
		b.WriteByte(' ')
	}
	return b.Bytes()
}

func compressed(rnd *rand.Rand) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(words(rnd, 20_000)) // a bytes.Buffer takes everything
	_ = w.Close()
	// Without gzip's own header, which is a format of its own.
	return b.Bytes()[10:]
}

func encrypted(rnd *rand.Rand) []byte {
	block, err := aes.NewCipher(randomBytes(rnd, make([]byte, 16)))
	if err != nil {
		panic(err) // sixteen bytes are a key
	}
	out := words(rnd, 4000)
	cipher.NewCTR(block, randomBytes(rnd, make([]byte, 16))).XORKeyStream(out, out)
	return out
}

func jsonLines(rnd *rand.Rand) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for range 20 {
		_ = e.Encode(map[string]any{
			"time": rnd.Int64N(2e9), "level": "info", "message": string(words(rnd, 40)),
			"id": rnd.Uint64(), "host": fmt.Sprintf("host-%d", rnd.IntN(100)), "ok": rnd.IntN(2) == 0,
		})
	}
	return b.Bytes()
}
