package rpc

import (
	"slices"

	"github.com/sniffid/sniffid/dissect"
)

// Procedures of the port mapper (version 2) and of rpcbind (versions 3 and 4),
// RFC 1833 §2.1 and §3.1.
const (
	portmapVersion = 2
	bindVersion3   = 3
	bindVersion4   = 4

	procGetPort     = 3 // version 2
	procGetAddr     = 3 // versions 3 and 4
	procDump        = 4
	procCallIt      = 5 // BCAST in version 4
	procGetVersAddr = 9
	procIndirect    = 10
	procGetAddrList = 11
)

// IP protocols, the arguments and results of version 2.
const (
	ipTCP = 6
	ipUDP = 17
)

const (
	// announcementSeconds is how long an announced program is expected: servers
	// keep their ports while they run.
	announcementSeconds = 24 * 60 * 60
	// maxAnnounced bounds the programs that one reply announces.
	maxAnnounced = 128
	// maxResults bounds the replies that are waited for, in bytes.
	maxResults = 16 << 10
	// maxString bounds the strings of rpcbind, in bytes.
	maxString = 255
)

// asked is what the arguments of a call of the portmapper say.
type asked struct {
	mapping   target
	transport string
}

// readAsked reads the arguments that begin with a program and its version.
func readAsked(d *xdr, c *call) asked {
	var a asked
	switch {
	case c.indirect():
	case c.version == portmapVersion && c.procedure == procGetPort:
	case c.version > portmapVersion && (c.procedure == procGetAddr || c.procedure == procGetVersAddr || c.procedure == procGetAddrList):
	default:
		return a
	}
	a.mapping = target{d.u32(), d.u32()}
	if c.version == portmapVersion && c.procedure == procGetPort {
		a.transport = ipTransport(d.u32())
	}
	if !d.ok() {
		return asked{}
	}
	return a
}

// indirect reports whether the call asks the portmapper to call another
// program.
func (c *call) indirect() bool {
	return c.program == programPortmap && (c.procedure == procCallIt || c.version == bindVersion4 && c.procedure == procIndirect)
}

// tells reports whether the reply to the call says where programs are.
func (c *call) tells() bool {
	if c.program != programPortmap {
		return false
	}
	switch c.procedure {
	case procGetPort, procDump: // GETADDR has the number of GETPORT
		return c.version >= portmapVersion && c.version <= bindVersion4
	case procGetVersAddr, procGetAddrList:
		return c.version == bindVersion4
	}
	return false
}

// results reads the results of a call to the portmapper. What is there is
// announced; more may follow.
func (p *Parser) results(in *input, d *xdr, c *call, r *dissect.Report) (dissect.Outcome, int) {
	if !c.tells() {
		return dissect.Match, 0
	}
	if size := min(in.size, maxResults); len(in.bytes) < size && !in.complete && !in.cut {
		r.Incomplete = true
		if in.size < maxResults {
			return dissect.Match, in.size
		}
		return dissect.Match, len(in.bytes) + 1
	}
	switch {
	case c.procedure == procGetPort && c.version == portmapVersion:
		expect(r, c.asked.transport, endpoint{port: port(d.u32())}, c.asked.mapping.program)
	case c.procedure == procDump && c.version == portmapVersion:
		d.dumpPorts(r)
	case c.procedure == procDump:
		d.dumpAddresses(r)
	case c.procedure == procGetAddrList:
		d.addressList(r, c.asked.mapping.program)
	default: // GETADDR and GETVERSADDR tell the address of the transport they came over
		e := parseUniversal(d.opaque(maxString))
		expect(r, in.transport(), e, c.asked.mapping.program)
	}
	return dissect.Match, 0
}

// transport is the protocol below RPC.
func (in *input) transport() string {
	if in.marked {
		return "tcp"
	}
	return "udp"
}

// dumpPorts reads the list of mappings of version 2, RFC 1833 §3.1.
func (d *xdr) dumpPorts(r *dissect.Report) {
	for d.u32() != 0 && len(r.Expectations) < maxAnnounced {
		program := d.u32()
		d.u32() // version
		transport := ipTransport(d.u32())
		expect(r, transport, endpoint{port: port(d.u32())}, program)
	}
}

// dumpAddresses reads the list of mappings of rpcbind, RFC 1833 §2.1.
func (d *xdr) dumpAddresses(r *dissect.Report) {
	for d.u32() != 0 && len(r.Expectations) < maxAnnounced {
		program := d.u32()
		d.u32() // version
		transport := netTransport(string(d.opaque(maxString)))
		e := parseUniversal(d.opaque(maxString))
		d.opaque(maxString) // owner
		expect(r, transport, e, program)
	}
}

// addressList reads the entries of GETADDRLIST, RFC 1833 §2.1.
func (d *xdr) addressList(r *dissect.Report, program uint32) {
	for d.u32() != 0 && len(r.Expectations) < maxAnnounced {
		e := parseUniversal(d.opaque(maxString))
		transport := netTransport(string(d.opaque(maxString)))
		d.u32()             // semantics
		d.opaque(maxString) // protocol family
		d.opaque(maxString) // protocol
		expect(r, transport, e, program)
	}
}

// expect announces a program unless the report has it.
func expect(r *dissect.Report, transport string, at endpoint, program uint32) {
	if transport == "" || at.port == 0 {
		return
	}
	e := dissect.Expectation{
		Transport: transport, Host: at.host, Port: at.port,
		Protocols: []string{"rpc"}, Seconds: announcementSeconds,
	}
	if name, ok := programs()[program]; ok {
		e.Protocols = append(e.Protocols, name)
	}
	if !slices.ContainsFunc(r.Expectations, func(x dissect.Expectation) bool {
		return x.Transport == e.Transport && x.Host == e.Host && x.Port == e.Port && slices.Equal(x.Protocols, e.Protocols)
	}) {
		r.Expect(e)
	}
}

func ipTransport(protocol uint32) string {
	switch protocol {
	case ipTCP:
		return "tcp"
	case ipUDP:
		return "udp"
	}
	return ""
}

// netTransport is the transport of a network id, RFC 5665.
func netTransport(netid string) string {
	switch netid {
	case "tcp", "tcp6":
		return "tcp"
	case "udp", "udp6":
		return "udp"
	}
	return ""
}
