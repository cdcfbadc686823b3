package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// textReporter writes for a person at a terminal: per port the verdict, what it
// speaks, what it is registered as, who owns it and why; then the flows, those
// alike on one line. Live, a line appears as soon as a flow's answer is known.
type textReporter struct {
	out   *bufio.Writer
	o     Options
	paint painter
	runs  int
	ports []pipeline.Port
	flows groups
}

func newText(w io.Writer, o Options) *textReporter {
	return &textReporter{out: bufio.NewWriter(w), o: o, paint: painter(o.Color), flows: newGroups()}
}

func (t *textReporter) Flow(f *pipeline.Flow) error {
	t.flows.add(f)
	if t.o.Verbosity > 0 {
		t.flowLine(f)
		t.details(f)
	}
	return t.flushLive()
}

func (t *textReporter) Update(f *pipeline.Flow) error {
	if t.o.Verbosity >= 0 {
		t.flowLine(f)
	}
	return t.flushLive()
}

func (t *textReporter) flushLive() error {
	if t.o.Live {
		return t.out.Flush()
	}
	return nil
}

// flowLine writes one flow on one line.
func (t *textReporter) flowLine(f *pipeline.Flow) {
	fmt.Fprintf(t.out, "%s %s %s -> %s  %s", clock(f.End), carrierText(f),
		endText(f, &f.Client), endText(f, &f.Server), t.paint.stack(f.Answer.Protocols))
	for _, s := range []string{
		f.Answer.Confidence.String(), f.State,
		labelled("client", ownerText(&f.Client.Owner)),
		labelled("server", ownerText(&f.Server.Owner)),
	} {
		if s != "" {
			fmt.Fprintf(t.out, "  %s", s)
		}
	}
	fmt.Fprintln(t.out)
}

// details writes what -v adds to a flow.
func (t *textReporter) details(f *pipeline.Flow) {
	for i := range f.Answer.Evidence {
		e := &f.Answer.Evidence[i]
		fmt.Fprintf(t.out, "    %s: packet %d, %d bytes at %d from the %s, %s: %s\n", clean(e.Protocol),
			e.Packet, e.Length, e.Offset, e.Direction, clean(e.Signature), clean(e.Reason))
	}
	var a attributes
	a.gather(f.Answer.Attributes)
	for i, name := range a.names {
		fmt.Fprintf(t.out, "    %s = %s\n", clean(name), clean(a.values[i]))
	}
}

// Change writes the verdict's kind and its reason on one line.
func (t *textReporter) Change(p *pipeline.Port) error {
	if !t.wants(p) {
		return nil
	}
	kind := string(p.Verdict.Kind)
	if p.Verdict.Suspected {
		kind = "suspected " + kind
	}
	fmt.Fprintf(t.out, "%s: %s\n", t.paint.style(t.paint.verdict(p.Verdict.Kind), kind), clean(p.Verdict.Why))
	return t.flushLive()
}

// wants reports whether a port is shown: with -q, only contradictions and what
// was asked are.
func (t *textReporter) wants(p *pipeline.Port) bool {
	return t.o.Verbosity >= 0 || p.Verdict.Contradicted() || p.Port.Asked
}

// Port keeps a verdict until the run's end, where all are shown together.
func (t *textReporter) Port(p *pipeline.Port) error {
	if t.wants(p) {
		t.ports = append(t.ports, *p)
	}
	return nil
}

// Summary writes what the run found.
func (t *textReporter) Summary(s *pipeline.Summary) error {
	if t.runs++; t.runs > 1 {
		fmt.Fprintln(t.out)
	}
	if s.File != "" {
		fmt.Fprintf(t.out, "%s: ", clean(s.File))
	}
	fmt.Fprintln(t.out, summaryText(s))
	t.writePorts()
	if t.o.Verbosity >= 0 {
		t.writeFlows()
	}
	t.ports, t.flows = nil, newGroups()
	return t.out.Flush()
}

func (t *textReporter) Close() error { return t.out.Flush() }

func (t *textReporter) writePorts() {
	if len(t.ports) == 0 {
		return
	}
	sortPorts(t.ports)
	tab := table{head: []string{"VERDICT", "PORT", "SPEAKS", "REGISTERED", "OWNER"}}
	for i := range t.ports {
		p := &t.ports[i]
		tab.row(
			cell{verdictText(&p.Verdict), t.paint.verdict(p.Verdict.Kind)},
			plain(p.Port.Key.Transport+" "+pointText(p.Port.Key)),
			plain(spoken(p)),
			plain(clean(strings.Join(p.Port.Registered, " "))),
			plain(ownerText(&p.Port.Owner)),
		)
		tab.note(clean(p.Verdict.Why))
		for _, f := range p.Verdict.Findings {
			tab.note(clean(string(f.Kind) + ": " + f.Text))
		}
	}
	fmt.Fprintln(t.out)
	tab.write(t.out, t.paint)
}

func (t *textReporter) writeFlows() {
	list := t.flows.sorted()
	if len(list) == 0 {
		return
	}
	tab := table{head: []string{"FLOW", "CLIENT", "SERVER", "SPEAKS", "CONFIDENCE", "FLOWS", "PACKETS", "BYTES", "STATE"}}
	for _, g := range list {
		tab.row(
			plain(g.transport), plain(g.clientText()), plain(g.server),
			cell{cmp.Or(g.protocols, "unknown"), t.paint.known(g.protocols != "")},
			plain(g.confidence),
			plain(strconv.FormatUint(g.count, 10)),
			plain(fmt.Sprintf("%d+%d", g.packets[0], g.packets[1])),
			plain(fmt.Sprintf("%d+%d", g.bytes[0], g.bytes[1])),
			plain(g.state),
		)
	}
	fmt.Fprintln(t.out)
	tab.write(t.out, t.paint)
	if t.flows.others > 0 {
		fmt.Fprintf(t.out, "and %d more flows\n", t.flows.others)
	}
}

func sortPorts(ports []pipeline.Port) {
	slices.SortStableFunc(ports, func(a, b pipeline.Port) int {
		return cmp.Or(cmp.Compare(severity(a.Verdict.Kind), severity(b.Verdict.Kind)), a.Port.Key.Compare(b.Port.Key))
	})
}

// severity orders verdicts for reading: contradictions first.
func severity(k correlate.Kind) int {
	order := [...]correlate.Kind{
		correlate.Phantom, correlate.Mismatch, correlate.Unidentified, correlate.Unregistered,
		correlate.Silent, correlate.ClientEnd, correlate.Confirmed,
	}
	if i := slices.Index(order[:], k); i >= 0 {
		return i
	}
	return len(order)
}

func verdictText(v *correlate.Verdict) string {
	s := cmp.Or(string(v.Kind), "-")
	if v.Suspected {
		s += "?"
	}
	return s
}

// spoken lists the stacks seen at a port, each once, the server's own first.
func spoken(p *pipeline.Port) string {
	var parts []string
	for i := range p.Port.Observations {
		o := &p.Port.Observations[i]
		if len(o.Protocols) == 0 {
			continue
		}
		s := clean(strings.Join(o.Protocols, " "))
		if o.Role == correlate.Client {
			s += " (as client)"
		}
		if !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}

func summaryText(s *pipeline.Summary) string {
	text := fmt.Sprintf("%d packets, %d bytes, %d flows", s.Packets, s.Bytes, s.Flows)
	for _, c := range []struct {
		n    uint64
		what string
	}{
		{s.Dropped, "dropped"},
		{s.Truncated, "truncated"},
		{s.Malformed, "malformed"},
		{s.Evicted, "flows given up for want of room"},
		{s.Failures, "failures of dissectors"},
		{s.Unjudged, "ends of flows without a verdict for want of room"},
		{s.Uninspected, "with payload that was not looked at for want of time"},
	} {
		if c.n > 0 {
			text += fmt.Sprintf(", %d %s", c.n, c.what)
		}
	}
	return text
}
