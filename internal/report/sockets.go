package report

import (
	"bufio"
	"encoding/json"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/correlate/owner"
)

// Socket is a row of the socket table with the names of its local port.
type Socket struct {
	owner.Socket
	Registered []string
}

type socketRecord struct {
	Type       string         `json:"type"`
	Schema     int            `json:"schema"`
	Transport  string         `json:"transport"`
	Local      netip.AddrPort `json:"local"`
	Remote     netip.AddrPort `json:"remote,omitzero"`
	State      string         `json:"state,omitempty"`
	Registered []string       `json:"registered,omitempty"`
	Owner      owner.Owner    `json:"owner"`
}

// SocketsJSON writes one object a line.
func SocketsJSON(w io.Writer, rows []Socket) error {
	enc := json.NewEncoder(w)
	for _, s := range rows {
		r := socketRecord{"socket", schema, s.Transport, s.Local, s.Remote, s.State, s.Registered, s.Owner}
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// SocketsText writes a table in ss's order of columns.
func SocketsText(w io.Writer, rows []Socket, color bool) error {
	tab := table{head: []string{"NETID", "STATE", "LOCAL", "PEER", "REGISTERED", "OWNER"}}
	for i := range rows {
		s := &rows[i]
		tab.row(plain(s.Transport), plain(s.State), plain(socketEnd(s.Local)), plain(socketEnd(s.Remote)),
			plain(clean(strings.Join(s.Registered, " "))), plain(ownerText(&s.Owner)))
	}
	out := bufio.NewWriter(w)
	tab.write(out, painter(color))
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
	return a.String()
}
