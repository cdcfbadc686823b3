package flow

import "math"

// wheel has the flows of a class by when they were last seen to be active: a slot for
// each eighth of the timeout. A packet does not move its flow: when a slot is due, those
// of its flows that were active since go to the slot where they belong. So idleness costs
// nothing per packet, and a flow is ended at the latest an eighth of its timeout late.
type wheel[S any] struct {
	slots [slots]list[S]
	first int64 // number of the oldest slot that may have flows
	size  int   // flows in all slots
}

// list is a queue of flows.
type list[S any] struct{ head, tail *Flow[S] }

const (
	// slots is how many slots a wheel has: twice as many as a timeout takes, so that
	// there is room for clocks that differ. Times out of reach go to the nearest slot,
	// and on from there.
	slots = 2 * slotsPerTimeout
	// slotsPerTimeout is how many slots a timeout takes.
	slotsPerTimeout = 8
)

// span is how many nanoseconds a slot of class c has.
func (c *Config) span(k class) int64 { return max(1, int64(c.timeout(k))/slotsPerTimeout) }

// due is when the flows of slot number n of class k may be idle.
func (c *Config) due(k class, n int64) int64 { return (n+1)*c.span(k) + int64(c.timeout(k)) }

func (t *Table[S]) link(f *Flow[S], c class) {
	w := &t.wheels[c]
	n := f.Last / t.config.span(c)
	if w.size == 0 || n < w.first {
		w.first = n
	}
	n = min(n, w.first+slots-1)
	f.class, f.slot, f.stamp = c, uint8(n&(slots-1)), f.Last
	w.size++
	l := &w.slots[f.slot]
	f.prev, f.next = l.tail, nil
	if l.tail == nil {
		l.head = f
	} else {
		l.tail.next = f
	}
	l.tail = f
	t.due = min(t.due, t.config.due(c, n))
}

func (t *Table[S]) unlink(f *Flow[S]) {
	w := &t.wheels[f.class]
	w.size--
	l := &w.slots[f.slot]
	if f.prev == nil {
		l.head = f.next
	} else {
		f.prev.next = f.next
	}
	if f.next == nil {
		l.tail = f.prev
	} else {
		f.next.prev = f.prev
	}
	f.prev, f.next = nil, nil
}

// oldest returns the first flow of the oldest slot that has any, or nil.
func (w *wheel[S]) oldest() *Flow[S] {
	if w.size == 0 {
		return nil
	}
	for w.slots[w.first&(slots-1)].head == nil {
		w.first++
	}
	return w.slots[w.first&(slots-1)].head
}

// expire ends flows that are idle at time now, a bounded number in a call, so
// that one packet with a wrong clock cannot empty the table.
func (t *Table[S]) expire(now int64) {
	if now <= t.due {
		return
	}
	const perClass = 4
	t.due = math.MaxInt64
	for c := range classes {
		w := &t.wheels[c]
		for range perClass {
			f := w.oldest()
			if f == nil || now <= t.config.due(c, w.first) {
				break
			}
			if t.config.idle(c, now-f.Last) {
				t.stats.Expired++
				t.end(f)
			} else {
				t.unlink(f)
				t.link(f, c)
			}
		}
		if w.oldest() != nil {
			t.due = min(t.due, t.config.due(c, w.first))
		}
	}
}

// evict makes room by ending the flow that is closest to its timeout among the
// oldest of the classes.
func (t *Table[S]) evict(now int64) {
	const secondChances = 8
	var victim *Flow[S]
	var worst float64
	for c := range classes {
		w := &t.wheels[c]
		f := w.oldest()
		for range secondChances {
			if f == nil || f.Last == f.stamp || w.size == 1 {
				break
			}
			t.unlink(f)
			t.link(f, c)
			f = w.oldest()
		}
		if f == nil {
			continue
		}
		if age := float64(now-f.Last) / float64(t.config.timeout(c)); victim == nil || age > worst {
			victim, worst = f, age
		}
	}
	if victim != nil {
		t.stats.Evicted++
		t.end(victim)
	}
}
