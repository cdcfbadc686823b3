package pipeline

import (
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/sniffid/sniffid/dissect/flow"
)

// apart has the steps of inquiries taken by goroutines of their own while the pipeline goes
// on with further packets. What comes of it is the same: the steps are entered in their
// order, and flows are reported in the order in which they end, each when its last step
// was entered.
type apart struct {
	workers  []chan *parcel
	done     chan *parcel
	filling  *parcel
	free     []*parcel
	made     int    // parcels
	sent     uint64 // parcels, filled and
	returned uint64 // worked off
	leaving  []leaving
	ledger   *ledger
	report   func(*flow.Flow[conversation])
}

// parcel holds steps and their payload. It goes through the hands of all workers.
type parcel struct {
	left  atomic.Int32 // workers that have not finished with it
	steps []step
	data  []byte
}

const (
	parcels     = 64 // how many there are at most: busy flows come one after the other
	parcelSteps = 128
	parcelBytes = 64 << 10
	// maxLeaving is how many flows that have ended wait at most to be reported.
	maxLeaving = 4096
)

// leaving is a flow that has ended; its last step is in the parcel of that number.
type leaving struct {
	flow   *flow.Flow[conversation]
	parcel uint64
}

// divide lets inquiries go on beside the pipeline until the function that it returns is
// called. Where somebody wants to know of packets or running flows it does nothing: they
// are told at once what is known by then.
func (p *Pipeline) divide() (join func()) {
	c := &p.config
	if c.OnUpdate != nil || c.OnVerdict != nil || c.OnPacket != nil || c.Owners != nil || c.Backlog != nil || runtime.GOMAXPROCS(0) == 1 {
		return func() {}
	}
	a := &apart{done: make(chan *parcel, parcels), ledger: &p.ledger, report: p.report}
	a.filling = a.parcel()
	a.workers = make([]chan *parcel, min(runtime.GOMAXPROCS(0), shards))
	for i := range a.workers {
		a.workers[i] = make(chan *parcel, parcels)
		go a.work(i, &p.examiners)
	}
	p.apart = a
	return func() {
		p.apart = nil
		a.end()
	}
}

// work takes the steps of the i-th worker's share of inquiries.
func (a *apart) work(i int, examiners *[shards]examiner) {
	for c := range a.workers[i] {
		for j := range c.steps {
			s := &c.steps[j]
			if shard := int(s.inquiry.shard); shard%len(a.workers) == i {
				examiners[shard].take(s)
			}
		}
		if c.left.Add(-1) == 0 {
			a.done <- c
		}
	}
}

// parcel returns an empty one, and waits for it if there are enough.
func (a *apart) parcel() *parcel {
	if len(a.free) == 0 && a.made < parcels {
		a.made++
		return new(parcel) // which grows: most captures are small
	}
	if len(a.free) == 0 {
		a.receive(<-a.done)
	}
	last := len(a.free) - 1
	c := a.free[last]
	a.free = a.free[:last]
	return c
}

// post adds a step to those that are to be taken. Its payload is copied.
func (a *apart) post(s *step) {
	c := a.filling
	if len(c.steps) == parcelSteps || len(c.data)+len(s.segment.Data) > parcelBytes && len(c.steps) > 0 {
		a.send()
		c = a.filling
	}
	start := len(c.data)
	c.data = append(c.data, s.segment.Data...)
	c.steps = append(c.steps, *s)
	c.steps[len(c.steps)-1].segment.Data = c.data[start:]
}

// send hands the parcel over that is being filled.
func (a *apart) send() {
	a.dispatch()
	for more := true; more; {
		select {
		case c := <-a.done:
			a.receive(c)
		default:
			more = false
		}
	}
	a.filling = a.parcel()
}

// dispatch gives every worker the parcel that was filled.
func (a *apart) dispatch() {
	a.sent++
	a.filling.left.Store(int32(len(a.workers)))
	for _, w := range a.workers {
		w <- a.filling
	}
}

// receive takes a parcel back.
func (a *apart) receive(c *parcel) {
	for i := range c.steps {
		a.ledger.enter(&c.steps[i])
	}
	clear(c.steps)
	c.steps, c.data = c.steps[:0], c.data[:0]
	a.free = append(a.free, c)
	a.returned++
	a.reports()
}

// leave has a flow reported when its last step was taken.
func (a *apart) leave(f *flow.Flow[conversation]) {
	if len(a.leaving) == maxLeaving {
		a.send()
		for a.returned < a.sent {
			a.receive(<-a.done)
		}
	}
	a.leaving = append(a.leaving, leaving{f, a.sent + 1})
}

// reports reports the flows whose last steps were taken.
func (a *apart) reports() {
	n := 0
	for n < len(a.leaving) && a.leaving[n].parcel <= a.returned {
		a.report(a.leaving[n].flow)
		n++
	}
	a.leaving = slices.Delete(a.leaving, 0, n)
}

// end waits for all that is to be done.
func (a *apart) end() {
	a.dispatch()
	for _, w := range a.workers {
		close(w)
	}
	for a.returned < a.sent {
		a.receive(<-a.done)
	}
}
