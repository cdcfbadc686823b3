package flow

import (
	"math"
	"time"
)

// Config bounds a [Table]. The zero value has the defaults.
type Config struct {
	// MaxFlows is the most flows that are kept at a time; 0 = 1,000,000. Beyond
	// it the flow that is closest to its timeout goes.
	MaxFlows int
	// The timeouts are how long a flow may be idle; 0 = the default. They
	// follow RFC 5382 (TCP), RFC 4787 (UDP) and RFC 5508 (ICMP).
	TCPEstablished time.Duration // 2 h 4 min
	TCPOpening     time.Duration // 4 min; SYN seen, not yet established
	Ended          time.Duration // 1 min; closed, reset or refused, any protocol
	UDP            time.Duration // 5 min
	ICMP           time.Duration // 1 min
	Other          time.Duration // 5 min
}

// class groups flows with the same timeout.
type class uint8

const (
	classEnded class = iota
	classTCPOpening
	classTCPEstablished
	classUDP
	classICMP
	classOther
	classes
)

func classOf(proto uint8, s State) class {
	switch {
	case s.Ended():
		return classEnded
	case proto == protoTCP || proto == protoSCTP:
		if s < StateEstablished {
			return classTCPOpening
		}
		return classTCPEstablished
	case proto == protoUDP:
		return classUDP
	case proto == protoICMP || proto == protoICMPv6:
		return classICMP
	}
	return classOther
}

func (c Config) withDefaults() Config {
	if c.MaxFlows <= 0 {
		c.MaxFlows = 1_000_000
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.TCPEstablished, 2*time.Hour + 4*time.Minute},
		{&c.TCPOpening, 4 * time.Minute},
		{&c.Ended, time.Minute},
		{&c.UDP, 5 * time.Minute},
		{&c.ICMP, time.Minute},
		{&c.Other, 5 * time.Minute},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return c
}

func (c *Config) timeout(k class) time.Duration {
	switch k {
	case classEnded:
		return c.Ended
	case classTCPOpening:
		return c.TCPOpening
	case classTCPEstablished:
		return c.TCPEstablished
	case classUDP:
		return c.UDP
	case classICMP:
		return c.ICMP
	}
	return c.Other
}

// idle reports whether a flow of class k that has been silent for the given
// nanoseconds is over.
func (c *Config) idle(k class, silent int64) bool { return silent > int64(c.timeout(k)) }

// list is a queue of flows in the order of their stamps. A packet does not move
// its flow: whoever comes to the front is looked at and, if it was active, goes
// back to the end. So idleness costs nothing per packet, and a flow is ended at
// the latest one timeout late.
type list[S any] struct{ head, tail *Flow[S] }

func (t *Table[S]) link(f *Flow[S], c class) {
	l := &t.lists[c]
	f.class, f.stamp = c, f.Last
	f.prev, f.next = l.tail, nil
	if l.tail == nil {
		l.head = f
	} else {
		l.tail.next = f
	}
	l.tail = f
	if f == l.head {
		t.due = min(t.due, f.stamp+int64(t.config.timeout(c)))
	}
}

func (t *Table[S]) unlink(f *Flow[S]) {
	l := &t.lists[f.class]
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

// expire ends flows that are idle at time now, a bounded number in a call, so
// that one packet with a wrong clock cannot empty the table.
func (t *Table[S]) expire(now int64) {
	if now <= t.due {
		return
	}
	const perList = 4
	due := int64(math.MaxInt64)
	for c := range classes {
		timeout := int64(t.config.timeout(c))
		for range perList {
			f := t.lists[c].head
			if f == nil || now-f.stamp <= timeout {
				break
			}
			t.unlink(f)
			t.link(f, c)
			if now-f.Last > timeout {
				t.stats.Expired++
				t.end(f)
			}
		}
		if f := t.lists[c].head; f != nil {
			due = min(due, f.stamp+timeout)
		}
	}
	t.due = due
}

// evict makes room by ending the flow that is closest to its timeout among the
// fronts of the lists.
func (t *Table[S]) evict(now int64) {
	const secondChances = 8
	var victim *Flow[S]
	var worst float64
	for c := range classes {
		l := &t.lists[c]
		for range secondChances {
			if f := l.head; f != nil && f.Last > f.stamp && f.next != nil {
				t.unlink(f)
				t.link(f, c)
				continue
			}
			break
		}
		if f := l.head; f != nil {
			if age := float64(now-f.Last) / float64(t.config.timeout(c)); victim == nil || age > worst {
				victim, worst = f, age
			}
		}
	}
	if victim != nil {
		t.stats.Evicted++
		t.end(victim)
	}
}
