package dissect

import (
	"fmt"
	"strings"
	"sync"
)

// Config sets an engine's bounds. The zero value is ready to use.
type Config struct {
	// Budget is how many bytes of a direction are looked at while no protocol
	// asks for more; 0 = 8 KiB.
	Budget int
	// Packets is how many payload packets of a direction are looked at when
	// nothing is pending; 0 = 8. A protocol that asks for a larger budget gets
	// proportionally more.
	Packets int
	// Record keeps the proving bytes and their fields in the evidence.
	Record bool
}

const (
	defaultBudget  = 8 << 10
	defaultPackets = 8
	maxDepth       = 10  // layers above the transport
	maxCandidates  = 24  // protocols tried at once in one layer
	maxLayers      = 64  // conversations followed in one session
	maxAttributes  = 64  // facts kept for one layer
	maxChannels    = 16  // multiplexed conversations followed in one layer
	maxExpect      = 256 // announcements kept until they are taken
)

// Engine holds all protocols, compiled. It is immutable and safe for
// concurrent use; its sessions are not.
type Engine struct {
	cfg       Config
	protocols []Protocol
	names     map[string]int
	// scopes has an index for each transport or protocol that carries others.
	scopes map[string]*index
	// beats[p] lists the protocols that lose against p on equal evidence.
	beats [][]int
	// What sessions have given back, to be used again.
	sessions, layers, candidates, reports, drafts sync.Pool
	stores                                        stores
	// directional[p] says that p's messages tell client and server apart.
	directional []bool
	// children[p] is set where something can ride on protocol p.
	children []*index
}

// NewEngine compiles protocols, which are the engine's from then on. It fails on two of one name, on a precedence
// that names an unknown protocol, and on more rows than the index can hold.
func NewEngine(protocols []Protocol, cfg Config) (*Engine, error) {
	if cfg.Budget == 0 {
		cfg.Budget = defaultBudget
	}
	if cfg.Packets == 0 {
		cfg.Packets = defaultPackets
	}
	e := &Engine{
		cfg:       cfg,
		protocols: protocols,
		names:     make(map[string]int, len(protocols)),
		scopes:    make(map[string]*index),
		beats:     make([][]int, len(protocols)),

		directional: make([]bool, len(protocols)),
		children:    make([]*index, len(protocols)),
	}
	e.sessions.New = func() any { return new(Session) }
	e.layers.New = func() any { return new(layer) }
	e.drafts.New = func() any { return new(draft) }
	e.reports.New = func() any { return new(Report) }
	e.candidates.New = func() any { return new(candidate) }
	members := make(map[string][]int)
	for i := range e.protocols {
		p := &e.protocols[i]
		if _, dup := e.names[p.Name]; dup {
			return nil, fmt.Errorf("protocol %s is defined twice", p.Name)
		}
		e.names[p.Name] = i
		e.directional[i] = p.directional()
		for _, carrier := range p.Over {
			members[carrier] = append(members[carrier], i)
		}
	}
	for i := range e.protocols {
		for _, name := range e.protocols[i].Above {
			loser, ok := e.names[name]
			if !ok {
				return nil, fmt.Errorf("protocol %s goes above %s, which is unknown", e.protocols[i].Name, name)
			}
			e.beats[i] = append(e.beats[i], loser)
		}
	}
	for carrier, m := range members {
		x := newIndex(e.protocols, m)
		if x.words > maxWords {
			return nil, fmt.Errorf("%d rows over %s, more than the index holds (%d)", x.size, carrier, maxWords*64)
		}
		e.scopes[carrier] = x
		if p, ok := e.names[carrier]; ok {
			e.children[p] = x
		}
	}
	return e, nil
}

// NewSession starts the identification of one flow. [Session.Close] ends it.
func (e *Engine) NewSession(ctx Context) *Session {
	s, _ := e.sessions.Get().(*Session)
	s.engine, s.ctx = e, ctx
	s.root = s.newLayer(nil, 0)
	s.root.stream = ctx.Transport == "tcp"
	if strings.Contains(ctx.Transport, "/") {
		if c, err := ParseCarrier(ctx.Transport); err == nil {
			s.root.carrier = c.Bits()
		}
	}
	s.root.add(e.scopes[ctx.Transport])
	return s
}
