// Package report writes results: as text for a terminal, as JSON lines and CSV
// for programs, as one HTML page for a colleague.
//
// Everything that comes from a packet is hostile: every format escapes what its
// reader could take for an instruction (terminal sequences, markup).
package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/sniffid/sniffid/internal/pipeline"
)

// Reporter receives results in this order: flows as they end, updates and
// changes while they run, then the run's ports, then its summary; several runs
// may follow each other; Close ends the report. A Reporter is not safe for concurrent use.
// The values are the caller's again when a method returns.
type Reporter interface {
	// Flow reports a flow that has ended, or that was open at the run's end.
	Flow(f *pipeline.Flow) error
	// Update reports a running flow whose answer became known or changed.
	Update(f *pipeline.Flow) error
	// Change reports an end point whose verdict became known or changed while
	// the run goes on.
	Change(p *pipeline.Port) error
	// Port reports the verdict about an end point, at the run's end.
	Port(p *pipeline.Port) error
	// Summary ends a run.
	Summary(s *pipeline.Summary) error
	// Close writes what is still held back. It does not close the writer.
	Close() error
}

// Options are the choices of a report. The zero value is usable.
type Options struct {
	// Color asks for colours (text only).
	Color bool
	// Verbosity is 0 for the usual amount; above, text also shows every flow
	// with its evidence and attributes; below, only contradictions.
	Verbosity int
	// Live says that the results are those of a running capture.
	Live bool
}

// Formats lists the names that [New] knows.
func Formats() []string { return []string{"text", "json", "csv", "html"} }

// New returns the reporter of a format; see [Formats].
func New(format string, w io.Writer, o Options) (Reporter, error) {
	switch format {
	case "text":
		return newText(w, o), nil
	case "json":
		return newJSON(w, o), nil
	case "csv":
		return newCSV(w), nil
	case "html":
		return newHTML(w), nil
	}
	return nil, fmt.Errorf("unknown format %q: choose one of %s", format, strings.Join(Formats(), ", "))
}
