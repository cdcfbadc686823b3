package report

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/pipeline"
)

//go:embed page.html
var pageHTML string

// htmlReporter gathers everything and writes one self-contained page: no
// script, nothing loaded from elsewhere. Flows are grouped as in text.
type htmlReporter struct {
	w    io.Writer
	now  func() time.Time
	runs []htmlRun
	run  htmlRun
	flow groups
}

type htmlRun struct {
	Summary pipeline.Summary
	Ports   []pipeline.Port
	Flows   []htmlFlow
	Others  uint64
}

type htmlFlow struct {
	Transport, Client, Server, Protocols, Confidence, State string
	Count, Packets, Bytes                                   uint64
}

func newHTML(w io.Writer) *htmlReporter { return &htmlReporter{w: w, now: time.Now, flow: newGroups()} }

func (h *htmlReporter) Flow(f *pipeline.Flow) error {
	h.flow.add(f)
	return nil
}

// Update writes nothing: the page shows what was known at the end.
func (h *htmlReporter) Update(*pipeline.Flow) error { return nil }

// Change writes nothing, for the same reason.
func (h *htmlReporter) Change(*pipeline.Port) error { return nil }

func (h *htmlReporter) Port(p *pipeline.Port) error {
	h.run.Ports = append(h.run.Ports, *p)
	return nil
}

func (h *htmlReporter) Summary(s *pipeline.Summary) error {
	h.run.Summary = *s
	sortPorts(h.run.Ports)
	for _, g := range h.flow.sorted() {
		h.run.Flows = append(h.run.Flows, htmlFlow{
			g.transport, g.clientText(), g.server, g.protocols, g.confidence, g.state,
			g.count, g.packets[0] + g.packets[1], g.bytes[0] + g.bytes[1],
		})
	}
	h.run.Others = h.flow.others
	h.runs = append(h.runs, h.run)
	h.run, h.flow = htmlRun{}, newGroups()
	return nil
}

func (h *htmlReporter) Close() error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"clean":   clean,
		"join":    func(s []string) string { return clean(strings.Join(s, " ")) },
		"owner":   func(o owner.Owner) string { return ownerText(&o) },
		"point":   pointText,
		"spoken":  func(p pipeline.Port) string { return spoken(&p) },
		"summary": func(s pipeline.Summary) string { return summaryText(&s) },
		"verdict": func(v correlate.Verdict) string { return verdictText(&v) },
		"now":     func() string { return h.now().UTC().Format(time.RFC3339) },
	}).Parse(pageHTML)
	if err != nil {
		return err
	}
	return page.Execute(h.w, h.runs)
}
