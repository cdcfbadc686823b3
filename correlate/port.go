// Package correlate confronts the three witnesses of a port: the registry
// (which name the number has), the operating system (which process is said to
// hold it) and the wire (what was spoken there).
//
// An [Aggregator] gathers finished flows into [Port] values; [Judge] is a pure
// function that turns one of them into a [Verdict] with its evidence. The
// sub-packages hold the other two witnesses: registry, claims and owner.
package correlate

import (
	"cmp"
	"fmt"
	"net/netip"

	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect/flow"
)

// PortKey names one end point. Addr is unmapped and without zone; it is
// unspecified for a port that only a wildcard row of a listing names.
type PortKey struct {
	Transport string     `json:"transport"`
	Addr      netip.Addr `json:"addr"`
	Port      uint16     `json:"port"`
	// NetNS is the network namespace of a port that only a row of another one than
	// the main one names.
	NetNS uint64 `json:"netns,omitempty"`
}

func (k PortKey) String() string {
	s := fmt.Sprintf("%s/%s", netip.AddrPortFrom(k.Addr, k.Port), k.Transport)
	if k.NetNS != 0 {
		s += fmt.Sprintf(" netns %d", k.NetNS)
	}
	return s
}

// Compare orders keys by transport, address and port.
func (k PortKey) Compare(o PortKey) int {
	return cmp.Or(cmp.Compare(k.Transport, o.Transport), k.Addr.Compare(o.Addr), cmp.Compare(k.Port, o.Port), cmp.Compare(k.NetNS, o.NetNS))
}

// End is one end of a flow.
type End struct {
	Addr netip.AddrPort
	// Packets and Payload count what this end sent; Payload is in bytes above
	// the transport.
	Packets, Payload uint64
	Owner            owner.Owner
}

// Evidence is a packet that proved a layer of a flow.
type Evidence struct {
	Protocol   string
	Signature  string
	Confidence string // as in the records: certain, likely, declared, expected
	Direction  flow.Direction
	Packet     uint64
	Reason     string
}

// FlowSummary is what a port's verdict needs of one flow.
type FlowSummary struct {
	Transport      string // "tcp", "udp", "sctp"
	Client, Server End
	Roles          flow.Roles
	// Answered says that the server took the connection: SYN+ACK, INIT ACK, or
	// for datagrams any packet of the server.
	Answered bool
	// Refused says that it did not: RST or ABORT to the opening packet, ICMP
	// port unreachable. Refusal has the numbers of those packets, the opening
	// one first.
	Refused bool
	Refusal []uint64
	// Protocols, Confidence and Evidence as in the flow's record.
	Protocols  []string
	Confidence string
	Evidence   []Evidence
	// First is the number of the flow's first packet.
	First uint64
}

// Role is the part an end point plays in a flow.
type Role string

// The roles.
const (
	Server Role = "server"
	Client Role = "client"
)

// Observation is a group of flows of one end point that looked alike: the same
// role, protocols and outcome.
type Observation struct {
	Role Role `json:"role"`
	// Protocols is empty for what no signature matched.
	Protocols  []string `json:"protocols"`
	Confidence string   `json:"confidence,omitempty"`
	Flows      int      `json:"flows"`

	// Roles is the best way in which the roles of the group's flows are known.
	Roles flow.Roles `json:"-"`
	// Answered and Refused count flows.
	Answered, Refused int `json:"-"`
	// Payload counts bytes by the direction they ran in; Packets likewise.
	Payload, Packets [2]uint64 `json:"-"`
	// Peers are the first few other ends, Refusals the first refusal's packets.
	Peers    []netip.AddrPort `json:"-"`
	Refusals []uint64         `json:"-"`
	// Evidence is that of the group's first flow that has any.
	Evidence []Evidence `json:"-"`
	// First is the number of the first packet of the group's first flow.
	First uint64 `json:"-"`
}

// Port is everything that is known of one end point: the input of [Judge].
type Port struct {
	Key PortKey
	// Observations are ordered: server before client, then by first packet.
	Observations []Observation
	// Claims are the rows that speak of the port, listening rows first.
	Claims []claims.Claim
	// Registered are the registry's names, in its order.
	Registered []string
	// Expect is the protocol or registered name that the user expects, or "".
	Expect string
	// Owner is the process behind the port.
	Owner owner.Owner
	// Asked says that the user named the port.
	Asked bool
}
