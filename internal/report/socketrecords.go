package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
)

// socketRecord is a row of the socket table; package claims reads it back. Its
// fields are in the order in which they are written.
type socketRecord struct {
	Type       string         `json:"type"`
	Schema     int            `json:"schema"`
	Transport  string         `json:"transport"`
	Local      netip.AddrPort `json:"local"`
	Remote     netip.AddrPort `json:"remote,omitzero"`
	State      string         `json:"state,omitempty"`
	NetNS      uint64         `json:"netns,omitempty"`
	Registered []string       `json:"registered,omitempty"`
	Spoken     []Spoken       `json:"spoken,omitempty"`
	Verdict    correlate.Kind `json:"verdict,omitempty"`
	Owner      owner.Owner    `json:"owner"`
}

func newSocketRecord(kind string, s *Socket) socketRecord {
	return socketRecord{kind, schema, s.Transport, s.Local, s.Remote, s.State, s.NetNS, s.Registered, s.Spoken, s.Verdict, s.Owner}
}

// socketsJSON writes one object a line.
func socketsJSON(w io.Writer, rows []Socket) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(printable{out})
	enc.SetEscapeHTML(false)
	for i := range rows {
		r := newSocketRecord("socket", &rows[i])
		if err := enc.Encode(&r); err != nil {
			return err
		}
	}
	return out.Flush()
}

// socketColumns are the columns of the CSV format. What is not known is empty;
// lists are separated by spaces, except for services, which may hold some. New
// columns are added at the end only.
var socketColumns = [...]string{
	"transport", "state", "local_addr", "local_port", "remote_addr", "remote_port", "netns", "registered",
	"pid", "process", "exe", "user", "services", "unit", "socket_unit", "container", "container_name", "pod",
	"reason", "candidates", "spoken", "verdict",
}

// socketsCSV writes one line per socket, RFC 4180.
func socketsCSV(w io.Writer, rows []Socket) error {
	out := csv.NewWriter(w)
	err := out.Write(socketColumns[:])
	for i := 0; i < len(rows) && err == nil; i++ {
		line := socketLine(&rows[i])
		err = out.Write(line[:])
	}
	out.Flush()
	if err != nil {
		return err
	}
	return out.Error()
}

func socketLine(s *Socket) [len(socketColumns)]string {
	o := &s.Owner
	line := [len(socketColumns)]string{
		0: s.Transport, 1: csvText(s.State),
		6: netNS(s.NetNS), 7: csvText(strings.Join(s.Registered, " ")),
		8: pid(o.PID), 9: csvText(o.Name), 10: csvText(o.Exe), 11: csvText(o.User),
		12: csvText(strings.Join(o.Services, ",")), 13: csvText(o.Unit), 14: csvText(o.SocketUnit),
		15: csvText(o.Container), 16: csvText(o.ContainerName), 17: csvText(o.Pod),
		18: string(o.Reason), 19: candidates(o.Candidates), 20: csvText(spokenText(s.Spoken)), 21: csvText(string(s.Verdict)),
	}
	line[2], line[3] = csvEnd(s.Local)
	line[4], line[5] = csvEnd(s.Remote)
	return line
}

func csvEnd(end netip.AddrPort) (addr, port string) {
	if !end.IsValid() {
		return "", ""
	}
	return csvText(end.Addr().String()), count(uint64(end.Port()))
}

func candidates(list []owner.Process) string {
	pids := make([]string, len(list))
	for i := range list {
		pids[i] = strconv.Itoa(list[i].PID)
	}
	return strings.Join(pids, " ")
}
