package pipeline

import (
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/header"
)

// payload hands what a packet carries to the flow's inquiry, in order.
func (p *Pipeline) payload(f *flow.Flow[conversation], d flow.Direction, l *header.Layer) {
	defer p.survive(f)
	if l.PayloadSize > 0 && p.sheds(f, d) {
		p.pass(f, d, l)
		return
	}
	v := &f.Value
	switch l.Proto {
	case header.TCP:
		if v.work == nil && !bare(f, l) {
			p.begin(f)
		}
		if v.work != nil {
			p.segment(f, d, l, l.Payload)
		}
	case header.SCTP:
		if v.work == nil {
			v.work = p.works.take()
		}
		p.chunks(f, d, l.Payload)
	default:
		p.observe(f, d, flow.Segment{Data: l.Payload, Size: l.PayloadSize, Packet: p.packet.Number})
	}
	if f.State == flow.StateRefused && (v.told == nil || !v.told.refused) {
		p.update(f)
	}
}

// segment hands a TCP segment to reassembly; data is what there is of its payload.
func (p *Pipeline) segment(f *flow.Flow[conversation], d flow.Direction, l *header.Layer, data []byte) {
	f.Value.work.tcp.Push(d, &flow.TCP{
		Seq: l.Seq, Ack: l.Ack, Flags: uint8(l.Flags), Payload: data, Size: l.PayloadSize, Packet: p.packet.Number,
	}, &p.bounds, (*sink)(p))
}

// bare reports whether a segment without payload is the SYN that the flow knows of, or
// a reset. A flood or a scan has a million that lead to nothing: they get no work.
func bare(f *flow.Flow[conversation], l *header.Layer) bool {
	if l.PayloadSize > 0 {
		return false
	}
	seq, packet := f.Opening()
	opens := packet != 0 && l.Seq == seq && l.Flags&(header.SYN|header.ACK|header.FIN) == header.SYN
	return opens || l.Flags.Has(header.RST)
}

// begin gives a connection its work; reassembly learns of the SYN that had none.
func (p *Pipeline) begin(f *flow.Flow[conversation]) {
	w := p.works.take()
	f.Value.work = w
	if seq, packet := f.Opening(); packet != 0 {
		w.tcp.Push(flow.FromClient, &flow.TCP{Seq: seq, Flags: uint8(header.SYN), Packet: packet}, &p.bounds, (*sink)(p))
	}
}

// chunks hands the user data of an SCTP packet to reassembly.
func (p *Pipeline) chunks(f *flow.Flow[conversation], d flow.Direction, payload []byte) {
	v := &f.Value
	for rest := payload; ; {
		at := len(payload) - len(rest)
		c, next, ok := header.NextChunk(rest)
		if !ok || v.concluded {
			return
		}
		if c.Type == header.ChunkData || c.Type == header.ChunkIData {
			if v.work.sctp == nil {
				v.work.sctp = new(flow.Messages)
			}
			v.work.sctp.Push(d, &flow.Chunk{
				TSN: c.TSN, Stream: c.Stream, PPID: c.PPID, Begins: c.Begins, Ends: c.Ends, Data: c.Data, Size: c.Size,
				Packet: p.packet.Number, Offset: at + chunkHeader(c.Type),
			}, &p.bounds, (*sink)(p))
		}
		rest = next
	}
}

// chunkHeader is how many bytes of a chunk come before its user data.
func chunkHeader(t header.ChunkType) int {
	if t == header.ChunkIData {
		return 20 // RFC 8260 §2.1
	}
	return 16 // RFC 9260 §3.3.1
}

// sink passes on what reassembly delivers for the current flow.
type sink Pipeline

// Deliver implements [flow.Sink].
func (s *sink) Deliver(d flow.Direction, seg flow.Segment) {
	p := (*Pipeline)(s)
	p.observe(p.current, d, seg)
}

// observe lets the flow's inquiry see a segment.
func (p *Pipeline) observe(f *flow.Flow[conversation], d flow.Direction, seg flow.Segment) {
	v := &f.Value
	if v.concluded {
		return
	}
	if v.inquiry == nil {
		if seg.Size == 0 {
			return
		}
		p.open(f)
	}
	if seg.Size > 0 {
		p.hear(f, d)
	}
	in := v.inquiry
	if in.over.Load() { // and perhaps not entered yet
		p.follow(f, d)
		return
	}
	p.step = step{
		inquiry: in, direction: v.direction(d), segment: seg, time: p.packet.Timestamp,
		first: f.Payload[0]+f.Payload[1] <= uint64(seg.Size), bothWays: f.BothWays(), turned: v.turned,
	}
	p.advance(f)
	p.follow(f, d)
}

// follow frees what a flow needs no more, by what is known of its inquiry.
func (p *Pipeline) follow(f *flow.Flow[conversation], d flow.Direction) {
	v := &f.Value
	switch in := v.inquiry; {
	case in.complete:
		p.release(f)
	case in.stopped[v.direction(d)].Load():
		v.work.tcp.Stop(d, &p.bounds)
	}
}

// open begins the inquiry into a flow: its first payload has come.
func (p *Pipeline) open(f *flow.Flow[conversation]) {
	f.Value.turned = false
	p.inquiries++
	f.Value.inquiry = &inquiry{
		shard:     uint8(p.inquiries % shards),
		transport: transport(f), carrier: sessionTransport(f), client: f.Client(), server: f.Server(),
		rolesKnown: f.Roles == flow.RolesHandshake, stream: f.Link == nil && f.Proto == uint8(header.TCP),
	}
}

// advance has the flow's step taken and entered, now or, in its order, beside the pipeline.
func (p *Pipeline) advance(f *flow.Flow[conversation]) {
	s := &p.step
	if p.apart != nil {
		p.apart.post(s)
		return
	}
	p.examiners[s.inquiry.shard].take(s)
	p.ledger.enter(s)
	if s.changed {
		p.update(f)
	}
}

// hear notes that an end sends payload: its owner can be known by then.
func (p *Pipeline) hear(f *flow.Flow[conversation], d flow.Direction) {
	if v := &f.Value; !v.asked[d] {
		v.asked[d] = true
		p.review(f)
	}
}

// conclude ends a flow's inquiry.
func (p *Pipeline) conclude(f *flow.Flow[conversation]) {
	v := &f.Value
	if v.concluded {
		return
	}
	if v.inquiry != nil {
		p.step = step{inquiry: v.inquiry, last: true, bothWays: f.BothWays()}
		if p.packet != nil {
			p.step.segment.Packet = p.packet.Number
		}
		p.advance(f)
	}
	p.release(f)
}

// release frees what a flow needs no more when its inquiry is over.
func (p *Pipeline) release(f *flow.Flow[conversation]) {
	v := &f.Value
	v.concluded = true
	p.review(f)
	v.forget()
	if w := v.work; w != nil {
		v.work = nil
		w.stop(&p.bounds)
		p.works.leave(w)
	}
}

// flush delivers what reassembly still holds of a flow.
func (p *Pipeline) flush(f *flow.Flow[conversation]) {
	if w := f.Value.work; w != nil {
		defer p.survive(f)
		w.tcp.Flush(&p.bounds, (*sink)(p))
	}
}

// ended takes leave of a flow that the table has forgotten.
func (p *Pipeline) ended(f *flow.Flow[conversation]) {
	if f.Value.news {
		p.tell(f)
	}
	current := p.current
	p.current, p.ending = f, true
	p.flush(f)
	p.conclude(f)
	p.works.settle() // no reassembly is going on when a flow ends
	p.current, p.ending = current, false
	if p.apart != nil {
		p.apart.leave(f)
	} else {
		p.report(f)
	}
}

// report passes on what is known of a flow that has ended.
func (p *Pipeline) report(f *flow.Flow[conversation]) {
	f.Value.forget()
	result := p.result(f)
	if result.HasPorts() {
		summarize(&p.last, f, result)
		p.ports.Add(&p.last)
	}
	if p.config.OnFlow != nil {
		p.config.OnFlow(result)
	}
}
