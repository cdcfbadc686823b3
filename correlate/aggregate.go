package correlate

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/correlate/registry"
	"github.com/sniffid/sniffid/dissect/flow"
)

// Bounds of what one port keeps.
const (
	defaultMaxPorts = 1 << 16
	maxObservations = 32
	maxPeers        = 4
	maxEvidence     = 16
)

// Config says what an [Aggregator] looks for. The zero value makes records of
// the server ends of flows only.
type Config struct {
	// Registry names the ports; nil stands for IANA's list.
	Registry *registry.Registry
	// Claims is the merged listing to confront, or nil.
	Claims *claims.Listing
	// Asked says which ports the user named, by number; nil: none.
	Asked func(transport string, port uint16) bool
	// Expect is the protocol that the user expects at the ports asked about,
	// or at every port when none is; "" for no expectation.
	Expect string
	// Local says which addresses are the observed machine's; nil where that is
	// not known (a capture of elsewhere). It decides what wildcard rows cover.
	Local func(netip.Addr) bool
	// MaxPorts bounds the end points kept; 0 = 65536.
	MaxPorts int
}

// Aggregator gathers flows by end point. Its memory is bounded by
// Config.MaxPorts. It is not safe for concurrent use.
type Aggregator struct {
	config  Config
	claims  *claimIndex
	ports   map[PortKey]*gathered
	common  commonAddr
	owners  owner.Keeper
	dropped uint64
}

type gathered struct {
	groups []group
	// owners are by the direction that the end point sends in; nil: not known.
	// They are shared and read only.
	owners [2]*owner.Owner
}

// group is an observation with what tells it from others.
type group struct {
	Observation
	stack    string
	answered bool
	refused  bool
	assumed  bool // roles are those of the first packet
}

// NewAggregator returns an empty aggregator.
func NewAggregator(c Config) *Aggregator {
	if c.Registry == nil {
		c.Registry = &registry.Registry{}
	}
	if c.MaxPorts <= 0 {
		c.MaxPorts = defaultMaxPorts
	}
	return &Aggregator{
		config: c, claims: newClaimIndex(c.Claims), ports: map[PortKey]*gathered{},
	}
}

// Dropped counts flow ends that found no room.
func (a *Aggregator) Dropped() uint64 { return a.dropped }

// Add takes one flow; call it when the flow's identification will not change
// any more. f is not kept, its protocols are.
//
// The server end gets a record when somebody asked about it, claims that it
// listens, or it was seen to take part: an unanswered or refused probe of a
// port that nobody speaks of leaves no trace. The client end gets one only when
// it is asked about or claimed to listen.
func (a *Aggregator) Add(f *FlowSummary) {
	a.common.add(f)
	used := f.Answered || len(f.Protocols) > 0 || f.Client.Payload+f.Server.Payload > 0
	if used || a.wanted(f.Transport, &f.Server) {
		a.add(f, flow.FromServer)
	}
	if a.wanted(f.Transport, &f.Client) {
		a.add(f, flow.FromClient)
	}
}

func (a *Aggregator) wanted(transport string, end *End) bool {
	port := end.Addr.Port()
	return a.asked(transport, port) || a.claims.listens(portNumber{transport, port}, end.Owner.NetNS)
}

func (a *Aggregator) asked(transport string, port uint16) bool {
	return a.config.Asked != nil && a.config.Asked(transport, port)
}

// add records f at the end that sends in direction side.
func (a *Aggregator) add(f *FlowSummary, side flow.Direction) {
	end, peer, role := &f.Server, &f.Client, Server
	if side == flow.FromClient {
		end, peer, role = peer, end, Client
	}
	key := PortKey{Transport: f.Transport, Addr: plain(end.Addr.Addr()), Port: end.Addr.Port()}
	p := a.ports[key]
	if p == nil {
		if len(a.ports) >= a.config.MaxPorts {
			a.dropped++
			return
		}
		p = &gathered{}
		a.ports[key] = p
	}
	if o := p.owner(side); !o.Known() && (end.Owner.Known() || o.Reason == "") {
		p.owners[side] = a.owners.Keep(&end.Owner)
	}
	g := p.group(f, role)
	if g == nil {
		a.dropped++
		return
	}
	g.take(f, netip.AddrPortFrom(plain(peer.Addr.Addr()), peer.Addr.Port()))
}

// owner is who was found behind the end point where it sends in direction d.
func (p *gathered) owner(d flow.Direction) owner.Owner {
	if o := p.owners[d]; o != nil {
		return *o
	}
	return owner.Owner{}
}

// group finds or makes the group that f belongs to; nil when there is no room.
func (p *gathered) group(f *FlowSummary, role Role) *group {
	stack, assumed := strings.Join(f.Protocols, " "), f.Roles == flow.RolesFirstPacket
	for i := range p.groups {
		g := &p.groups[i]
		if g.Role == role && g.stack == stack && g.Confidence == f.Confidence &&
			g.answered == f.Answered && g.refused == f.Refused && g.assumed == assumed {
			return g
		}
	}
	if len(p.groups) >= maxObservations {
		return nil
	}
	p.groups = append(p.groups, group{
		Observation: Observation{Role: role, Protocols: f.Protocols, Confidence: f.Confidence, First: f.First},
		stack:       stack, answered: f.Answered, refused: f.Refused, assumed: assumed,
	})
	return &p.groups[len(p.groups)-1]
}

// take adds the figures of one flow.
func (g *group) take(f *FlowSummary, peer netip.AddrPort) {
	g.Flows++
	g.Roles = max(g.Roles, f.Roles)
	g.First = min(g.First, f.First)
	if f.Answered {
		g.Answered++
	}
	if f.Refused {
		g.Refused++
		if g.Refusals == nil {
			g.Refusals = slices.Clone(f.Refusal[:min(len(f.Refusal), maxPeers)])
		}
	}
	for i, end := range [2]*End{&f.Client, &f.Server} {
		g.Payload[i] += end.Payload
		g.Packets[i] += end.Packets
	}
	if len(g.Peers) < maxPeers && !slices.Contains(g.Peers, peer) {
		g.Peers = append(g.Peers, peer)
	}
	if g.Evidence == nil && len(f.Evidence) > 0 {
		g.Evidence = slices.Clone(f.Evidence[:min(len(f.Evidence), maxEvidence)])
	}
}

// Ports returns what was gathered and what is claimed to listen, in the order of
// [Aggregator.All].
func (a *Aggregator) Ports() []Port { return slices.Collect(a.All()) }

// All makes the ports that were gathered, and those that are claimed to listen,
// one by one, ordered by transport, address and port.
func (a *Aggregator) All() iter.Seq[Port] {
	return func(yield func(Port) bool) {
		for _, e := range a.entries() {
			if !yield(a.port(e.key, e.gathered, e.rows)) {
				return
			}
		}
	}
}

// entry is what a port is made of.
type entry struct {
	key      PortKey
	gathered *gathered
	rows     []claims.Claim
}

func (a *Aggregator) entries() []entry {
	local := a.local()
	covered := map[place]bool{} // those whose wildcard rows have a record
	made := map[PortKey]bool{}
	entries := make([]entry, 0, len(a.ports))
	for key, p := range a.ports {
		rows := a.claims.about(key, p.netns(), local)
		for i := range rows {
			if rows[i].Local.Addr().IsUnspecified() {
				covered[place{portNumber{key.Transport, key.Port}, rows[i].NetNS}] = true
			}
		}
		if !a.asked(key.Transport, key.Port) && !p.serves() && !listening(rows) {
			continue // a client end that another address's row let in
		}
		if len(a.claims.rows) > 0 {
			made[key] = true
		}
		entries = append(entries, entry{key, p, rows})
	}
	for n, rows := range a.claims.rows {
		for i := range rows {
			c := &rows[i]
			key := PortKey{n.transport, plain(c.Local.Addr()), n.port, c.NetNS}
			wildcard, at := key.Addr.IsUnspecified(), place{n, c.NetNS}
			if !c.Listens() || made[key] || wildcard && covered[at] {
				continue
			}
			made[key] = true
			covered[at] = covered[at] || wildcard
			entries = append(entries, entry{key, &gathered{}, a.claims.about(key, c.NetNS, local)})
		}
	}
	slices.SortFunc(entries, func(p, q entry) int { return p.key.Compare(q.key) })
	return entries
}

// place is a port number in one network namespace.
type place struct {
	portNumber
	netns uint64
}

// netns is the network namespace that the end point is in.
func (p *gathered) netns() uint64 {
	for _, d := range [...]flow.Direction{flow.FromServer, flow.FromClient} {
		if o := p.owners[d]; o != nil && o.NetNS != 0 {
			return o.NetNS
		}
	}
	return 0
}

func (p *gathered) serves() bool {
	return slices.ContainsFunc(p.groups, func(g group) bool { return g.Role == Server })
}

func listening(rows []claims.Claim) bool {
	return slices.ContainsFunc(rows, func(c claims.Claim) bool { return c.Listens() })
}

// port completes the input of a verdict.
func (a *Aggregator) port(key PortKey, p *gathered, rows []claims.Claim) Port {
	port := Port{
		Key:        key,
		Claims:     rows,
		Registered: a.config.Registry.Names(key.Transport, key.Port),
		Asked:      a.asked(key.Transport, key.Port),
		Owner:      p.owner(flow.FromServer),
	}
	if a.config.Expect != "" && (a.config.Asked == nil || port.Asked) {
		port.Expect = a.config.Expect
	}
	port.Observations = make([]Observation, len(p.groups))
	for i := range p.groups {
		port.Observations[i] = p.groups[i].Observation
	}
	slices.SortStableFunc(port.Observations, func(x, y Observation) int {
		return cmp.Or(-cmp.Compare(x.Role, y.Role), cmp.Compare(x.First, y.First))
	})
	if client := p.owner(flow.FromClient); !port.Owner.Known() && (client.Known() || port.Owner.Reason == "") {
		port.Owner = client
	}
	if !port.Owner.Known() {
		for i := range rows {
			if o := claimed(&rows[i]); o.Known() || o.Reason != "" {
				port.Owner = o
				break
			}
		}
	}
	return port
}

// claimed is the process that a row names; several that share the socket are
// ambiguous.
func claimed(c *claims.Claim) owner.Owner {
	if c.PID == 0 && c.Process == "" {
		return owner.Owner{Reason: owner.Reason(c.Reason)}
	}
	if len(c.Others) > 0 {
		o := owner.Owner{Reason: owner.Ambiguous, Candidates: []owner.Process{{PID: c.PID, Name: c.Process}}}
		for _, other := range c.Others {
			o.Candidates = append(o.Candidates, owner.Process{PID: other.PID, Name: other.Name})
		}
		return o
	}
	return owner.Owner{
		PID: c.PID, Name: c.Process, Exe: c.Exe, User: c.User, Services: c.Services, Modules: c.Modules,
		Unit: c.Unit, SocketUnit: c.SocketUnit, Container: c.Container, ContainerName: c.ContainerName,
		NetNS: c.NetNS, Quality: owner.Snapshot,
	}
}
