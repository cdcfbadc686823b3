package pipeline

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/sniffid/sniffid/dissect"
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

// Failures returns the first few failures; [Summary] counts them all.
func (p *Pipeline) Failures() []Failure { return p.failures }

// survive is deferred around the work on what a flow carries: if it panics, the flow's
// identification is over, and the capture goes on.
func (p *Pipeline) survive(f *flow.Flow[conversation]) {
	if reason := recover(); reason != nil {
		p.fail(f, reason)
	}
}

func (p *Pipeline) fail(f *flow.Flow[conversation], reason any) {
	p.summary.Failures++
	if len(p.failures) < keptFailures {
		p.failures = append(p.failures, Failure{
			Packet: p.packet.Number,
			Flow:   fmt.Sprintf("%s %v > %v", transport(f), f.Client(), f.Server()),
			Reason: fmt.Sprint(reason),
			Place:  panicked(),
		})
	}
	v := &f.Value
	v.concluded = true
	w := v.work
	if w == nil {
		return
	}
	v.work = nil
	if w.session != nil {
		p.sessions.open--
		v.answer = lastWord(w.session)
	}
	// The work is not lent again: nobody knows what state it is in.
	w.tcp.Stop(flow.FromClient, &p.bounds)
	w.tcp.Stop(flow.FromServer, &p.bounds)
	if w.sctp != nil {
		w.sctp.Stop(flow.FromClient, &p.bounds)
		w.sctp.Stop(flow.FromServer, &p.bounds)
	}
}

// lastWord is what a session that has failed knows all the same; nil if it can't say.
func lastWord(s *dissect.Session) (a *answer) {
	defer func() {
		if recover() != nil {
			a = nil
		}
	}()
	return &answer{Identification: s.Identify()}
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
