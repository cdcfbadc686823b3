package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/internal/pipeline"
)

// maxGroups bounds the flow groups that are kept until a run's end.
const maxGroups = 10_000

// groups gathers flows that look alike, so that a thousand connections to one
// web server are one line.
type groups struct {
	byKey  map[groupKey]*group
	others uint64 // flows that found no room
}

// groupKey says which flows share a line: those from one address to one port
// that carry the same.
type groupKey struct {
	transport, clientAddr, server, protocols, confidence string
}

type group struct {
	groupKey
	client  string // address and port while there is one flow only
	first   uint64 // number of the first packet
	count   uint64
	packets [2]uint64 // of the clients, of the server
	bytes   [2]uint64
	state   string // "" when they differ
}

func newGroups() groups { return groups{byKey: make(map[groupKey]*group)} }

func (gs *groups) add(f *pipeline.Flow) {
	k := groupKey{
		transport:  carrierText(f),
		clientAddr: cmp.Or(f.Client.Address(), "-"),
		server:     endText(f, &f.Server),
		protocols:  clean(strings.Join(f.Answer.Protocols, " ")),
		confidence: f.Answer.Confidence.String(),
	}
	g := gs.byKey[k]
	if g == nil {
		if len(gs.byKey) >= maxGroups {
			gs.others++
			return
		}
		g = &group{groupKey: k, client: endText(f, &f.Client), first: f.First, state: f.State}
		gs.byKey[k] = g
	}
	g.count++
	g.packets[0] += f.Client.Packets
	g.packets[1] += f.Server.Packets
	g.bytes[0] += f.Client.Bytes
	g.bytes[1] += f.Server.Bytes
	g.first = min(g.first, f.First)
	if g.state != f.State {
		g.state = ""
	}
}

func (g *group) clientText() string {
	if g.count == 1 {
		return g.client
	}
	return g.clientAddr
}

// sorted lists the groups by their first packet.
func (gs *groups) sorted() []*group {
	return slices.SortedFunc(maps.Values(gs.byKey), func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.first, b.first), strings.Compare(a.server, b.server),
			strings.Compare(a.clientAddr, b.clientAddr), strings.Compare(a.protocols, b.protocols))
	})
}
