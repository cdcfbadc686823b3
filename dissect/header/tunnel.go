package header

import "strconv"

// tunnelKind says what a tunnel is made of.
type tunnelKind uint8

const (
	tunnelIPIP tunnelKind = iota
	tunnel6in4
	tunnel4in6
	tunnel6in6
	tunnelGRE
	tunnelNVGRE
	tunnelERSPAN
	tunnelEtherIP
	tunnelMPLS
	tunnelVXLAN
	tunnelGeneve
	tunnelGTP
	tunnelTeredo
	tunnelL2TP
)

// tunnelNames are Wireshark's filter names where it has one.
var tunnelNames = [...]string{
	tunnelIPIP:    "ipip",
	tunnel6in4:    "6in4",
	tunnel4in6:    "4in6",
	tunnel6in6:    "6in6",
	tunnelGRE:     "gre",
	tunnelNVGRE:   "gre",
	tunnelERSPAN:  "erspan",
	tunnelEtherIP: "etherip",
	tunnelMPLS:    "mpls",
	tunnelVXLAN:   "vxlan",
	tunnelGeneve:  "geneve",
	tunnelGTP:     "gtp",
	tunnelTeredo:  "teredo",
	tunnelL2TP:    "l2tp",
}

// tunnel is one tunnel header. network is the number of a virtual network that
// both directions share; numbers that differ by direction (GTP TEID, MPLS label,
// L2TP session) are left out, or the two halves of an inner conversation would
// become two flows.
type tunnel struct {
	kind       tunnelKind
	hasNetwork bool
	network    uint32
}

func (t tunnel) String() string {
	if t.hasNetwork {
		return tunnelNames[t.kind] + ":" + strconv.FormatUint(uint64(t.network), 10)
	}
	return tunnelNames[t.kind]
}

// mix folds t into the scope of what is around it (FNV-1a over its parts).
func (t tunnel) mix(scope uint32) uint32 {
	const prime = 16777619
	if scope == 0 {
		scope = 2166136261
	}
	scope = (scope ^ (uint32(t.kind) + 1)) * prime
	if t.hasNetwork {
		for shift := 0; shift < 32; shift += 8 {
			scope = (scope ^ t.network>>shift&0xff) * prime
		}
	}
	return scope
}
