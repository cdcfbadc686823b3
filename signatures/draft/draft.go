// Package draft proposes a signature file from flows that nothing could name.
// What several flows have in common is written down as it is seen; which of it
// the protocol prescribes, only its specification can tell, and the draft says
// so.
package draft

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/sample"
)

// Flow is one flow to draft from.
type Flow struct {
	Transport string // "tcp", "udp", "sctp"
	Sample    *sample.Sample
}

// ErrNothing is returned where the flows have no bytes in common that could
// tell their protocol.
var ErrNothing = errors.New("the flows have nothing in common that could tell their protocol")

const (
	// looked is how many bytes of a message are compared.
	looked = 32
	// shown is how many bytes of a message an example has at most.
	shown = 256
	// fewFlows is below what is in common is likely to be chance.
	fewFlows = 3
	// enough is how many bits a message must verify to name a protocol alone.
	enough = 24
)

// Write returns a signature file for protocol name, which is to be a Wireshark
// display-filter name in lower case, drafted from flows of one transport. The
// file is one that package signatures loads, and its example is recognised. The
// error is [ErrNothing], or says that there are no flows.
func Write(name string, flows []Flow) ([]byte, error) {
	if len(flows) == 0 {
		return nil, errors.New("no flow to draft from")
	}
	if len(flows) == 1 && flows[0].Sample.EncryptedLike() {
		return nil, ErrNothing
	}
	var messages [2]*message
	best := 0
	for _, d := range [...]flow.Direction{flow.FromClient, flow.FromServer} {
		messages[d] = compare(flows, d)
		if m := messages[d]; m != nil {
			best = max(best, m.bits())
		}
	}
	if best < enough {
		return nil, ErrNothing
	}
	var b strings.Builder
	fmt.Fprintf(&b, "protocol: %s\n", name)
	fmt.Fprintf(&b, "title: %s\n", name)
	b.WriteString("family: drafts\n")
	b.WriteString("spec: none yet\n")
	fmt.Fprintf(&b, "over: [%s]\n", flows[0].Transport)
	b.WriteString("messages:\n")
	for d, m := range messages {
		if m != nil && m.bits() > 0 {
			m.write(&b, side(flow.Direction(d)))
		}
	}
	fmt.Fprintf(&b, "notes: >\n  Drafted from %s. Find the specification, keep what it prescribes, take out what is chance,\n  and name the fields.\n", count(len(flows), "flow"))
	if len(flows) < fewFlows {
		fmt.Fprintf(&b, "  Of %s much looks fixed that is not: draft from more.\n", count(len(flows), "flow"))
	}
	examples(&b, name, flows, messages)
	return []byte(b.String()), nil
}

func count(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func side(d flow.Direction) string {
	if d == flow.FromServer {
		return "server"
	}
	return "client"
}

// examples writes the first exchange that is kept, and the same with one of the
// common bytes changed as what must not be recognised.
func examples(b *strings.Builder, name string, flows []Flow, messages [2]*message) {
	s := flows[0].Sample
	order := [...]flow.Direction{s.First(), s.First().Reverse()}
	exchange := func(change bool) {
		for _, d := range order {
			if s.Messages(d) == 0 {
				continue
			}
			data, _ := s.Message(d, 0)
			data = append([]byte(nil), data[:min(len(data), shown)]...)
			if m := messages[d]; change && m != nil {
				if at := m.firstFixed(); at >= 0 && at < len(data) {
					data[at] ^= 0x15
				}
			}
			fmt.Fprintf(b, "      - %s: % x\n", side(d), data)
		}
	}
	b.WriteString("examples:\n  - name: first messages\n    exchange:\n")
	exchange(false)
	fmt.Fprintf(b, "    protocols: [%s]\n", name)
	b.WriteString("counterexamples:\n  - name: another byte where all flows have the same\n    exchange:\n")
	exchange(true)
}
