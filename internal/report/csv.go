package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/internal/pipeline"
)

// csvColumns are the columns of the CSV format. The first says whether a line
// is a flow or a port; columns that do not apply are empty. Lists are separated
// by spaces. New columns are added at the end only.
var csvColumns = [...]string{
	"type", "file", "transport",
	// Of a flow.
	"start", "end", "network", "client_addr", "client_port", "server_addr", "server_port",
	"client_packets", "server_packets", "client_bytes", "server_bytes",
	"client_pid", "client_process", "server_pid", "server_process",
	"roles", "state", "protocols", "confidence", "community_id",
	// Of a port.
	"addr", "port", "role", "registered", "claimed", "pid", "process", "verdict", "why",
	// Of a flow without ports.
	"carrier",
}

// csvReporter writes one line per flow and per port, RFC 4180.
type csvReporter struct {
	w   *csv.Writer
	row [len(csvColumns)]string
	err error // of writing the header
}

func newCSV(w io.Writer) *csvReporter {
	c := &csvReporter{w: csv.NewWriter(w)}
	c.err = c.w.Write(csvColumns[:])
	return c
}

func (c *csvReporter) Flow(f *pipeline.Flow) error {
	c.row = [len(csvColumns)]string{
		0:  "flow",
		1:  f.File,
		2:  f.Transport,
		3:  timestamp(f.Start),
		4:  timestamp(f.End),
		5:  f.Network,
		6:  f.Client.Address(),
		8:  f.Server.Address(),
		10: count(f.Client.Packets),
		11: count(f.Server.Packets),
		12: count(f.Client.Bytes),
		13: count(f.Server.Bytes),
		14: pid(f.Client.Owner.PID),
		15: f.Client.Owner.Name,
		16: pid(f.Server.Owner.PID),
		17: f.Server.Owner.Name,
		18: f.Roles.String(),
		19: f.State,
		20: strings.Join(f.Answer.Protocols, " "),
		21: f.Answer.Confidence.String(),
		22: f.CommunityID,
		32: f.Carrier.String(),
	}
	if f.HasPorts() {
		c.row[7], c.row[9] = count(uint64(f.Client.Port)), count(uint64(f.Server.Port))
	}
	return c.write()
}

// Update writes nothing: a flow has one line, when it has ended.
func (c *csvReporter) Update(*pipeline.Flow) error { return nil }

// Change writes nothing: a port has one line, at the end.
func (c *csvReporter) Change(*pipeline.Port) error { return nil }

func (c *csvReporter) Port(p *pipeline.Port) error {
	c.row = [len(csvColumns)]string{
		0:  "port",
		1:  p.File,
		2:  p.Port.Key.Transport,
		20: observed(p),
		23: p.Port.Key.Addr.String(),
		24: count(uint64(p.Port.Key.Port)),
		25: string(p.Verdict.Role),
		26: strings.Join(p.Port.Registered, " "),
		28: pid(p.Port.Owner.PID),
		29: p.Port.Owner.Name,
		30: string(p.Verdict.Kind),
		31: p.Verdict.Why,
	}
	if len(p.Port.Claims) > 0 {
		c.row[27] = p.Port.Claims[0].State
	}
	return c.write()
}

func (c *csvReporter) Summary(*pipeline.Summary) error { return c.Close() }

func (c *csvReporter) Close() error {
	c.w.Flush()
	if c.err != nil {
		return c.err
	}
	return c.w.Error()
}

func (c *csvReporter) write() error {
	if c.err != nil {
		return c.err
	}
	for i := range c.row {
		c.row[i] = csvText(c.row[i])
	}
	return c.w.Write(c.row[:])
}

// observed is the stack that most flows of the port carried.
func observed(p *pipeline.Port) string {
	best, flows := "", 0
	for i := range p.Port.Observations {
		if o := &p.Port.Observations[i]; len(o.Protocols) > 0 && o.Flows > flows {
			best, flows = strings.Join(o.Protocols, " "), o.Flows
		}
	}
	return best
}

// csvText is text for a cell: without control characters, and without what a
// spreadsheet takes for the beginning of a formula.
func csvText(s string) string {
	s = clean(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		s = "'" + s
	}
	return s
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }

func pid(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
