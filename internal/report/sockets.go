package report

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
)

// Socket is a row of the socket table with the names of its local port.
type Socket struct {
	owner.Socket
	Registered []string
	// Spoken is what the port was seen to speak; nil where nothing is known of it.
	Spoken []Spoken
	// Verdict is what was made of that.
	Verdict correlate.Kind
}

// SocketOptions are the choices of a list of sockets. The zero value is usable.
type SocketOptions struct {
	// Color asks for colours (text only).
	Color bool
	// Extended puts below each row what else is known of its owner (text only;
	// the other formats always have it).
	Extended bool
	// Elevate says how to see owners that are hidden, "run as root" (text only).
	Elevate string
}

// SocketFormats lists the names that [Sockets] knows.
func SocketFormats() []string { return []string{"text", "json", "csv"} }

// Sockets writes a socket table in a format; see [SocketFormats].
func Sockets(format string, w io.Writer, rows []Socket, o SocketOptions) error {
	switch format {
	case "text":
		return socketsText(w, rows, o)
	case "json":
		return socketsJSON(w, rows)
	case "csv":
		return socketsCSV(w, rows)
	}
	return fmt.Errorf("unknown format %q: choose one of %s", format, strings.Join(SocketFormats(), ", "))
}

// socketColumn is a column of the text table.
type socketColumn struct {
	head string
	cell func(*Socket) cell
	// optional columns are left out where no row has anything in them.
	optional bool
}

// columns are in ss's order, with what ss does not know behind the process.
func (o SocketOptions) columns() []socketColumn {
	return []socketColumn{
		{head: "NETID", cell: func(s *Socket) cell { return plain(s.Transport) }},
		{head: "STATE", cell: func(s *Socket) cell { return plain(s.State) }},
		{head: "LOCAL", cell: func(s *Socket) cell { return plain(socketEnd(s.Local)) }},
		{head: "PEER", cell: func(s *Socket) cell { return plain(socketEnd(s.Remote)) }},
		{head: "NETNS", cell: func(s *Socket) cell { return plain(netNS(s.NetNS)) }, optional: true},
		{head: "REGISTERED", cell: func(s *Socket) cell { return plain(some(s.Registered, " ")) }},
		{head: "SPOKE", cell: func(s *Socket) cell { return cell{spokenText(s.Spoken), bold} }, optional: true},
		{head: "VERDICT", cell: func(s *Socket) cell { return cell{clean(string(s.Verdict)), painter(true).verdict(s.Verdict)} }, optional: true},
		{head: "OWNER", cell: func(s *Socket) cell { return o.ownerCell(&s.Owner) }},
		{head: "SERVICE", cell: func(s *Socket) cell { return plain(serviceText(&s.Owner)) }, optional: true},
		{head: "CONTAINER", cell: func(s *Socket) cell { return plain(containerText(&s.Owner)) }, optional: true},
	}
}

func socketsText(w io.Writer, rows []Socket, o SocketOptions) error {
	var tab table
	cells := make([][]cell, len(rows))
	for _, c := range o.columns() {
		column := make([]cell, len(rows))
		used := !c.optional
		for i := range rows {
			column[i] = c.cell(&rows[i])
			used = used || column[i].text != ""
		}
		if !used {
			continue
		}
		tab.head = append(tab.head, c.head)
		for i := range rows {
			cells[i] = append(cells[i], column[i])
		}
	}
	for i := range rows {
		tab.row(cells[i]...)
		if o.Extended {
			for _, note := range details(&rows[i]) {
				tab.note(note)
			}
		}
	}
	out := bufio.NewWriter(w)
	tab.write(out, painter(o.Color))
	return out.Flush()
}

func socketEnd(a netip.AddrPort) string {
	switch {
	case !a.IsValid() || a.Port() == 0:
		return "*"
	case a.Addr().IsUnspecified():
		if a.Addr().Is4() {
			return "0.0.0.0:" + strconv.Itoa(int(a.Port()))
		}
		return "[::]:" + strconv.Itoa(int(a.Port()))
	}
	return clean(a.String())
}

func netNS(inode uint64) string {
	if inode == 0 {
		return ""
	}
	return strconv.FormatUint(inode, 10)
}

// listWidth is how much of a list the table shows, in characters; the first
// item is always shown.
const listWidth = 20

// some shows as much of a list as fits, and how many items do not.
func some(list []string, separator string) string {
	var text string
	for i, item := range list {
		item = clean(item)
		if i > 0 && len(text)+len(separator)+len(item) > listWidth {
			return fmt.Sprintf("%s%s+%d", text, separator, len(list)-i)
		}
		if i > 0 {
			text += separator
		}
		text += item
	}
	return text
}

// cut reports whether some leaves items out.
func cut(list []string, separator string) bool {
	return some(list, separator) != clean(strings.Join(list, separator))
}

// details are the lines of the extended table: what the row itself has no room
// for. What is not known has no line.
func details(s *Socket) []string {
	o := &s.Owner
	var lines []string
	line := func(label, text string) {
		if text != "" {
			lines = append(lines, label+": "+text)
		}
	}
	line("user", clean(o.User))
	line("executable", clean(o.Exe))
	line("command line", clean(o.CommandLine))
	line("started by", ancestors(o.Parent))
	if cut(o.Services, ", ") {
		line("services", clean(strings.Join(o.Services, ", ")))
	}
	if o.Unit != "" && !strings.Contains(serviceText(o), clean(o.Unit)) {
		line("unit", clean(o.Unit))
	}
	line("reserved with HTTP.sys", clean(strings.Join(o.URLs, ", ")))
	line("modules", clean(strings.Join(o.Modules, ", ")))
	line("container", containerDetails(o))
	line("pod", clean(o.Pod))
	if cut(s.Registered, " ") {
		line("registered", clean(strings.Join(s.Registered, " ")))
	}
	if len(o.Candidates) > candidatesShown {
		line("candidates", processes(o.Candidates, len(o.Candidates)))
	}
	return slices.Clip(lines)
}
