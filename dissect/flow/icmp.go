package flow

// icmpRole is the part that an ICMP message plays in its exchange.
type icmpRole uint8

const (
	icmpAlone icmpRole = iota // no exchange: an error, a redirect
	icmpRequest
	icmpReply
)

// icmpFamily returns the number that a request and its reply share (the
// request's type) and which of them the type is.
func icmpFamily(proto, typ uint8) (family uint8, role icmpRole) {
	pairs := icmp4Pairs[:]
	if proto == protoICMPv6 {
		pairs = icmp6Pairs[:]
	}
	for _, p := range pairs {
		switch typ {
		case p.request:
			return p.request, icmpRequest
		case p.reply:
			return p.request, icmpReply
		}
	}
	return typ, icmpAlone
}

type icmpPair struct{ request, reply uint8 }

// Requests and replies of ICMP: RFC 792 (echo, timestamp, information),
// RFC 950 (address mask), RFC 1256 (router discovery).
var icmp4Pairs = [...]icmpPair{{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}}

// Requests and replies of ICMPv6: RFC 4443 (echo), RFC 2710 (multicast
// listener), RFC 4861 (router and neighbour discovery), RFC 4620 (node
// information), RFC 6275 (home agent address discovery, mobile prefix).
var icmp6Pairs = [...]icmpPair{{128, 129}, {130, 131}, {133, 134}, {135, 136}, {139, 140}, {144, 145}, {146, 147}}
