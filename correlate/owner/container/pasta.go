package container

import (
	"net/netip"
	"strings"
)

// maxPublished bounds the ports that are taken from one command line.
const maxPublished = 1024

// pasta reads the ports that pasta passes into a namespace (passt(1)):
// "-t [ADDRESS/]FIRST[-LAST][:FIRST[-LAST]],…" for TCP, -u for UDP; "none", "all"
// and "auto" name no ports. Ranges that begin with "~" are left out and, without
// others, leave all the rest: no ports are named then either.
func pasta(p Proxy, args []string) (Proxy, bool) {
	flags(args, func(name, value string) {
		switch name {
		case "t", "tcp-ports":
			p.Ports = append(p.Ports, pastaPorts("tcp", value)...)
		case "u", "udp-ports":
			p.Ports = append(p.Ports, pastaPorts("udp", value)...)
		case "netns":
			p.NetNS = value
		}
	})
	p.Ports = p.Ports[:min(len(p.Ports), maxPublished)]
	return p, true
}

// pastaPorts reads one specification of ports.
func pastaPorts(transport, text string) []Published {
	var host netip.Addr
	if address, ranges, found := strings.Cut(text, "/"); found {
		address, _, _ = strings.Cut(address, "%") // the interface
		var err error
		if host, err = netip.ParseAddr(strings.Trim(address, "[]")); err != nil && address != "" {
			return nil
		}
		text = ranges
	}
	var ports []Published
	for item := range strings.SplitSeq(text, ",") {
		if len(ports) == maxPublished {
			break
		}
		outside, inside, mapped := strings.Cut(item, ":")
		first, count := portRange(outside)
		to, same := first, count
		if mapped {
			to, same = portRange(inside)
		}
		if count == 0 || same != count {
			continue
		}
		ports = append(ports, Published{
			Transport: transport, Host: netip.AddrPortFrom(host, first), Container: netip.AddrPortFrom(netip.Addr{}, to), Count: count,
		})
	}
	return ports
}

// portRange reads "80" or "80-90"; a count of 0 is none.
func portRange(text string) (first uint16, count int) {
	low, high, isRange := strings.Cut(text, "-")
	first = portNumber(low)
	if !isRange {
		high = low
	}
	last := portNumber(high)
	if first == 0 || last < first {
		return 0, 0
	}
	return first, int(last-first) + 1
}
