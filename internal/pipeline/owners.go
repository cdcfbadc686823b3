package pipeline

import (
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect/flow"
)

// asking are the flows whose owners are still to be asked for.
type asking struct {
	flows   []*flow.Flow[conversation]
	queries []owner.Query
	owners  []owner.Owner
}

// maxAsking is how many flows are asked for together.
const maxAsking = 256

// ask has the processes behind a flow's ends asked for, now or together with those of
// other flows. What was found before stands if it is as good.
func (p *Pipeline) ask(f *flow.Flow[conversation]) {
	if p.config.Owners == nil {
		f.Value.owners = [2]*owner.Owner{&p.offline, &p.offline}
		return
	}
	if f.Value.asking {
		return
	}
	f.Value.asking = true
	p.asking.flows = append(p.asking.flows, f)
	if p.config.Gather == 0 || p.config.OnPacket != nil || len(p.asking.flows) == maxAsking {
		p.askAll()
	}
}

// review asks again for owners that there was no exact answer to: an end that sends
// payload has a socket of its own by then, and at the end the process has used it that
// will not have begun to before.
func (p *Pipeline) review(f *flow.Flow[conversation]) {
	v := &f.Value
	if p.config.Owners == nil || f.Link != nil || v.asking || p.reviewed || settled(v.owners[0]) && settled(v.owners[1]) {
		return
	}
	p.ask(f)
}

// reviewAll reviews the owners of all flows, for the last time.
func (p *Pipeline) reviewAll() {
	if p.config.Owners == nil {
		return
	}
	for _, f := range p.table.All() {
		p.review(f)
	}
	p.askAll()
	p.reviewed = true
}

// settled reports whether asking again would not give a better answer.
func settled(o *owner.Owner) bool {
	return o.Quality == owner.Exact || o.Reason == owner.NotLocal || o.Reason == owner.Forwarded
}

// askAll asks for the owners that are still to be asked for.
func (p *Pipeline) askAll() {
	a := &p.asking
	if len(a.flows) == 0 {
		return
	}
	a.queries = a.queries[:0]
	for _, f := range a.flows {
		// The server first, for its listener is known already, while asking for a new
		// client makes the table be read again, and a short connection may be over by
		// then.
		q := owner.Query{
			Transport: transportName(f.Proto), ID: f.ICMPID(), Time: time.Unix(0, f.Last),
			Local: f.Server(), Remote: f.Client(), Answers: true,
		}
		r := q
		r.Local, r.Remote, r.Answers = q.Remote, q.Local, false
		a.queries = append(a.queries, q, r)
	}
	if cap(a.owners) < len(a.queries) {
		a.owners = make([]owner.Owner, 2*maxAsking)
	}
	owners := a.owners[:len(a.queries)]
	if p.batches != nil {
		p.batches.LookupAll(a.queries, owners)
	} else {
		for i := range owners {
			owners[i] = p.config.Owners.Lookup(a.queries[i])
		}
	}
	for i, f := range a.flows {
		f.Value.asking = false
		p.found(f, flow.FromServer, &owners[2*i])
		p.found(f, flow.FromClient, &owners[2*i+1])
	}
	clear(a.flows)
	a.flows = a.flows[:0]
	clear(owners)
}

// found takes over an owner unless the one that is known is better.
func (p *Pipeline) found(f *flow.Flow[conversation], d flow.Direction, now *owner.Owner) {
	before := f.Value.owners[d]
	if before == nil || before.Quality != owner.Exact && (!before.Known() || now.Known()) {
		f.Value.owners[d] = p.owners.Keep(now)
	}
}

// noteProcess takes over what the capture itself says about the process.
func (p *Pipeline) noteProcess(f *flow.Flow[conversation], d flow.Direction) {
	local := d // of an outgoing packet, the process is the sender
	switch p.packet.Direction {
	case capture.DirectionIn:
		local = d.Reverse()
	case capture.DirectionUnknown:
		return
	}
	o := &f.Value.owners[local]
	if *o != nil && (*o).Known() {
		return
	}
	switch {
	case p.packet.Process != nil:
		*o = &owner.Owner{PID: p.packet.Process.PID, Name: p.packet.Process.Name, Quality: owner.Exact}
	case p.headers.HasProcess:
		*o = &owner.Owner{PID: int(p.headers.PID), Name: string(p.headers.ProcessName), Quality: owner.Exact}
	}
}

// attachProcess notes the process behind the packet's local end, as far as the
// flow's owners are known. The direction tells which end is meant; on loopback,
// where both are local and no direction is captured, the sender is.
func (p *Pipeline) attachProcess(pkt *capture.Packet) {
	owners := &p.current.Value.owners
	sender, receiver := owners[p.direction], owners[p.direction.Reverse()]
	if sender == nil || receiver == nil {
		return // a frame without IP
	}
	direction := pkt.Direction
	if direction == capture.DirectionUnknown {
		direction = capture.DirectionIn
		if sender.Known() {
			direction = capture.DirectionOut
		}
	}
	local := sender
	if direction == capture.DirectionIn {
		local = receiver
	}
	if !local.Known() {
		return
	}
	p.process = capture.Process{PID: local.PID, Name: local.Name, Path: local.Exe}
	pkt.Process, pkt.Direction = &p.process, direction
}
