// Package pipeline wires the stages of identification: packets from a source
// are decoded, sorted into flows and reassembled, sessions of the engine
// identify the flows, and the verdicts about ports come out at the end.
//
// One [Pipeline] is one run: a capture file, or a live capture. Its clock is
// that of the packets. Nothing in it is safe for concurrent use; the goroutine
// that calls [Pipeline.Run] makes all callbacks. Others may help it with a file, which
// makes no difference to the results.
package pipeline

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/fragment"
	"github.com/sniffid/sniffid/dissect/header"
)

// Config says what a run does. Engine is required; the zero value of every
// other field is usable.
type Config struct {
	Engine *dissect.Engine
	// File names the capture file in the results; "" for a live capture.
	File string
	// Ports restricts the run to packets with one of these ports at either end;
	// empty: all packets.
	Ports PortSet
	// Owners names the processes behind local ends; nil: only the capture
	// itself can name them.
	Owners owner.Source
	// Correlate configures the verdicts. Asked is set from Ports. Its Registry
	// also says what registered names may carry.
	Correlate correlate.Config
	// Flows bounds the flow table.
	Flows flow.Config
	// MaxSessions bounds how many flows are under identification at a time;
	// 0 = 65,536. Beyond it an old one has to do with what it has.
	MaxSessions int
	// KeepSamples leaves the beginning of the payload in flows without a name
	// ([Flow.Sample]); it costs up to 2 KiB a flow.
	KeepSamples bool
	// Backlog says how many packets wait, as a share of those that there is room for;
	// when there are many, payload is passed over: packets that are lost are lost to
	// all. OnShed is called the first time. Both may be nil.
	Backlog func() float64
	OnShed  func()
	// Gather is how long the updates and verdicts of running flows may wait to be told
	// together, and the questions for owners to be asked together; these have to
	// remember sockets for so long. 0: not at all.
	Gather time.Duration
	// MaxPackets ends [Pipeline.Run] after so many packets; 0 = no limit.
	MaxPackets uint64

	// OnFlow receives each flow when it has ended. The Flow is the pipeline's again when
	// it returns, what it refers to is not. May be nil.
	OnFlow func(*Flow)
	// OnUpdate receives a running flow when its answer became known or changed,
	// or when it was refused; as OnFlow does. May be nil.
	OnUpdate func(*Flow)
	// OnVerdict receives a port when the verdict about it becomes known, or
	// changes, while its flows are still running; at the beginning those that
	// the listing alone makes suspicious. May be nil; it costs time.
	OnVerdict func(*Port)
	// OnPacket receives each packet of the run after it was looked at; its
	// Process, and with it Direction, is filled in where an owner is known. An error ends Run. May be
	// nil.
	OnPacket func(*capture.Packet) error
}

// Pipeline is one run.
type Pipeline struct {
	config    Config
	headers   header.Packet
	partial   header.Packet // the start of a packet that never became complete
	fragments *fragment.Defragmenter
	table     *flow.Table[conversation]
	bounds    flow.Bounds
	works     works
	examiners [shards]examiner
	ledger    ledger
	apart     *apart // nil: the steps of inquiries are taken at once
	inquiries uint64 // how many there were
	step      step   // the last one
	ports     *correlate.Aggregator
	reported  Flow                  // the result of a flow, and
	last      correlate.FlowSummary // what the verdicts need of it: to be used again
	verdicts  verdicts
	summary   Summary

	// offline is the owner of ends that nobody can be asked about.
	offline owner.Owner
	owners  owner.Keeper
	batches owner.Batches // the configured owners, if they are
	asking  asking
	// reviewed says that owners were asked for the last time.
	reviewed bool
	// news are the flows whose updates wait to be told; since waiting, about, something
	// waits.
	news    []*flow.Flow[conversation]
	waiting time.Time
	// packet is the one being looked at, current its flow, for the callbacks
	// of reassembly; process is what is attached to it.
	packet    *capture.Packet
	current   *flow.Flow[conversation]
	direction flow.Direction // of the packet, in current
	process   capture.Process
	// link is what the table is told of the frame at hand.
	link flow.Link
	// shed is the number of the last packet whose payload was passed over.
	shed uint64
	// ending says that a flow is being taken leave of: no more updates.
	ending bool
}

// New returns a pipeline that has seen nothing.
func New(c Config) *Pipeline {
	if c.MaxSessions <= 0 {
		c.MaxSessions = 1 << 16
	}
	if !c.Ports.Empty() {
		c.Correlate.Asked = c.Ports.Has
	}
	p := &Pipeline{
		config:    c,
		fragments: fragment.New(fragment.Config{}),
		table:     flow.NewTable[conversation](c.Flows),
		ports:     correlate.NewAggregator(c.Correlate),
		summary:   Summary{File: c.File},
		offline:   owner.Owner{Reason: owner.Offline},
	}
	p.batches, _ = c.Owners.(owner.Batches)
	for i := range p.examiners {
		p.examiners[i] = examiner{
			engine: c.Engine, keepSamples: c.KeepSamples, sessions: sessionQueue{limit: max(c.MaxSessions/shards, 1)},
		}
	}
	p.fragments.OnGiveUp = p.incomplete
	p.table.OnEnd = p.ended
	p.table.OnSwap = func(f *flow.Flow[conversation]) { f.Value.swap() }
	return p
}

// Run takes packets from src until it ends, ctx is done or the limit of packets
// is reached; it returns nil then. A *[capture.DamageError] and any other error
// of the source are returned as they are; what was read before stands. Run does
// not close src, and does not call [Pipeline.Finish].
func (p *Pipeline) Run(ctx context.Context, src capture.Source) error {
	defer func() {
		s := src.Stats()
		p.summary.Dropped += s.Dropped + s.IfDropped
	}()
	p.suspect()
	defer p.Tell()
	defer p.divide()()
	var pkt capture.Packet
	for ctx.Err() == nil {
		switch err := src.Next(&pkt); {
		case err == nil:
		case errors.Is(err, capture.ErrTimeout):
			continue
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
		if err := p.Packet(&pkt); err != nil {
			return err
		}
		p.due()
		if p.config.MaxPackets > 0 && p.summary.Packets >= p.config.MaxPackets {
			return nil
		}
	}
	return nil
}

// Finish ends all flows.
func (p *Pipeline) Finish() {
	defer p.divide()()
	p.fragments.Flush()
	p.reviewAll()
	p.table.Flush()
}

// Ports returns the verdicts about the ports of all flows that have ended. It
// is complete after [Pipeline.Finish]. Where the run is restricted to some
// ports, others are only there if they are the peers.
func (p *Pipeline) Ports() []Port { return slices.Collect(p.AllPorts()) }

// AllPorts makes the ports of [Pipeline.Ports] one by one.
func (p *Pipeline) AllPorts() iter.Seq[Port] { return ahead(p.ports.All(), p.judge) }

// judge makes the verdict about a port, unless the run has nothing to do with it.
func (p *Pipeline) judge(port correlate.Port) (Port, bool) {
	if !p.config.Ports.Empty() && !port.Asked && len(port.Observations) == 0 {
		return Port{}, false
	}
	return Port{File: p.config.File, Port: port, Verdict: correlate.Judge(&port, p.config.Correlate.Registry)}, true
}

// Summary returns the counts so far.
func (p *Pipeline) Summary() Summary {
	s, t := p.summary, p.table.Stats()
	s.Flows, s.Evicted, s.Unjudged, s.Failures = t.Flows, t.Evicted, p.ports.Dropped(), p.ledger.failures.count
	return s
}
