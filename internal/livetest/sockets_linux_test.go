package livetest

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// The states of /proc/net/tcp and /proc/net/udp, include/net/tcp_states.h.
const (
	stateClose  = "07" // a UDP socket without a peer
	stateListen = "0A"
)

// bound reports whether a socket of the namespace waits on the port. It looks,
// and sends nothing: a probing connection would be the first exchange.
func (n *namespace) bound(transport string, port uint16) bool {
	state := stateListen
	if transport == "udp" {
		state = stateClose
	}
	suffix := fmt.Sprintf(":%04X", port)
	for _, file := range []string{transport, transport + "6"} {
		if slices.ContainsFunc(n.rows(file), func(row []string) bool {
			return len(row) > 3 && strings.HasSuffix(row[1], suffix) && row[3] == state
		}) {
			return true
		}
	}
	return false
}

// capturing reports whether a packet socket of the namespace is bound to an
// interface and running.
func (n *namespace) capturing() bool {
	return slices.ContainsFunc(n.rows("packet"), func(row []string) bool {
		return len(row) > 5 && row[4] != "0" && row[5] == "1"
	})
}

// rows reads a table below /proc/net without its heading.
func (n *namespace) rows(file string) [][]string {
	b, err := os.ReadFile(n.proc(file))
	if err != nil {
		return nil
	}
	lines := strings.Split(string(b), "\n")[1:]
	rows := make([][]string, len(lines))
	for i, line := range lines {
		rows[i] = strings.Fields(line)
	}
	return rows
}
