package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
)

// Spoken is what some flows of a port spoke.
type Spoken struct {
	// Protocols is the stack, empty for what no signature matched.
	Protocols  []string       `json:"protocols"`
	Flows      int            `json:"flows"`
	Role       correlate.Role `json:"role,omitempty"`
	Confidence string         `json:"confidence,omitempty"`
}

// SpokenRecords is what the records of a capture say about ports.
type SpokenRecords struct {
	ports map[spokenKey][]spokenPort
}

type spokenKey struct {
	transport string
	port      uint16
}

type spokenPort struct {
	addr    netip.Addr
	netns   uint64
	spoken  []Spoken
	verdict correlate.Kind
}

// spokenLine has what is used of a record.
type spokenLine struct {
	Type      string         `json:"type"`
	Transport string         `json:"transport"`
	Addr      netip.Addr     `json:"addr"`
	Port      uint16         `json:"port"`
	Observed  []Spoken       `json:"observed"`
	Owner     owner.Owner    `json:"owner"`
	Verdict   correlate.Kind `json:"verdict"`
}

// maxRecord bounds a line of records, in bytes.
const maxRecord = 16 << 20

// errNoPorts says that there was nothing to learn.
var errNoPorts = errors.New(`no port records: write them with "sniffid --format json"`)

// ReadSpoken reads the records that a capture was reported with in JSON. The first
// line that can't be read ends it: the error has its number, and what was read until
// then is returned too, unless it says nothing of ports.
func ReadSpoken(r io.Reader) (*SpokenRecords, error) {
	s := &SpokenRecords{ports: map[spokenKey][]spokenPort{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxRecord)
	number := 0
	var damaged error
	for lines.Scan() {
		number++
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		var line spokenLine
		if err := json.Unmarshal(text, &line); err != nil {
			damaged = fmt.Errorf("line %d: %w", number, err)
			break
		}
		if line.Type != "port" {
			continue
		}
		key := spokenKey{line.Transport, line.Port}
		s.ports[key] = append(s.ports[key], spokenPort{line.Addr.Unmap().WithZone(""), line.Owner.NetNS, line.Observed, line.Verdict})
	}
	if err := lines.Err(); err != nil {
		damaged = fmt.Errorf("line %d: %w", number+1, err)
	}
	if len(s.ports) == 0 {
		return nil, cmp.Or(damaged, errNoPorts)
	}
	return s, damaged
}

// Tell adds to a socket what its port spoke. local tells the addresses that a
// wildcard stands for.
func (s *SpokenRecords) Tell(row *Socket, local func(netip.Addr) bool) {
	bound := row.Local.Addr().Unmap().WithZone("")
	for _, p := range s.ports[spokenKey{row.Transport, row.Local.Port()}] {
		switch {
		case p.netns != row.NetNS && (row.NetNS != 0 || !local(p.addr)):
			continue // but a port of this machine may be published for a container
		case p.addr == bound, !p.addr.IsValid():
		case !bound.IsUnspecified() || bound.Is4() && !p.addr.Is4():
			continue
		case row.NetNS == 0 && !local(p.addr):
			continue
		}
		row.Spoken = append(row.Spoken, p.spoken...)
		// The worst that is said of an end is said of the socket.
		if row.Verdict == "" || p.verdict == correlate.Mismatch || p.verdict == correlate.Phantom {
			row.Verdict = p.verdict
		}
	}
}

// spokenText lists the stacks, each once.
func spokenText(spoken []Spoken) string {
	var stacks []string
	seen := map[string]bool{}
	for i := range spoken {
		text := "unknown"
		if len(spoken[i].Protocols) > 0 {
			text = strings.Join(spoken[i].Protocols, " ")
		}
		if !seen[text] {
			seen[text] = true
			stacks = append(stacks, text)
		}
	}
	return clean(strings.Join(stacks, ", "))
}
