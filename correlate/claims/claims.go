// Package claims reads what the operating system said about its ports: saved
// listings of netstat, tasklist, ss and lsof, and sniffid's own records.
//
// A listing is a claim and no proof. [Parse] turns its rows into [Claim] values
// without believing or judging them; package correlate confronts them with what
// was on the wire.
package claims

import (
	"fmt"
	"net/netip"
)

// Format is a kind of listing.
type Format string

// The formats that [Parse] tells apart by itself.
const (
	Unknown        Format = ""
	NetstatWindows Format = "netstat-windows"
	NetstatLinux   Format = "netstat-linux"
	Tasklist       Format = "tasklist"
	SS             Format = "ss"
	Lsof           Format = "lsof"
	JSON           Format = "json"
)

// Listening is the state of a stream socket that waits for connections.
const Listening = "LISTENING"

// Established is the state of an open connection.
const Established = "ESTABLISHED"

// Claim is one row of a listing.
type Claim struct {
	Transport string `json:"-"` // "tcp", "udp", "sctp"
	// Local is the bound end; a wildcard has the unspecified address of its
	// family. Zones are kept.
	Local netip.AddrPort `json:"local"`
	// Remote is the zero AddrPort where the row names no peer.
	Remote netip.AddrPort `json:"remote,omitzero"`
	// State is in the words of Windows netstat whatever the listing's own:
	// LISTENING, ESTABLISHED, TIME_WAIT, …; "" where the row has none.
	State    string   `json:"state,omitempty"`
	PID      int      `json:"pid,omitempty"`
	Process  string   `json:"process,omitempty"`
	Services []string `json:"services,omitempty"`
	User     string   `json:"user,omitempty"`
	// NetNS is the network namespace that the row is of, where that is not the main
	// one; only sniffid's own records name it, and what follows.
	NetNS         uint64 `json:"netns,omitempty"`
	Exe           string `json:"exe,omitempty"`
	Unit          string `json:"unit,omitempty"`
	SocketUnit    string `json:"socket_unit,omitempty"`
	Container     string `json:"container,omitempty"`
	ContainerName string `json:"container_name,omitempty"`
	// Reason says why the row names no process that runs, in the words of package
	// owner: "kernel", "exited", "no-permission".
	Reason string `json:"reason,omitempty"`
	// Modules are the files that netstat -bv lists before the process.
	Modules []string `json:"modules,omitempty"`
	// Others are further processes that share the socket (ss lists them all).
	Others []Process `json:"others,omitempty"`
	// Protocols is the stack that the row names; only sniffid's own records do.
	Protocols []string `json:"protocols,omitempty"`
	// Line is the row's first line, counted from 1, or 0 where the row is that
	// of a live table; File is the listing's name.
	Line int    `json:"line,omitempty"`
	File string `json:"file,omitempty"`
}

// Listens reports whether the row says that the port waits for peers: a stream
// socket that is LISTENING, or a datagram socket without a peer.
func (c *Claim) Listens() bool {
	if c.Transport == "udp" {
		return !c.Remote.IsValid() || c.Remote.Port() == 0
	}
	return c.State == Listening
}

// Process is one row of a process listing.
type Process struct {
	PID      int      `json:"pid"`
	Name     string   `json:"name,omitempty"`
	Services []string `json:"services,omitempty"`
	User     string   `json:"user,omitempty"`
	Line     int      `json:"line,omitempty"`
}

// Problem is a line that could not be read.
type Problem struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line"`
	Text   string `json:"text"` // the line, cut to 200 bytes
	Reason string `json:"reason"`
}

func (p Problem) String() string {
	return fmt.Sprintf("%s:%d: %s: %q", p.File, p.Line, p.Reason, p.Text)
}

// Listing is what [Parse] read, or several listings after [Merge].
type Listing struct {
	Name      string
	Format    Format
	Claims    []Claim
	Processes []Process
	Problems  []Problem
	// Ignored counts rows that are well formed but no claim about a port: raw
	// and Unix sockets, ordinary files of lsof.
	Ignored int
}
