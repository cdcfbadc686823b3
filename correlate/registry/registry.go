// Package registry says which name a port number is registered under, and which
// protocols such a name may stand for.
//
// Names come from the machine's services file and from IANA's Service Name and
// Transport Protocol Port Number Registry (RFC 6335), of which a compact copy is
// embedded. What a name may carry is data with a source in every row:
// carries.tsv.
package registry

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// FirstDynamic is the first of the Dynamic Ports, which are never registered
// (RFC 6335 §6).
const FirstDynamic = 49152

// Registry answers for port numbers and registered names. It is immutable and
// safe for concurrent use. The zero value knows IANA's names only.
type Registry struct {
	services map[endpoint][]string
	skipped  int
}

type endpoint struct {
	transport string
	port      uint16
}

// New merges a services file with IANA's names; nil stands for no file. Lines
// that are no entries are skipped and counted. An error of the reader is
// returned together with a registry of what was read before it.
func New(services io.Reader) (*Registry, error) {
	r := &Registry{}
	if services == nil {
		return r, nil
	}
	var err error
	r.services, r.skipped, err = parseServices(services)
	if err != nil {
		return r, fmt.Errorf("read services: %w", err)
	}
	return r, nil
}

// System reads the machine's own services file. The registry is usable even
// with an error: it then has IANA's names.
func System() (*Registry, error) {
	name := servicesFile()
	f, err := os.Open(name)
	if err != nil {
		return &Registry{}, err
	}
	defer f.Close()
	r, err := New(f)
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// Skipped is how many lines of the services file were malformed.
func (r *Registry) Skipped() int { return r.skipped }

// Names are the registered names of a port: the services file's first, then
// IANA's, each once. Dynamic ports have none. The slice belongs to the caller.
func (r *Registry) Names(transport string, port uint16) []string {
	if port >= FirstDynamic {
		return nil
	}
	transport = strings.ToLower(transport)
	names := slices.Clone(r.services[endpoint{transport, port}])
	for _, name := range ianaNames(transport, port) {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			names = append(names, name)
		}
	}
	return names
}

// Carries reports whether a registered name stands for any layer of an observed
// stack: because the layer has that very name (case, dashes and underscores
// aside) or because carries.tsv says so.
func (r *Registry) Carries(name string, stack []string) bool {
	name = fold(name)
	carried := carriers()[name].protocols
	for _, layer := range stack {
		layer = fold(layer)
		if layer == name {
			return true
		}
		for protocol := range strings.SplitSeq(carried, ",") {
			if protocol != "" && fold(protocol) == layer {
				return true
			}
		}
	}
	return false
}

// Protocols are the protocols that carries.tsv lists for a registered name, in
// Wireshark's names; nil when it has no row.
func (r *Registry) Protocols(name string) []string {
	row, found := carriers()[fold(name)]
	if !found {
		return nil
	}
	return strings.Split(row.protocols, ",")
}

// Source is where carries.tsv has the row of a registered name from; "" when it
// has none.
func (r *Registry) Source(name string) string { return carriers()[fold(name)].source }
