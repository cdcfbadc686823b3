package report

import (
	"bufio"
	"cmp"
	"io"
	"time"

	"github.com/sniffid/sniffid/internal/pipeline"
)

// schema is the version of the records.
const schema = 1

// timeFormat is RFC 3339 with all nine digits of the nanoseconds.
const timeFormat = "2006-01-02T15:04:05.000000000Z07:00"

func timestamp(ns int64) string { return time.Unix(0, ns).UTC().Format(timeFormat) }

type jsonReporter struct {
	out   *bufio.Writer
	live  bool // each line is written at once
	line  jsonLine
	total pipeline.Summary
}

func newJSON(w io.Writer, o Options) *jsonReporter {
	return &jsonReporter{out: bufio.NewWriter(w), live: o.Live}
}

// write writes the line.
func (j *jsonReporter) write() error {
	_, err := j.out.Write(j.line.text)
	if err == nil && j.live {
		err = j.out.Flush()
	}
	return err
}

func (j *jsonReporter) flow(kind string, f *pipeline.Flow) error {
	j.line.flow(kind, f)
	return j.write()
}

func (j *jsonReporter) port(kind string, p *pipeline.Port) error {
	j.line.port(kind, p)
	return j.write()
}

func (j *jsonReporter) Flow(f *pipeline.Flow) error   { return j.flow("flow", f) }
func (j *jsonReporter) Update(f *pipeline.Flow) error { return j.flow("update", f) }
func (j *jsonReporter) Change(p *pipeline.Port) error { return j.port("verdict", p) }
func (j *jsonReporter) Port(p *pipeline.Port) error   { return j.port("port", p) }

// Summary adds up: the report has one summary, of all runs.
func (j *jsonReporter) Summary(s *pipeline.Summary) error {
	j.total.Add(s)
	return nil
}

func (j *jsonReporter) Close() error {
	s := &j.total
	j.line.summary(s)
	err := j.write()
	return cmp.Or(j.out.Flush(), err)
}

func (l *jsonLine) summary(s *pipeline.Summary) {
	l.begin("summary")
	l.name("packets").uint(s.Packets)
	l.name("bytes").uint(s.Bytes)
	l.name("flows").uint(s.Flows)
	l.name("dropped").uint(s.Dropped)
	l.name("truncated").uint(s.Truncated)
	l.name("malformed").uint(s.Malformed)
	l.count("evicted", s.Evicted)
	l.count("failures", s.Failures)
	l.count("unjudged", s.Unjudged)
	l.count("uninspected", s.Uninspected)
	l.finish()
}
