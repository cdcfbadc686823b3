package pipeline

import (
	"fmt"
	"strconv"
	"strings"
)

// PortSet is a set of port numbers, per transport. The zero value is the empty
// set, which stands for "no restriction" where a pipeline is given one.
type PortSet struct {
	byTransport map[string]*[1 << 16 / 64]uint64
	items       []PortRange
}

// PortRange is one item of a list of ports as the user wrote it.
type PortRange struct {
	Transport string // "" = every transport
	Low, High uint16
}

func (r PortRange) String() string {
	s := strconv.Itoa(int(r.Low))
	if r.High != r.Low {
		s += "-" + strconv.Itoa(int(r.High))
	}
	if r.Transport != "" {
		s = r.Transport + "/" + s
	}
	return s
}

// portTransports are the transports that a list of ports can name.
var portTransports = [...]string{"tcp", "udp", "sctp"}

// ParsePorts reads a list such as "2888", "80,443", "6000-6010" or "udp/53".
func ParsePorts(list string) (PortSet, error) {
	var s PortSet
	for item := range strings.SplitSeq(list, ",") {
		r, err := parsePortRange(strings.TrimSpace(item))
		if err != nil {
			return PortSet{}, fmt.Errorf("ports %q: %w", list, err)
		}
		s.add(r)
	}
	return s, nil
}

func parsePortRange(item string) (PortRange, error) {
	var r PortRange
	numbers := item
	if t, rest, ok := strings.Cut(item, "/"); ok {
		r.Transport, numbers = strings.ToLower(t), rest
		if !isPortTransport(r.Transport) {
			return r, fmt.Errorf("%q is no transport: use tcp, udp or sctp, as in udp/53", t)
		}
	}
	low, high, isRange := strings.Cut(numbers, "-")
	if !isRange {
		high = low
	}
	var err error
	if r.Low, err = parsePort(low); err != nil {
		return r, err
	}
	if r.High, err = parsePort(high); err != nil {
		return r, err
	}
	if r.Low > r.High {
		return r, fmt.Errorf("the range %s runs backwards", numbers)
	}
	return r, nil
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no port number from 0 to 65535", s)
	}
	return uint16(n), nil
}

func isPortTransport(t string) bool {
	for _, known := range portTransports {
		if t == known {
			return true
		}
	}
	return false
}

func (s *PortSet) add(r PortRange) {
	s.items = append(s.items, r)
	if s.byTransport == nil {
		s.byTransport = make(map[string]*[1 << 16 / 64]uint64)
	}
	for _, t := range portTransports {
		if r.Transport != "" && r.Transport != t {
			continue
		}
		bits := s.byTransport[t]
		if bits == nil {
			bits = new([1 << 16 / 64]uint64)
			s.byTransport[t] = bits
		}
		for p := int(r.Low); p <= int(r.High); p++ {
			bits[p/64] |= 1 << (p % 64)
		}
	}
}

// Empty reports whether the set has no port.
func (s *PortSet) Empty() bool { return len(s.items) == 0 }

// Has reports whether a port of a transport is in the set.
func (s *PortSet) Has(transport string, port uint16) bool {
	bits := s.byTransport[transport]
	return bits != nil && bits[port/64]&(1<<(port%64)) != 0
}

// Items returns what the set was made from.
func (s *PortSet) Items() []PortRange { return s.items }
