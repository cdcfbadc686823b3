// Package owner says which local process a socket belongs to.
//
// [Source] is the seam: every way to learn it (a portable snapshot, Linux
// sock_diag or BPF, the Windows tables, a saved listing) implements it, and the
// rest of sniffid does not know which one it got. A source never guesses: an
// [Owner] without a process has a [Reason] instead, and every process has a
// [Quality] that says how it was found.
//
// Which network namespaces a source sees, its own documentation says.
package owner

import (
	"context"
	"net/netip"
	"time"
)

// Quality says how well an owner is founded.
type Quality string

// The qualities, from the strongest to the weakest.
const (
	// Exact: the kernel named the process for this very conversation.
	Exact Quality = "exact"
	// Listener: the process listens where the conversation arrived; the
	// conversation's own socket was not seen.
	Listener Quality = "listener"
	// Snapshot: a socket table read before or after the packet has a row with
	// both ends of the conversation, or with the local end of a datagram.
	Snapshot Quality = "snapshot"
)

// Reason says why there is no owner.
type Reason string

// The reasons.
const (
	NotLocal     Reason = "not-local"     // the address is not one of this machine
	Exited       Reason = "exited"        // the socket or its process is gone
	NoPermission Reason = "no-permission" // the kernel hides the process from this user
	Kernel       Reason = "kernel"        // the socket is the kernel's own
	OtherNetNS   Reason = "other-netns"   // the socket is in another network namespace
	Forwarded    Reason = "forwarded"     // the machine routes it, and is no end of it
	Ambiguous    Reason = "ambiguous"     // several processes fit; see Candidates
	Offline      Reason = "offline"       // read from a file that names no process
	LookupsEnded Reason = "lookups-ended" // who could tell is gone; see the warning of the capture
)

// Process is a process by number and name.
type Process struct {
	PID  int    `json:"pid"`
	Name string `json:"name,omitempty"`
	// Parent is who started it, where it was asked for; chains end at the first
	// process of the system, or where a process is gone.
	Parent *Process `json:"parent,omitempty"`
}

// Owner is the process behind one end of a flow, or the reason why none is
// named. A field that is not known is empty; PID 0 is not known. Its slices are
// shared and read only.
type Owner struct {
	PID  int    `json:"pid,omitempty"`
	Name string `json:"name,omitempty"` // as the system shows it, "System"
	Exe  string `json:"exe,omitempty"`  // path of the executable
	// CommandLine may hold secrets; it is filled only where [Config] asks for it.
	CommandLine string   `json:"cmdline,omitempty"`
	User        string   `json:"user,omitempty"`     // account it runs as
	Parent      *Process `json:"parent,omitempty"`   // who started it, and who started that
	Services    []string `json:"services,omitempty"` // Windows services it hosts; several: any of them
	Modules     []string `json:"modules,omitempty"`  // what netstat -b names: the service's or component's file
	URLs        []string `json:"urls,omitempty"`     // prefixes reserved for the port with HTTP.sys, which listens for others
	Unit        string   `json:"unit,omitempty"`     // systemd unit it runs in, "ssh.service"
	// SocketUnit is the systemd unit that bound the socket and hands it to Unit,
	// "ssh.socket".
	SocketUnit    string `json:"socket_unit,omitempty"`
	Container     string `json:"container,omitempty"`         // container id
	ContainerName string `json:"container_name,omitempty"`    // as its engine calls it
	Runtime       string `json:"container_runtime,omitempty"` // "docker", "podman", "containerd", "cri-o", "lxc"
	Pod           string `json:"pod,omitempty"`               // Kubernetes pod, "namespace/name", or its uid
	// NetNS is the inode of the network namespace that the socket is in, where
	// that is not this process's own.
	NetNS   uint64  `json:"netns,omitempty"`
	Quality Quality `json:"quality,omitempty"`
	Reason  Reason  `json:"reason,omitempty"`
	// Candidates are the processes that fit equally when Reason is Ambiguous,
	// by PID.
	Candidates []Process `json:"candidates,omitempty"`
}

// Known reports whether o names a process.
func (o *Owner) Known() bool { return o.PID != 0 || o.Name != "" }

// Bare reports whether o is nothing but a reason.
func (o *Owner) Bare() bool {
	return !o.Known() && o.Exe == "" && o.CommandLine == "" && o.User == "" && o.Parent == nil &&
		o.Services == nil && o.Modules == nil && o.URLs == nil && o.Unit == "" && o.SocketUnit == "" &&
		o.Container == "" && o.ContainerName == "" && o.Runtime == "" && o.Pod == "" &&
		o.NetNS == 0 && o.Quality == "" && o.Candidates == nil
}

// Query asks for the owner of the local end of one conversation.
type Query struct {
	// Transport is "tcp", "udp", "sctp", "icmp", … as flows have it.
	Transport string
	// Local is the end whose owner is wanted, Remote its peer; the zero
	// AddrPort where the peer is not known. IPv4-mapped addresses and zones are
	// the source's to unify.
	Local, Remote netip.AddrPort
	// ID is the identifier of an ICMP echo, for transport "icmp" and "icmpv6".
	ID uint16
	// Answers says that Local is the end that was asked. The two ends of an echo to
	// oneself look alike.
	Answers bool
	// Time is when the packet was seen; the zero Time means now. Sources that
	// keep a history use it against port reuse.
	Time time.Time
}

// Socket is one row of a socket table.
type Socket struct {
	Transport string `json:"transport"`
	// Local is the bound end; its address is unspecified for a wildcard.
	Local netip.AddrPort `json:"local"`
	// Remote is the zero AddrPort where the socket has no peer.
	Remote netip.AddrPort `json:"remote,omitzero"`
	// State is in the words of netstat: LISTENING, ESTABLISHED, …; "" where
	// the transport has no states.
	State string `json:"state,omitempty"`
	// NetNS is the inode of the socket's network namespace, where that is not
	// this process's own.
	NetNS uint64 `json:"netns,omitempty"`
	Owner Owner  `json:"owner"`
}

// Listening reports whether the socket waits for peers: a listening stream
// socket, or a datagram socket without a peer.
func (s *Socket) Listening() bool {
	return s.State == "LISTENING" || s.State == "" && s.Remote.Port() == 0
}

// Source knows the owners of sockets. Implementations are safe for concurrent
// use.
type Source interface {
	// Lookup names the owner of q.Local. It may be called for every new flow:
	// an implementation bounds its own cost, and answers from what it has
	// rather than blocking for long.
	Lookup(q Query) Owner
	// Snapshot is the socket table as it was last read, ordered by transport,
	// local and remote end. The slice belongs to the caller.
	Snapshot() []Socket
	// Refresh reads the socket table anew.
	Refresh(ctx context.Context) error
	// Close ends the source; Lookup still answers from what was read.
	Close() error
}

// Batches is a Source that answers many questions for less than one by one.
type Batches interface {
	// LookupAll is Lookup of each query in turn, which puts the owners where the
	// queries are in theirs.
	LookupAll(queries []Query, owners []Owner)
}

// Machine is a [Source] that knows this machine.
type Machine interface {
	Source
	// Local reports whether addr is one of this network namespace's own, as of the
	// last reading.
	Local(addr netip.Addr) bool
	// Method says in a few words how owners are found, for people.
	Method() string
}
