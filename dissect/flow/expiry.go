package flow

import "time"

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
