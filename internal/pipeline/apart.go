package pipeline

import (
	"runtime"
	"slices"

	"github.com/sniffid/sniffid/dissect/flow"
)

// apart has the steps of inquiries taken by a goroutine of its own, in their order, while
// the pipeline goes on with further packets. What comes of it is the same: flows are
// reported in the order in which they end, each when its inquiry is over.
type apart struct {
	todo, done chan *parcel
	filling    *parcel
	free       []*parcel
	sent       uint64 // parcels, filled and
	returned   uint64 // worked off
	leaving    []leaving
	report     func(*flow.Flow[conversation])
}

// parcel holds steps and their payload.
type parcel struct {
	steps []step
	data  []byte
}

const (
	parcels     = 8 // how many there are at most
	parcelSteps = 256
	parcelBytes = 128 << 10
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
	a := &apart{todo: make(chan *parcel, parcels), done: make(chan *parcel, parcels), filling: newParcel(), report: p.report}
	for range parcels - 1 {
		a.free = append(a.free, nil) // made when they are needed
	}
	go func() {
		for c := range a.todo {
			for i := range c.steps {
				p.examiner.take(&c.steps[i])
			}
			a.done <- c
		}
		close(a.done)
	}()
	p.apart = a
	return func() {
		p.apart = nil
		a.end()
	}
}

func newParcel() *parcel {
	return &parcel{steps: make([]step, 0, parcelSteps), data: make([]byte, 0, parcelBytes)}
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
	a.todo <- a.filling
	a.sent++
	for {
		select {
		case c := <-a.done:
			a.take(c)
			continue
		default:
		}
		break
	}
	if len(a.free) == 0 {
		a.take(<-a.done)
	}
	last := len(a.free) - 1
	if a.filling = a.free[last]; a.filling == nil {
		a.filling = newParcel()
	}
	a.free = a.free[:last]
}

// take takes a parcel back.
func (a *apart) take(c *parcel) {
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
			a.take(<-a.done)
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
	a.todo <- a.filling
	close(a.todo)
	for c := range a.done {
		a.take(c)
	}
}
