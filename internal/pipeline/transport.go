package pipeline

import (
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/header"
)

// transportName is the name of an IP protocol in the records: what carries
// ports or has a state of its own by its name, all others are "ip".
func transportName(proto uint8) string {
	switch header.Proto(proto) {
	case header.TCP:
		return "tcp"
	case header.UDP:
		return "udp"
	case header.SCTP:
		return "sctp"
	case header.UDPLite:
		return "udplite"
	case header.ICMP:
		return "icmp"
	case header.ICMPv6:
		return "icmpv6"
	}
	return "ip"
}

// transport names what a flow's messages ride on.
func transport(f *flow.Flow[conversation]) string {
	switch {
	case f.Link == nil:
		return transportName(f.Proto)
	case header.Field(f.Link.Field) == header.FieldPPP:
		return "ppp"
	}
	return "ethernet"
}

// network names what the ends' addresses belong to.
func network(f *flow.Flow[conversation], client *End) string {
	switch {
	case f.Link == nil && client.Addr.Is4():
		return "ipv4"
	case f.Link == nil:
		return "ipv6"
	case f.Link.Ends[0].IsZero() && f.Link.Ends[1].IsZero():
		return ""
	}
	return "ethernet"
}

// carrierFields names the kinds of numbers as signatures do.
var carrierFields = [...]string{
	header.FieldEtherType: "eth", header.FieldLLC: "llc", header.FieldSNAP: "snap", header.FieldPPP: "ppp",
}

// carrier is the number by which a flow without ports says what it carries.
func carrier(f *flow.Flow[conversation]) dissect.Carrier {
	if f.Link == nil {
		return dissect.Carrier{Field: "ip", Number: uint64(f.Proto)}
	}
	return dissect.Carrier{Field: carrierFields[f.Link.Field], Number: f.Link.Number}
}

// sessionTransport is the transport as protocols name their carriers.
func sessionTransport(f *flow.Flow[conversation]) string {
	if f.Link == nil {
		switch name := transportName(f.Proto); name {
		case "tcp", "udp", "sctp":
			return name
		case "udplite":
			return "udp"
		}
	}
	return carrier(f).String()
}
