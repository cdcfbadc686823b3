package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// schema is the version of the records.
const schema = 1

// timeFormat is RFC 3339 with all nine digits of the nanoseconds.
const timeFormat = "2006-01-02T15:04:05.000000000Z07:00"

func timestamp(ns int64) string { return time.Unix(0, ns).UTC().Format(timeFormat) }

// The records' fields are in the order in which they are written. A field that
// is not known is left out.

type flowRecord struct {
	Type        string            `json:"type"`
	Schema      int               `json:"schema"`
	File        string            `json:"file,omitempty"`
	Start       string            `json:"start"`
	End         string            `json:"end"`
	CommunityID string            `json:"community_id,omitempty"`
	Network     string            `json:"network,omitempty"`
	Transport   string            `json:"transport"`
	EtherType   string            `json:"ethertype,omitempty"`
	LLC         string            `json:"llc,omitempty"`
	SNAP        string            `json:"snap,omitempty"`
	PPP         string            `json:"ppp,omitempty"`
	IPProto     *uint64           `json:"ip_proto,omitempty"`
	Client      endRecord         `json:"client"`
	Server      endRecord         `json:"server"`
	Roles       string            `json:"roles"`
	State       string            `json:"state,omitempty"`
	Tunnel      []string          `json:"tunnel"`
	Protocols   []string          `json:"protocols"`
	Confidence  string            `json:"confidence,omitempty"`
	Evidence    []evidenceRecord  `json:"evidence"`
	Attributes  map[string]string `json:"attributes,omitempty"`
}

type endRecord struct {
	Addr    string      `json:"addr,omitempty"`
	Port    *uint16     `json:"port,omitempty"`
	Packets uint64      `json:"packets"`
	Bytes   uint64      `json:"bytes"`
	Owner   owner.Owner `json:"owner,omitzero"`
}

type evidenceRecord struct {
	Protocol   string `json:"protocol"`
	Signature  string `json:"signature,omitempty"`
	Confidence string `json:"confidence,omitempty"`
	Direction  string `json:"direction"`
	Packet     uint64 `json:"packet"`
	Offset     int    `json:"offset"`
	Length     int    `json:"length"`
	Reason     string `json:"reason,omitempty"`
}

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
	Type      string `json:"type"`
	Schema    int    `json:"schema"`
	Packets   uint64 `json:"packets"`
	Bytes     uint64 `json:"bytes"`
	Flows     uint64 `json:"flows"`
	Dropped   uint64 `json:"dropped"`
	Truncated uint64 `json:"truncated"`
	Malformed uint64 `json:"malformed"`
}

type jsonReporter struct {
	out   *bufio.Writer
	live  bool // each line is written at once
	enc   *json.Encoder
	total pipeline.Summary
}

func newJSON(w io.Writer, o Options) *jsonReporter {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
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

func (j *jsonReporter) Flow(f *pipeline.Flow) error { return j.write(newFlowRecord("flow", f)) }
func (j *jsonReporter) Update(f *pipeline.Flow) error {
	return j.write(newFlowRecord("update", f))
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
		s.Packets, s.Bytes, s.Flows, s.Dropped, s.Truncated, s.Malformed,
	})
	return cmp.Or(j.out.Flush(), err)
}

func newFlowRecord(kind string, f *pipeline.Flow) *flowRecord {
	r := &flowRecord{
		Type: kind, Schema: schema, File: f.File,
		Start: timestamp(f.Start), End: timestamp(f.End),
		CommunityID: f.CommunityID, Network: f.Network, Transport: f.Transport,
		Client: newEndRecord(f, &f.Client), Server: newEndRecord(f, &f.Server),
		Roles: f.Roles.String(), State: f.State,
		Tunnel:     notNil(f.Tunnel),
		Protocols:  notNil(f.Answer.Protocols),
		Confidence: f.Answer.Confidence.String(),
		Evidence:   make([]evidenceRecord, len(f.Answer.Evidence)),
		Attributes: attributes(f.Answer.Attributes),
	}
	for i := range f.Answer.Evidence {
		e := &f.Answer.Evidence[i]
		r.Evidence[i] = evidenceRecord{
			e.Protocol, e.Signature, e.Confidence.String(), e.Direction.String(),
			e.Packet, e.Offset, e.Length, e.Reason,
		}
	}
	r.carrier(f)
	return r
}

// carrier adds the number that says what a flow without ports carries.
func (r *flowRecord) carrier(f *pipeline.Flow) {
	c := f.Carrier
	switch c.Field {
	case "eth":
		r.EtherType = c.Hex()
	case "llc":
		r.LLC = c.Hex()
	case "snap":
		r.SNAP = c.Hex()
	case "ppp":
		r.PPP = c.Hex()
	case "ip":
		if f.Transport == "ip" {
			r.IPProto = &c.Number
		}
	}
}

func newEndRecord(f *pipeline.Flow, e *pipeline.End) endRecord {
	r := endRecord{Addr: e.Address(), Packets: e.Packets, Bytes: e.Bytes, Owner: e.Owner}
	if f.HasPorts() {
		r.Port = &e.Port
	}
	return r
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

// attributes puts facts of the same name together: the first value stands, and
// different ones are appended to it.
func attributes(list []dissect.Attribute) map[string]string {
	if len(list) == 0 {
		return nil
	}
	values := make(map[string][]string, len(list))
	for _, a := range list {
		if !slices.Contains(values[a.Name], a.Value) {
			values[a.Name] = append(values[a.Name], a.Value)
		}
	}
	m := make(map[string]string, len(values))
	for name, v := range values {
		m[name] = strings.Join(v, ", ")
	}
	return m
}

// notNil makes an absent list an empty one, which JSON writes as [].
func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
