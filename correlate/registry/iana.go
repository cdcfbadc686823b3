package registry

import (
	_ "embed"
	"strconv"
	"strings"
)

// iana has a line "transport<TAB>port<TAB>name" for each assignment, under a line with
// these words. They are in the order of transport, port (as a number) and name, so that
// a port is found without reading the others.
//
//go:embed iana.tsv
var iana string

// ianaNames are the names of a port in IANA's list.
func ianaNames(transport string, port uint16) (names []string) {
	_, rest, _ := strings.Cut(iana, "\n")
	for low, high := 0, len(rest); ; {
		if low >= high {
			rest = rest[low:]
			break
		}
		middle := (low + high) / 2
		start := 1 + strings.LastIndexByte(rest[:middle], '\n')
		line, _, _ := strings.Cut(rest[start:], "\n")
		if t, p, _ := assignment(line); t < transport || t == transport && p < port {
			low = start + len(line) + 1
		} else {
			high = start
		}
	}
	for line := range strings.Lines(rest) {
		t, p, name := assignment(strings.TrimSuffix(line, "\n"))
		if t != transport || p != port {
			break
		}
		names = append(names, name)
	}
	return names
}

// assignment reads a line of the list.
func assignment(line string) (transport string, port uint16, name string) {
	transport, line, _ = strings.Cut(line, "\t")
	number, name, _ := strings.Cut(line, "\t")
	n, _ := strconv.ParseUint(number, 10, 16) // a test has read all lines
	return transport, uint16(n), name
}
