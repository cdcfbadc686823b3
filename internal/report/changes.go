package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sniffid/sniffid/correlate/owner"
)

// Change is what became of a listener, with the names of its port.
type Change struct {
	owner.Change
	Time       time.Time
	Registered []string
}

// ChangeWriter writes changes as they come, a line each.
type ChangeWriter func(c *Change) error

// Changes returns the writer of a format; see [SocketFormats].
func Changes(format string, w io.Writer, o SocketOptions) (ChangeWriter, error) {
	switch format {
	case "text":
		return changesText(w, o), nil
	case "json":
		return changesJSON(w), nil
	case "csv":
		return changesCSV(w)
	}
	return nil, fmt.Errorf("unknown format %q: choose one of %s", format, strings.Join(SocketFormats(), ", "))
}

// Widths of the columns, whose cells are not known beforehand; wider ones push the
// rest of their line to the right.
const (
	eventWidth = len("appeared")
	netidWidth = len("sctp")
	endWidth   = len("255.255.255.255:65535")
	nameWidth  = 14
	ownerWidth = 22
)

// moment is how the text format gives times: for somebody who has just pressed a key.
const moment = "15:04:05.0"

func changesText(w io.Writer, o SocketOptions) ChangeWriter {
	p := painter(o.Color)
	styles := map[owner.Event]style{owner.Appeared: green, owner.Gone: red, owner.Changed: yellow}
	return func(c *Change) error {
		s := Socket{Socket: c.Socket, Registered: c.Registered}
		where := socketEnd(s.Local)
		if s.NetNS != 0 {
			where += " netns " + netNS(s.NetNS)
		}
		line := c.Time.Local().Format(moment)
		for _, column := range []struct {
			cell  cell
			width int
		}{
			{cell{string(c.Event), styles[c.Event]}, eventWidth},
			{plain(s.Transport), netidWidth},
			{plain(where), endWidth},
			{plain(some(s.Registered, " ")), nameWidth},
			{o.ownerCell(&s.Owner), ownerWidth},
			{plain(reasonOf(c)), 0},
		} {
			pad := max(0, column.width-utf8.RuneCountInString(column.cell.text))
			line += "  " + p.style(column.cell.style, column.cell.text) + strings.Repeat(" ", pad)
		}
		_, err := fmt.Fprintln(w, strings.TrimRight(line, " "))
		return err
	}
}

// reasonOf says what else happened at the moment of a change.
func reasonOf(c *Change) string {
	var parts []string
	add := func(names []string, verb string) {
		for _, name := range names {
			parts = append(parts, clean(name)+" "+verb)
		}
	}
	restarted, stopped, started := restarts(c)
	add(restarted, "restarted")
	add(stopped, "stopped")
	add(started, "started")
	switch previous := processText(c.Previous.PID, c.Previous.Name); {
	case len(parts) > 0:
	case c.Event == owner.Gone && c.Ended:
		parts = append(parts, "its process ended"+within(&c.Socket.Owner))
	case c.Event == owner.Gone && c.Socket.Owner.PID != 0:
		parts = append(parts, "its process goes on"+within(&c.Socket.Owner))
	case c.Event == owner.Appeared && c.Began:
		parts = append(parts, "by a new process"+within(&c.Socket.Owner))
	case c.Event == owner.Appeared && c.Socket.Owner.PID != 0:
		parts = append(parts, "by a process that ran already"+within(&c.Socket.Owner))
	case c.Event == owner.Changed && previous != "":
		parts = append(parts, "was "+previous)
	}
	return strings.Join(parts, ", ")
}

// within names the service of a process that did not begin or end with it.
func within(o *owner.Owner) string {
	if name := serviceText(o); name != "" {
		return " (" + name + ")"
	}
	return ""
}

// restarts takes apart what both stopped and started.
func restarts(c *Change) (both, stopped, started []string) {
	begun := map[string]bool{}
	for _, name := range c.Started {
		begun[name] = true
	}
	for _, name := range c.Stopped {
		if begun[name] {
			both = append(both, name)
			delete(begun, name)
		} else {
			stopped = append(stopped, name)
		}
	}
	for _, name := range c.Started {
		if begun[name] {
			started = append(started, name)
		}
	}
	return both, stopped, started
}

// changeRecord is a socket's record with what became of the socket.
type changeRecord struct {
	socketRecord
	Event    owner.Event  `json:"event"`
	Time     string       `json:"time"`
	Previous *owner.Owner `json:"previous,omitempty"`
	Stopped  []string     `json:"stopped,omitempty"`
	Started  []string     `json:"started,omitempty"`
	Ended    bool         `json:"ended,omitempty"`
	Began    bool         `json:"began,omitempty"`
}

func changesJSON(w io.Writer) ChangeWriter {
	enc := json.NewEncoder(printable{w})
	enc.SetEscapeHTML(false)
	return func(c *Change) error {
		r := changeRecord{
			socketRecord: newSocketRecord("change", &Socket{Socket: c.Socket, Registered: c.Registered}),
			Event:        c.Event, Time: timestamp(c.Time.UnixNano()),
			Stopped: c.Stopped, Started: c.Started, Ended: c.Ended, Began: c.Began,
		}
		if c.Event == owner.Changed {
			r.Previous = &c.Previous
		}
		return enc.Encode(&r)
	}
}

// changesCSV has the columns of the socket table behind its own.
func changesCSV(w io.Writer) (ChangeWriter, error) {
	out := csv.NewWriter(w)
	write := func(line []string) error {
		if err := out.Write(line); err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	}
	err := write(append([]string{"time", "event", "stopped", "started"}, socketColumns[:]...))
	return func(c *Change) error {
		line := socketLine(&Socket{Socket: c.Socket, Registered: c.Registered})
		return write(append([]string{
			timestamp(c.Time.UnixNano()), string(c.Event), csvText(strings.Join(c.Stopped, ",")), csvText(strings.Join(c.Started, ",")),
		}, line[:]...))
	}, err
}
