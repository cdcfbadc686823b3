package pipeline

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"

	"github.com/sniffid/sniffid/dissect/flow"
)

// Failure is a mistake of sniffid's own that a packet brought to light: a dissector
// panicked. The flow keeps what was known of it, and nothing more is read of it.
type Failure struct {
	Packet uint64 // number of the packet that was at hand
	Flow   string // its transport and ends
	Reason string // what the runtime says
	Place  string // the innermost places in the code, "file:line", innermost first
}

func (f *Failure) String() string {
	return fmt.Sprintf("packet %d, %s: %s (%s)", f.Packet, f.Flow, f.Reason, f.Place)
}

// keptFailures is how many failures are kept in full; all are counted.
const keptFailures = 8

// failures remembers failures.
type failures struct {
	count uint64
	kept  []Failure
}

func (f *failures) add(one *Failure) {
	f.count++
	if len(f.kept) < keptFailures {
		f.kept = append(f.kept, *one)
	}
}

// failed makes the failure of the panic at hand.
func failed(packet uint64, transport string, client, server netip.AddrPort, reason any) *Failure {
	return &Failure{
		Packet: packet,
		Flow:   fmt.Sprintf("%s %v > %v", transport, client, server),
		Reason: fmt.Sprint(reason),
		Place:  panicked(),
	}
}

// Failures returns the first few failures; [Summary] counts them all.
func (p *Pipeline) Failures() []Failure { return p.ledger.failures.kept }

// survive is deferred around the work on what a flow carries: if it panics, the flow's
// identification is over, and the capture goes on.
func (p *Pipeline) survive(f *flow.Flow[conversation]) {
	if reason := recover(); reason != nil {
		p.ledger.failures.add(failed(p.packet.Number, transport(f), f.Client(), f.Server(), reason))
		if w := f.Value.work; w != nil {
			f.Value.work = nil // not lent again: nobody knows what state it is in
			w.stop(&p.bounds)
		}
		p.conclude(f)
	}
}

// panicked says where the panic at hand came from.
func panicked() string {
	const most = 3
	var at []string
	var callers [32]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	below := false
	for more := true; more && len(at) < most; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "runtime."):
			below = true
		case below:
			at = append(at, fmt.Sprintf("%s:%d", shorten(f.File), f.Line))
		}
	}
	return strings.Join(at, ", ")
}

// shorten leaves the last two elements of a path.
func shorten(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[strings.LastIndexByte(path[:i], '/')+1:]
	}
	return path
}
