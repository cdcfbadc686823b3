package pipeline

import (
	"net/netip"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/sample"
)

// Flow is one conversation as it is reported: its two ends, what it carries and
// the bytes that prove it. It belongs to the receiver.
type Flow struct {
	File string // the capture file it was read from; "" live
	// First is the number of the flow's first packet.
	First uint64
	// Start and End are the times of the first and the last packet, in
	// nanoseconds since the Unix epoch.
	Start, End  int64
	CommunityID string // Community ID v1, "1:…"
	Network     string // "ipv4", "ipv6", "ethernet"; "" for a link without addresses
	Transport   string // "tcp", "udp", "sctp", "udplite", "icmp", "icmpv6", "ip", "ethernet", "ppp"
	// Carrier is the number that says what a flow without ports carries; zero
	// for others.
	Carrier        dissect.Carrier
	Client, Server End
	Roles          flow.Roles
	State          string   // "closed", "established", "refused", …; "" without states
	Tunnel         []string // what the packets were wrapped in, outermost first
	Answer         dissect.Identification
	// Sample is the beginning of the payload of a flow without a name, in the
	// directions of Client and Server; nil without [Config.KeepSamples].
	Sample *sample.Sample
}

// End is one end of a flow.
type End struct {
	// Addr is invalid, and MAC the address, in flows of frames that carry no IP.
	Addr netip.Addr
	MAC  flow.MAC
	// Port is meaningless when the transport has no ports ([Flow.HasPorts]).
	Port uint16
	// Packets, Bytes (of IP packets, headers included, or of frames) and Payload
	// (bytes above the transport header) count what this end sent.
	Packets, Bytes, Payload uint64
	Owner                   owner.Owner
}

// AddrPort returns the end's address and port.
func (e *End) AddrPort() netip.AddrPort { return netip.AddrPortFrom(e.Addr, e.Port) }

// Address writes the end's address; "" where there is none.
func (e *End) Address() string {
	if e.Addr.IsValid() {
		return e.Addr.String()
	}
	return e.MAC.String()
}

// HasPorts reports whether the flow's transport has port numbers.
func (f *Flow) HasPorts() bool {
	switch f.Transport {
	case "tcp", "udp", "sctp", "udplite":
		return true
	}
	return false
}

// Port is an end point with the verdict about it.
type Port struct {
	File    string // the capture file it was seen in; "" live
	Port    correlate.Port
	Verdict correlate.Verdict
}

// Summary counts what a run saw.
type Summary struct {
	File    string // the capture file; "" live or for a total
	Packets uint64
	Bytes   uint64 // on the wire, link layer included
	Flows   uint64
	// Dropped counts packets that the capture lost, Truncated those that it cut
	// short, Malformed those whose headers contradict themselves or end early.
	Dropped, Truncated, Malformed uint64
	// Evicted counts flows that were ended for want of room, Failures the packets that
	// a dissector panicked over, Unjudged ends of flows that no verdict knows of, because
	// there were too many ports, Uninspected packets whose payload was not looked at,
	// because too many others waited.
	Evicted, Failures, Unjudged, Uninspected uint64
}

// Add adds o to s, for a total over several runs.
func (s *Summary) Add(o *Summary) {
	s.Packets += o.Packets
	s.Bytes += o.Bytes
	s.Flows += o.Flows
	s.Dropped += o.Dropped
	s.Truncated += o.Truncated
	s.Malformed += o.Malformed
	s.Evicted += o.Evicted
	s.Failures += o.Failures
	s.Unjudged += o.Unjudged
	s.Uninspected += o.Uninspected
}
