package pipeline

import (
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/header"
	"github.com/sniffid/sniffid/dissect/sample"
)

// payload hands what a packet carries to the flow's session.
func (p *Pipeline) payload(f *flow.Flow[conversation], d flow.Direction, l *header.Layer) {
	defer p.survive(f)
	if l.PayloadSize > 0 && p.sheds(f, d) {
		p.pass(f, d, l)
		return
	}
	v := &f.Value
	if v.work == nil && (l.Proto != header.TCP || !bare(f, l)) {
		p.begin(f, l)
	}
	switch l.Proto {
	case header.TCP:
		if v.work != nil {
			p.segment(f, d, l, l.Payload)
		}
	case header.SCTP:
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

// begin gives a flow its work; reassembly learns of the SYN that had none.
func (p *Pipeline) begin(f *flow.Flow[conversation], l *header.Layer) {
	w := p.works.take()
	f.Value.work = w
	if seq, packet := f.Opening(); packet != 0 && l.Proto == header.TCP {
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

// observe lets the flow's session see a segment.
func (p *Pipeline) observe(f *flow.Flow[conversation], d flow.Direction, seg flow.Segment) {
	v := &f.Value
	if v.concluded {
		return
	}
	if !v.open() {
		if seg.Size == 0 {
			return
		}
		p.open(f)
	}
	if seg.Size > 0 {
		p.hear(f, d)
	}
	w, changed := v.work, false
	s := w.session
	if f.BothWays() {
		s.SeenBothWays()
	}
	if w.announcements != p.expect.turn {
		w.announcements = p.expect.turn
		p.applyExpectation(f)
	} else if w.sated[v.direction(d)] && !seg.End {
		return
	}
	if seg.Size > 0 {
		changed = s.Observe(v.direction(d), seg)
		p.sample(f, d, &seg)
	}
	if seg.End {
		s.End(v.direction(d))
		changed = true
	}
	for _, e := range s.Expectations() {
		p.expect.add(e, p.packet.Timestamp)
	}
	if changed {
		p.update(f)
	}
	p.spare(f, d)
}

// hear notes that an end sends payload: its owner can be known by then.
func (p *Pipeline) hear(f *flow.Flow[conversation], d flow.Direction) {
	if v := &f.Value; !v.asked[d] {
		v.asked[d] = true
		p.reviewOwners(f)
	}
}

// sample keeps the beginning of a payload that has no name so far.
func (p *Pipeline) sample(f *flow.Flow[conversation], d flow.Direction, seg *flow.Segment) {
	v, w := &f.Value, f.Value.work
	if w.session.Named() {
		w.sample = nil
		return
	}
	if w.sample == nil {
		if f.Payload[0]+f.Payload[1] > uint64(seg.Size) {
			return // it had a name before
		}
		w.sample = new(sample.Sample)
	}
	w.sample.Add(v.direction(d), seg.Data, seg.Size, f.Proto == uint8(header.TCP))
}

// describe says what a payload looks like that was given no name.
func (p *Pipeline) describe(a *answer, s *sample.Sample) {
	if s == nil || len(a.Protocols) > 0 {
		return
	}
	for _, fact := range s.Describe() {
		a.Attributes = append(a.Attributes, dissect.Attribute{Name: fact.Name, Value: fact.Value})
	}
	if p.config.KeepSamples {
		a.sample = s
	}
}

// open starts the identification of a flow: its first payload has come.
func (p *Pipeline) open(f *flow.Flow[conversation]) {
	v := &f.Value
	if v.work == nil {
		v.work = p.works.take()
	}
	v.work.session = p.config.Engine.NewSession(dissect.Context{
		Client: f.Client().Addr(), Server: f.Server().Addr(), Transport: sessionTransport(f),
	})
	v.turned = false
	if f.Roles == flow.RolesHandshake {
		v.work.session.RolesKnown()
	}
	if old := p.sessions.push(f); old != nil {
		p.conclude(old)
	}
	v.work.announcements = p.expect.turn
	p.applyExpectation(f)
}

func (p *Pipeline) applyExpectation(f *flow.Flow[conversation]) {
	if e, ok := p.expect.lookup(transport(f), f.Client(), f.Server(), p.packet.Timestamp); ok {
		f.Value.work.session.Expect(e)
	}
}

// spare ends the work that can't change the answer any more.
func (p *Pipeline) spare(f *flow.Flow[conversation], d flow.Direction) {
	w := f.Value.work
	for d := range w.sated {
		w.sated[d] = !w.session.Wants(flow.Direction(d))
	}
	if w.sated[0] && w.sated[1] {
		p.conclude(f)
		return
	}
	if f.Proto == uint8(header.TCP) && w.sated[f.Value.direction(d)] {
		w.tcp.Stop(d, &p.bounds)
	}
}

// conclude takes the session's answer and frees all that led to it.
func (p *Pipeline) conclude(f *flow.Flow[conversation]) {
	v := &f.Value
	if v.concluded {
		return
	}
	v.concluded = true
	p.reviewOwners(f)
	w := v.work
	if w == nil {
		return
	}
	v.work = nil
	defer p.survive(f)
	if s := w.session; s != nil {
		p.sessions.open--
		if f.BothWays() {
			s.SeenBothWays()
		}
		v.answer = &answer{Identification: s.Identify()}
		p.describe(v.answer, w.sample)
		s.Close()
	}
	for _, d := range [...]flow.Direction{flow.FromClient, flow.FromServer} {
		w.tcp.Stop(d, &p.bounds)
		if w.sctp != nil {
			w.sctp.Stop(d, &p.bounds)
		}
	}
	p.works.leave(w)
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
	current := p.current
	p.current, p.ending = f, true
	p.flush(f)
	p.conclude(f)
	p.works.settle() // no reassembly is going on when a flow ends
	p.current, p.ending = current, false
	result := p.result(f)
	if result.HasPorts() {
		summarize(&p.last, f, result)
		p.ports.Add(&p.last)
	}
	if p.config.OnFlow != nil {
		p.config.OnFlow(result)
	}
}
