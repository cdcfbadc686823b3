package signatures

import (
	"net/netip"

	"github.com/sniffid/sniffid/dissect/flow"
)

// Example is an exchange and what is expected of it.
type Example struct {
	Name string
	// Why says what a counterexample is instead.
	Why string
	// Counter marks a counterexample: it must not get the file's protocol.
	Counter bool
	// Transport is "tcp", "udp", "sctp" or "icmp".
	Transport string
	// Middle says that the capture began after the connection.
	Middle         bool
	Client, Server netip.Addr
	Exchange       []Turn
	// Pcap is a capture below testdata/pcaps that stands for Exchange.
	Pcap string
	// Protocols is the whole stack, lowest first; nil where nothing is said.
	Protocols  []string
	Confidence string
	Attributes map[string]string
	// Expects are announced flows: "tcp/49152=dcerpc".
	Expects []string

	Line int
}

// Turn is one segment or datagram of an exchange.
type Turn struct {
	From flow.Direction
	Data []byte
}
