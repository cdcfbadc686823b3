package dcerpc

import (
	"encoding/binary"
	"net/netip"

	"github.com/sniffid/sniffid/dissect"
)

const (
	// announcementSeconds is how long an announced endpoint is expected:
	// dynamic endpoints stay until their server ends.
	announcementSeconds = 24 * 60 * 60
	// maxAnnounced bounds the endpoints that one response announces.
	maxAnnounced = 128
)

// Operations of the endpoint mapper (C706 appendix O).
const (
	opLookup = 2
	opMap    = 3
)

func (c call) mapsEndpoints() bool {
	return c.iface == ifaceEndpointMapper && (c.opnum == opLookup || c.opnum == opMap)
}

// announce reports the endpoints that a response tells of.
func announce(r *dissect.Report, c call, stub []byte, order binary.ByteOrder) {
	if !c.mapsEndpoints() {
		announceBindings(r, stub)
		return
	}
	d := ndr{b: stub, order: order, word: 4}
	if c.ndr64 {
		d.word = 8
	}
	if c.opnum == opMap {
		d.mapResponse(r)
	} else {
		d.lookupResponse(r)
	}
}

// ndr reads stub data in the transfer syntaxes NDR (C706 §14) and NDR64
// (MS-RPCE §2.2.5), which differ in the width of counts and pointers. After a
// read beyond the end bad is set and all further reads give zero.
type ndr struct {
	b     []byte
	at    int
	word  int // bytes of a count or pointer: 4 or 8
	order binary.ByteOrder
	bad   bool
}

func (d *ndr) bytes(n int) []byte {
	if d.bad || n < 0 || n > len(d.b)-d.at {
		d.bad = true
		return nil
	}
	d.at += n
	return d.b[d.at-n : d.at]
}

func (d *ndr) align(n int) { d.bytes(-d.at & (n - 1)) }

func (d *ndr) u32() int {
	d.align(4)
	if b := d.bytes(4); b != nil {
		return int(min(d.order.Uint32(b), 1<<30))
	}
	return 0
}

// count reads a count or pointer; one that can't be in a stub is bad.
func (d *ndr) count() int {
	if d.word == 4 {
		return d.u32()
	}
	d.align(8)
	b := d.bytes(8)
	if b == nil {
		return 0
	}
	v := d.order.Uint64(b)
	return int(min(v, 1<<30)) // of a pointer only counts whether it is null
}

// array reads the counts of a conformant varying array and returns how many
// elements there are.
func (d *ndr) array() int {
	d.u32() // the out parameter that says the same
	d.count()
	d.count()
	n := d.count()
	if n > len(d.b)-d.at {
		d.bad = true
		return 0
	}
	return n
}

const contextHandle = 20 // bytes; C706 §14.3.12.3

func (d *ndr) mapResponse(r *dissect.Report) {
	d.bytes(contextHandle)
	n := d.array()
	present := 0
	for range n {
		if d.count() != 0 {
			present++
		}
	}
	d.towers(r, present)
}

func (d *ndr) lookupResponse(r *dissect.Report) {
	d.bytes(contextHandle)
	n := d.array()
	present := 0
	for range n {
		d.align(d.word)
		d.bytes(16) // object
		if d.count() != 0 {
			present++
		}
		d.count() // annotation: offset, length, text
		d.bytes(d.count())
	}
	d.towers(r, present)
}

// towers reads n protocol towers and announces each endpoint once.
func (d *ndr) towers(r *dissect.Report, n int) {
	for range min(n, 8*maxAnnounced) {
		d.count()
		tower := d.bytes(d.u32())
		if d.bad || len(r.Expectations) >= maxAnnounced {
			return
		}
		if e, ok := readTower(tower); ok {
			expect(r, e)
		}
	}
}

// expect announces an endpoint unless the report has it.
func expect(r *dissect.Report, e dissect.Expectation) {
	for i := range r.Expectations {
		if x := &r.Expectations[i]; x.Transport == e.Transport && x.Port == e.Port && x.Host == e.Host && len(x.Protocols) >= len(e.Protocols) {
			return
		}
	}
	e.Seconds = announcementSeconds
	r.Expect(e)
}

// Protocol identifiers of tower floors (C706 appendix I).
const (
	floorUUID           = 0x0D
	floorConnectionless = 0x0A
	floorConnection     = 0x0B
	floorTCP            = 0x07
	floorUDP            = 0x08
	floorIP             = 0x09
)

// readTower reads a protocol tower (C706 appendix L) and reports whether it
// names a TCP or UDP port. Its counts are little-endian always.
func readTower(b []byte) (dissect.Expectation, bool) {
	e := dissect.Expectation{Protocols: []string{"dcerpc"}}
	if len(b) < 2 {
		return e, false
	}
	floors := int(binary.LittleEndian.Uint16(b))
	b = b[2:]
	for i := range min(floors, 8) {
		var left, right []byte
		var ok bool
		if left, b, ok = cutCounted(b); !ok || len(left) == 0 {
			return e, false
		}
		if right, b, ok = cutCounted(b); !ok {
			return e, false
		}
		switch {
		case i == 0 && left[0] == floorUUID && len(left) >= 17:
			if name := interfaces()[readUUID(left[1:], binary.LittleEndian)]; name != "" {
				e.Protocols = append(e.Protocols, name)
			}
		case i == 2 && left[0] != floorConnection && left[0] != floorConnectionless:
			return e, false
		case left[0] == floorTCP && len(right) == 2:
			e.Transport, e.Port = "tcp", binary.BigEndian.Uint16(right)
		case left[0] == floorUDP && len(right) == 2:
			e.Transport, e.Port = "udp", binary.BigEndian.Uint16(right)
		case left[0] == floorIP && len(right) == 4:
			if a := netip.AddrFrom4([4]byte(right)); !a.IsUnspecified() {
				e.Host = a
			}
		}
	}
	return e, e.Port != 0
}

// cutCounted splits b after a 16-bit count and that many bytes.
func cutCounted(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	if n > len(b)-2 {
		return nil, nil, false
	}
	return b[2 : 2+n], b[2+n:], true
}
