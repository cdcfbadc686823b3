package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/netip"
	"strconv"
	"strings"

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
	Owner      owner.Owner    `json:"owner"`
}

// socketsJSON writes one object a line.
func socketsJSON(w io.Writer, rows []Socket) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for i := range rows {
		s := &rows[i]
		r := socketRecord{"socket", schema, s.Transport, s.Local, s.Remote, s.State, s.NetNS, s.Registered, s.Owner}
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
	"reason", "candidates",
}

// socketsCSV writes one line per socket, RFC 4180.
func socketsCSV(w io.Writer, rows []Socket) error {
	out := csv.NewWriter(w)
	err := out.Write(socketColumns[:])
	for i := 0; i < len(rows) && err == nil; i++ {
		s, o := &rows[i], &rows[i].Owner
		line := [len(socketColumns)]string{
			0: s.Transport, 1: csvText(s.State),
			6: netNS(s.NetNS), 7: strings.Join(s.Registered, " "),
			8: pid(o.PID), 9: csvText(o.Name), 10: csvText(o.Exe), 11: csvText(o.User),
			12: csvText(strings.Join(o.Services, ",")), 13: csvText(o.Unit), 14: csvText(o.SocketUnit),
			15: csvText(o.Container), 16: csvText(o.ContainerName), 17: csvText(o.Pod),
			18: string(o.Reason), 19: candidates(o.Candidates),
		}
		line[2], line[3] = csvEnd(s.Local)
		line[4], line[5] = csvEnd(s.Remote)
		err = out.Write(line[:])
	}
	out.Flush()
	if err != nil {
		return err
	}
	return out.Error()
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
