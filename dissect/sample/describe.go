package sample

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/dissect/flow"
)

// Fact is one thing that a description says.
type Fact struct{ Name, Value string }

const (
	headBytes = 16 // of a direction, that are shown
	// Bytes are taken for encrypted or compressed if their chi-square statistic
	// against equally frequent values (255 degrees of freedom: mean 255,
	// standard deviation 22.6) is no more than four deviations above the mean,
	// with enough bytes to tell.
	uniformBytes = 128
	uniformChi   = 255 + 4*22.6
)

// Describe says what the payload looks like; nothing of an empty sample.
//
//   - payload.first: who sent the first payload, "client" or "server"
//   - payload.client.head, payload.server.head: the first bytes, in hex
//   - payload.printable: the share of printable ASCII, 0 to 1
//   - payload.entropy: of the bytes, in bits (0 to 8), and of how many
//   - payload.client.length_prefix, payload.server.length_prefix: where a length
//     stands that explains every message
//   - encrypted-like: "true" where the bytes are as even as encrypted or
//     compressed ones
func (s *Sample) Describe() []Fact {
	if !s.any {
		return nil
	}
	facts := []Fact{{"payload.first", name(s.first)}}
	for d := range s.halves {
		if b := s.halves[d].buf; len(b) > 0 {
			facts = append(facts, Fact{"payload." + name(flow.Direction(d)) + ".head", hex.EncodeToString(b[:min(len(b), headBytes)])})
		}
	}
	counts, n := s.count()
	if n == 0 {
		return facts
	}
	facts = append(facts,
		Fact{"payload.printable", strconv.FormatFloat(printable(&counts, n), 'f', 2, 64)},
		Fact{"payload.entropy", strconv.FormatFloat(entropy(&counts, n), 'f', 2, 64) + " of " + strconv.Itoa(n) + " bytes"},
	)
	for d := range s.halves {
		if p, ok := s.LengthPrefix(flow.Direction(d)); ok {
			facts = append(facts, Fact{"payload." + name(flow.Direction(d)) + ".length_prefix", p.String()})
		}
	}
	if s.EncryptedLike() {
		facts = append(facts, Fact{"encrypted-like", "true"})
	}
	return facts
}

// count counts how often each value occurs, both directions together.
func (s *Sample) count() (counts [256]int, n int) {
	for d := range s.halves {
		for _, b := range s.halves[d].buf {
			counts[b]++
			n++
		}
	}
	return counts, n
}

// EncryptedLike reports whether there are enough bytes to tell, and they are as
// even as encrypted or compressed ones.
func (s *Sample) EncryptedLike() bool {
	counts, n := s.count()
	return n >= uniformBytes && chiSquare(&counts, n) <= uniformChi
}

func name(d flow.Direction) string {
	if d == flow.FromServer {
		return "server"
	}
	return "client"
}

// printable is the share of printable ASCII, tabs and line ends.
func printable(counts *[256]int, n int) float64 {
	p := counts['\t'] + counts['\n'] + counts['\r']
	for b := ' '; b <= '~'; b++ {
		p += counts[b]
	}
	return float64(p) / float64(n)
}

// entropy is Shannon's, in bits of a byte.
func entropy(counts *[256]int, n int) float64 {
	h := 0.0
	for _, c := range counts {
		if c > 0 {
			p := float64(c) / float64(n)
			h -= p * math.Log2(p)
		}
	}
	return h
}

// chiSquare measures how far the bytes are from being equally frequent.
func chiSquare(counts *[256]int, n int) float64 {
	expected, sum := float64(n)/256, 0.0
	for _, c := range counts {
		d := float64(c) - expected
		sum += d * d
	}
	return sum / expected
}

// Printable reports whether all bytes are printable ASCII, tabs or line ends.
func Printable(b []byte) bool {
	return len(strings.Trim(string(b), printableBytes)) == 0
}

// printableBytes is used as a set.
const printableBytes = "\t\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
