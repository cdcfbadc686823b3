package pipeline

import (
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// conversation is what the pipeline keeps per flow. Most flows of a long run
// are decided: what leads there is an [inquiry] and a [work] of their own, which
// they have given back.
type conversation struct {
	// work is nil before the first segment that matters, and again when nothing
	// could change the answer any more (concluded); only TCP and SCTP have it.
	work *work
	// inquiry is nil before the first payload, and again when its answer was taken.
	inquiry *inquiry
	// answer is the inquiry's last word; nil until then, and for a flow without
	// payload.
	answer *answer
	// owners are those of the ends, by the direction they send in; nil: nobody
	// was asked. They are shared and read only.
	owners [2]*owner.Owner
	// told is what OnUpdate was last told; nil: nothing.
	told *told
	// first is the number of the flow's first packet.
	first uint64

	concluded bool
	// news says that an update waits to be told, asking that the owners are still to be
	// asked for.
	news, asking bool
	// turned says that the inquiry's client is the flow's server, because a
	// handshake seen late turned the flow.
	turned bool
	// asked says that the owners were asked for when an end sent its
	// first payload, by the direction of that end.
	asked [2]bool
}

// work puts the payload of a flow in order.
type work struct {
	tcp  flow.Conversation
	sctp *flow.Messages // nil before the first chunk
}

// stop frees the bytes that wait for others.
func (w *work) stop(b *flow.Bounds) {
	for _, d := range [...]flow.Direction{flow.FromClient, flow.FromServer} {
		w.tcp.Stop(d, b)
		if w.sctp != nil {
			w.sctp.Stop(d, b)
		}
	}
}

// swap follows the flow when its roles turn out to be the other way round.
func (c *conversation) swap() {
	c.turned = !c.turned
	if w := c.work; w != nil {
		w.tcp.Swap()
		if w.sctp != nil {
			w.sctp.Swap()
		}
	}
	c.owners[0], c.owners[1] = c.owners[1], c.owners[0]
	c.asked[0], c.asked[1] = c.asked[1], c.asked[0]
}

// direction translates between the flow's directions and the inquiry's.
func (c *conversation) direction(d flow.Direction) flow.Direction {
	if c.turned {
		return d.Reverse()
	}
	return d
}

// identify returns the answer so far, in the inquiry's directions.
func (c *conversation) identify() dissect.Identification {
	switch {
	case c.inquiry != nil:
		return c.inquiry.identify()
	case c.answer != nil:
		return c.answer.Identification
	}
	return dissect.Identification{}
}

// forget keeps the answer alone of an inquiry that is complete.
func (c *conversation) forget() {
	if in := c.inquiry; in != nil && in.complete {
		c.answer, c.inquiry = in.answer, nil
	}
}

// works lends out the works of flows, so that a new flow need not make one.
type works struct {
	spare []*work
	// leaving are those that reassembly may still be at work on.
	leaving []*work
}

// maxSpare bounds how many are kept for later.
const maxSpare = 256

func (x *works) take() *work {
	n := len(x.spare) - 1
	if n < 0 {
		return new(work)
	}
	w := x.spare[n]
	x.spare = x.spare[:n]
	return w
}

// leave takes back a work that may be in use until the next settle.
func (x *works) leave(w *work) { x.leaving = append(x.leaving, w) }

// settle makes what has left ready for others.
func (x *works) settle() {
	for i, w := range x.leaving {
		x.leaving[i] = nil
		*w = work{}
		if len(x.spare) < maxSpare {
			x.spare = append(x.spare, w)
		}
	}
	x.leaving = x.leaving[:0]
}
