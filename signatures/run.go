package signatures

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// Outcome is what was made of an example.
type Outcome struct {
	Identification dissect.Identification
	Expectations   []dissect.Expectation
}

// Runner identifies an example's exchange.
type Runner interface {
	Run(e *Example) (Outcome, error)
}

// ErrSkip is a Runner's answer to an example that it can't run, such as one
// from a capture.
var ErrSkip = errors.New("example skipped")

// Failure is an example with another outcome than it says.
type Failure struct {
	Example *Example
	Msg     string
}

func (f Failure) Error() string {
	kind := "example"
	if f.Example.Counter {
		kind = "counterexample"
	}
	return fmt.Sprintf("%s:%d: %s %q: %s", f.Example.File.Path, f.Example.Line, kind, f.Example.Name, f.Msg)
}

// RunExamples runs all examples and counterexamples of a set. The error is that
// of files whose examples can't be read.
func RunExamples(s *Set, r Runner) (failures []Failure, err error) {
	var errs []error
	for _, f := range s.files {
		fails, err := f.RunExamples(r)
		failures = append(failures, fails...)
		errs = append(errs, err)
	}
	return failures, errors.Join(errs...)
}

// RunExamples runs the examples and counterexamples of one file.
func (f *File) RunExamples(r Runner) (failures []Failure, err error) {
	examples, err := f.Examples()
	for _, e := range examples {
		if err != nil {
			break
		}
		out, err := r.Run(e)
		switch {
		case errors.Is(err, ErrSkip):
		case err != nil:
			failures = append(failures, Failure{e, err.Error()})
		default:
			for _, msg := range e.Compare(out) {
				failures = append(failures, Failure{e, msg})
			}
		}
	}
	return failures, err
}

// Compare lists how an outcome differs from what the example says.
func (e *Example) Compare(out Outcome) (diffs []string) {
	id := out.Identification
	stack := strings.Join(id.Protocols, ",")
	if e.Counter && slices.Contains(id.Protocols, e.File.Protocol) {
		diffs = append(diffs, fmt.Sprintf("must not be %s, is [%s]", e.File.Protocol, stack))
	}
	if e.Protocols != nil && !slices.Equal(e.Protocols, id.Protocols) {
		diffs = append(diffs, fmt.Sprintf("protocols are [%s], not [%s]", stack, strings.Join(e.Protocols, ",")))
	}
	if got := id.Confidence.String(); e.Confidence != "" && got != e.Confidence {
		diffs = append(diffs, fmt.Sprintf("confidence is %q, not %q", got, e.Confidence))
	}
	values := map[string][]string{}
	for _, a := range id.Attributes {
		values[a.Name] = append(values[a.Name], a.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Attributes)) {
		want := e.Attributes[name]
		if got := values[name]; !slices.Contains(got, want) && strings.Join(got, ", ") != want {
			diffs = append(diffs, fmt.Sprintf("%s is %q, not %q", name, strings.Join(got, ", "), want))
		}
	}
	var announced []string
	for _, x := range out.Expectations {
		announced = append(announced, fmt.Sprintf("%s/%d=%s", x.Transport, x.Port, strings.Join(x.Protocols, "+")))
	}
	for _, want := range e.Expects {
		// The stack may go on above what the example says.
		if !slices.ContainsFunc(announced, func(a string) bool { return a == want || strings.HasPrefix(a, want+"+") }) {
			diffs = append(diffs, fmt.Sprintf("%s is not announced, only %v", want, announced))
		}
	}
	return diffs
}

// EngineRunner is a Runner on an engine. Examples from captures are skipped.
type EngineRunner struct {
	Engine *dissect.Engine
	// Cut is the longest segment of a TCP exchange in bytes; longer ones are
	// split. 0: as the example has them.
	Cut int
}

// Run implements [Runner].
func (r EngineRunner) Run(e *Example) (Outcome, error) {
	if e.Exchange == nil {
		return Outcome{}, ErrSkip
	}
	s := r.Engine.NewSession(dissect.Context{Client: e.Client, Server: e.Server, Transport: e.Transport})
	stream := e.Transport == "tcp"
	var seen [2]bool
	for _, t := range e.Exchange {
		seen[t.From] = true
	}
	opened := stream && !e.Middle
	if opened {
		s.RolesKnown()
	}
	if opened || seen[0] && seen[1] {
		s.SeenBothWays()
	}
	var out Outcome
	var begun [2]bool
	packet := uint64(0)
	for _, t := range e.Exchange {
		for data := t.Data; len(data) > 0; {
			n := len(data)
			if r.Cut > 0 && stream {
				n = min(n, r.Cut)
			}
			packet++
			s.Observe(t.From, flow.Segment{
				Data: data[:n], Size: n, Packet: packet, Start: opened && !begun[t.From], PPID: e.PPID,
			})
			begun[t.From] = true
			data = data[n:]
		}
		out.Expectations = append(out.Expectations, s.Expectations()...)
	}
	if opened {
		s.End(flow.FromClient)
		s.End(flow.FromServer)
		out.Expectations = append(out.Expectations, s.Expectations()...)
	}
	out.Identification = s.Identify()
	return out, nil
}
