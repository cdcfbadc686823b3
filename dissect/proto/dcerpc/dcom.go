package dcerpc

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/dissect"
)

// activates reports whether the call's response tells where an object's
// exporter listens (MS-DCOM §3.1.2.5): activations, and resolutions of an OXID.
func (c call) activates() bool {
	switch c.iface {
	case ifaceActivator: // RemoteGetClassObject, RemoteCreateInstance
		return c.opnum == 3 || c.opnum == 4
	case ifaceActivation: // RemoteActivation
		return c.opnum == 0
	case ifaceOXIDResolver: // ResolveOxid, ResolveOxid2
		return c.opnum == 0 || c.opnum == 4
	}
	return false
}

const (
	towerTCP   = 7   // wTowerId of ncacn_ip_tcp; MS-DCOM §2.2.19.3
	maxBinding = 256 // characters of one string binding
)

// announceBindings looks through stub data for string bindings of TCP endpoints
// (MS-DCOM §2.2.19.3): a tower id and "host[port]" in UTF-16LE. They lie within
// serialised structures of several kinds, so they are searched for.
func announceBindings(r *dissect.Report, stub []byte) {
	for at := 0; at+2 <= len(stub) && len(r.Expectations) < maxAnnounced; at++ {
		if binary.LittleEndian.Uint16(stub[at:]) != towerTCP {
			continue
		}
		binding, ok := utf16ASCII(stub[at+2:])
		if !ok {
			continue
		}
		if host, port, ok := splitBinding(binding); ok {
			e := dissect.Expectation{Transport: "tcp", Port: port, Protocols: []string{"dcerpc"}}
			if a, err := netip.ParseAddr(host); err == nil && !a.IsUnspecified() {
				e.Host = a.WithZone("")
			}
			expect(r, e)
			at += 2 + 2*len(binding)
		}
	}
}

// utf16ASCII reads a NUL-terminated UTF-16LE string of printable ASCII.
func utf16ASCII(b []byte) (string, bool) {
	var s []byte
	for i := 0; i+2 <= len(b) && len(s) < maxBinding; i += 2 {
		c := binary.LittleEndian.Uint16(b[i:])
		if c == 0 {
			return string(s), true
		}
		if c < ' ' || c > '~' {
			return "", false
		}
		s = append(s, byte(c))
	}
	return "", false
}

// splitBinding splits "host[port]".
func splitBinding(s string) (host string, port uint16, ok bool) {
	host, rest, ok := strings.Cut(s, "[")
	if !ok || host == "" || !strings.HasSuffix(rest, "]") {
		return "", 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(rest, "]"), 10, 16)
	return host, uint16(n), err == nil && n != 0
}
