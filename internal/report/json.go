package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"net/netip"
	"time"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// schema is the version of the records.
const schema = 1

// timeFormat is RFC 3339 with all nine digits of the nanoseconds.
const timeFormat = "2006-01-02T15:04:05.000000000Z07:00"

func timestamp(ns int64) string { return time.Unix(0, ns).UTC().Format(timeFormat) }

// The records' fields are in the order in which they are written. A field that
// is not known is left out.

type portRecord struct {
	Type      string           `json:"type"`
	Schema    int              `json:"schema"`
	File      string           `json:"file,omitempty"`
	Transport string           `json:"transport"`
	Addr      netip.Addr       `json:"addr,omitzero"`
	Port      uint16           `json:"port"`
	NetNS     uint64           `json:"netns,omitempty"`
	Role      correlate.Role   `json:"role,omitempty"`
	Declared  declaredRecord   `json:"declared"`
	Observed  []observedRecord `json:"observed"`
	Owner     owner.Owner      `json:"owner,omitzero"`
	Verdict   correlate.Kind   `json:"verdict,omitempty"`
	Suspected bool             `json:"suspected,omitempty"`
	Expect    correlate.Answer `json:"expect,omitempty"`
	Why       string           `json:"why,omitempty"`
	Evidence  []correlate.Fact `json:"evidence"`

	Findings []correlate.Finding `json:"findings,omitempty"`
}

// declaredRecord is what others say of a port. Claim is the row that counts,
// Claims are all rows where there are several.
type declaredRecord struct {
	Registry []string       `json:"registry,omitempty"`
	Expect   string         `json:"expect,omitempty"`
	Claim    *claims.Claim  `json:"claim,omitempty"`
	Claims   []claims.Claim `json:"claims,omitempty"`
}

type observedRecord struct {
	Protocols  []string       `json:"protocols"`
	Flows      int            `json:"flows"`
	Role       correlate.Role `json:"role,omitempty"`
	Confidence string         `json:"confidence,omitempty"`
	Refused    int            `json:"refused,omitempty"`
}

type summaryRecord struct {
	Type        string `json:"type"`
	Schema      int    `json:"schema"`
	Packets     uint64 `json:"packets"`
	Bytes       uint64 `json:"bytes"`
	Flows       uint64 `json:"flows"`
	Dropped     uint64 `json:"dropped"`
	Truncated   uint64 `json:"truncated"`
	Malformed   uint64 `json:"malformed"`
	Evicted     uint64 `json:"evicted,omitempty"`
	Failures    uint64 `json:"failures,omitempty"`
	Unjudged    uint64 `json:"unjudged,omitempty"`
	Uninspected uint64 `json:"uninspected,omitempty"`
}

type jsonReporter struct {
	out   *bufio.Writer
	live  bool // each line is written at once
	enc   *json.Encoder
	line  flowLine
	total pipeline.Summary
}

func newJSON(w io.Writer, o Options) *jsonReporter {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(printable{out})
	enc.SetEscapeHTML(false)
	return &jsonReporter{out: out, live: o.Live, enc: enc}
}

func (j *jsonReporter) write(record any) error {
	err := j.enc.Encode(record)
	if err == nil && j.live {
		err = j.out.Flush()
	}
	return err
}

func (j *jsonReporter) Flow(f *pipeline.Flow) error   { return j.flow("flow", f) }
func (j *jsonReporter) Update(f *pipeline.Flow) error { return j.flow("update", f) }

func (j *jsonReporter) flow(kind string, f *pipeline.Flow) error {
	j.line.flow(kind, f)
	_, err := j.out.Write(j.line.text)
	if err == nil && j.live {
		err = j.out.Flush()
	}
	return err
}

func (j *jsonReporter) Change(p *pipeline.Port) error {
	return j.write(newPortRecord("verdict", p))
}

func (j *jsonReporter) Port(p *pipeline.Port) error {
	return j.write(newPortRecord("port", p))
}

// Summary adds up: the report has one summary, of all runs.
func (j *jsonReporter) Summary(s *pipeline.Summary) error {
	j.total.Add(s)
	return nil
}

func (j *jsonReporter) Close() error {
	s := &j.total
	err := j.write(summaryRecord{
		"summary", schema,
		s.Packets, s.Bytes, s.Flows, s.Dropped, s.Truncated, s.Malformed, s.Evicted, s.Failures, s.Unjudged, s.Uninspected,
	})
	return cmp.Or(j.out.Flush(), err)
}

func newPortRecord(kind string, p *pipeline.Port) *portRecord {
	r := &portRecord{
		Type: kind, Schema: schema, File: p.File,
		Transport: p.Port.Key.Transport, Addr: p.Port.Key.Addr, Port: p.Port.Key.Port, NetNS: p.Port.Key.NetNS,
		Role:     p.Verdict.Role,
		Declared: declaredRecord{Registry: p.Port.Registered, Expect: p.Port.Expect},
		Observed: make([]observedRecord, len(p.Port.Observations)),
		Owner:    p.Port.Owner,
		Verdict:  p.Verdict.Kind, Suspected: p.Verdict.Suspected, Expect: p.Verdict.Expect,
		Why: p.Verdict.Why, Evidence: notNil(p.Verdict.Evidence), Findings: p.Verdict.Findings,
	}
	if c := p.Port.Claims; len(c) > 0 {
		r.Declared.Claim = &c[0]
		if len(c) > 1 {
			r.Declared.Claims = c
		}
	}
	for i := range p.Port.Observations {
		o := &p.Port.Observations[i]
		r.Observed[i] = observedRecord{notNil(o.Protocols), o.Flows, o.Role, o.Confidence, o.Refused}
	}
	return r
}

// notNil makes an absent list an empty one, which JSON writes as [].
func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
