package pipeline

import (
	"slices"
	"strings"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/claims"
)

// maxVerdicts bounds the ports whose verdicts are remembered while a run goes
// on; others are told about once more than needed.
const maxVerdicts = 1 << 16

// verdicts remembers what was told about the ports of running flows.
type verdicts struct {
	told map[correlate.PortKey]toldVerdict
	// claims has the listing's rows by their port, so that reconsidering one
	// port does not cost a walk through the listing. nil: not made yet.
	claims map[claimedPort][]claims.Claim
}

type claimedPort struct {
	transport string
	port      uint16
}

// toldVerdict is the part of a verdict whose change is worth a line.
type toldVerdict struct {
	kind   correlate.Kind
	stack  string
	served bool // the port was seen to serve
}

// suspect tells what the listing alone makes suspicious.
func (p *Pipeline) suspect() {
	if p.config.OnVerdict == nil || p.config.Correlate.Claims == nil {
		return
	}
	for port := range p.AllPorts() {
		if port.Verdict.Suspected {
			p.pronounce(&port)
		}
	}
}

// reconsider judges the ports of a running flow by what this flow shows, and
// tells the verdicts that are new. A server that has said nothing is not silent
// before the flow is over.
func (p *Pipeline) reconsider(s *correlate.FlowSummary) {
	c := p.config.Correlate
	c.Claims = p.claimsOf(s)
	alone := correlate.NewAggregator(c)
	alone.Add(s)
	for each := range alone.All() {
		port, ok := p.judge(each)
		if !ok || len(port.Port.Observations) == 0 {
			continue // nothing but a row of the listing
		}
		switch port.Verdict.Kind {
		case correlate.None, correlate.Silent:
		default:
			p.pronounce(&port)
		}
	}
}

// claimsOf is the part of the listing that speaks of a flow's ports.
func (p *Pipeline) claimsOf(s *correlate.FlowSummary) *claims.Listing {
	listing := p.config.Correlate.Claims
	if listing == nil {
		return nil
	}
	if p.verdicts.claims == nil {
		p.verdicts.claims = make(map[claimedPort][]claims.Claim)
		for _, c := range listing.Claims {
			k := claimedPort{c.Transport, c.Local.Port()}
			p.verdicts.claims[k] = append(p.verdicts.claims[k], c)
		}
	}
	client := claimedPort{s.Transport, s.Client.Addr.Port()}
	server := claimedPort{s.Transport, s.Server.Addr.Port()}
	rows := p.verdicts.claims[server]
	if client != server {
		rows = slices.Concat(rows, p.verdicts.claims[client])
	}
	return &claims.Listing{Name: listing.Name, Claims: rows}
}

// pronounce passes a verdict on unless it says nothing new. Once a port was seen to
// serve, a flow that was refused or that it opened itself does not change that.
func (p *Pipeline) pronounce(port *Port) {
	now := toldVerdict{kind: port.Verdict.Kind}
	for i := range port.Port.Observations {
		o := &port.Port.Observations[i]
		now.stack = strings.Join(o.Protocols, " ")
		if o.Role == correlate.Server && o.Answered > 0 {
			now.served = true
			break
		}
	}
	v := &p.verdicts
	last, known := v.told[port.Port.Key]
	if known && (now == last || last.served && !now.served) {
		return
	}
	if v.told == nil {
		v.told = make(map[correlate.PortKey]toldVerdict)
	}
	if known || len(v.told) < maxVerdicts {
		v.told[port.Port.Key] = now
	}
	p.config.OnVerdict(port)
}
