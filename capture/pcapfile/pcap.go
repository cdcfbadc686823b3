package pcapfile

import (
	"fmt"
	"slices"

	"github.com/sniffid/sniffid/capture"
)

// The magic numbers of the pcap format, as the writing host's byte order gives
// them (draft-ietf-opsawg-pcap §4; the modified one is A. Kuznetzov's patch of
// libpcap 0.4).
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34
)

// Sizes in bytes.
const (
	pcapHeaderLen     = 24
	recordHeaderLen   = 16
	modifiedHeaderLen = 24 // 16, ifindex(4), protocol(2), packet type(1), padding(1)
)

// maxRecord is the longest record or block in bytes that is believed.
const maxRecord = 256 << 20

// maxSaneRecord is how long a record may be, in bytes, whatever the snap length
// says. Captures whose records exceed their snap length are common; it is
// libpcap's largest snap length.
const maxSaneRecord = 256 << 10

// pcapDecoder reads the records of one pcap file.
type pcapDecoder struct {
	order       byteOrder
	modified    bool
	headerLen   int
	nanosPerSub int64  // nanoseconds in one unit of the fraction
	maxCaptured uint32 // bytes
	swapLengths func(captured, length uint32) bool
	interfaces  []capture.Interface
	pktap       processCache
}

// pcapMagic tells whether b, of 4 bytes, starts a pcap file.
func pcapMagic(b []byte) (magic uint32, order byteOrder, ok bool) {
	for _, order := range []byteOrder{littleEndian, bigEndian} {
		magic := order.uint32(b)
		if slices.Contains([]uint32{magicMicro, magicNano, magicModified}, magic) {
			return magic, order, true
		}
	}
	return 0, littleEndian, false
}

// newPcapDecoder consumes the file header.
func newPcapDecoder(w *window) (*pcapDecoder, error) {
	h, err := w.peek(pcapHeaderLen)
	if err != nil {
		return nil, cut("its pcap header", h, pcapHeaderLen, err)
	}
	magic, order, _ := pcapMagic(h)
	major, minor := order.uint16(h[4:]), order.uint16(h[6:])
	if major != 2 {
		return nil, fmt.Errorf("its pcap version %d.%d is not supported (2.0 to 2.4 are)", major, minor)
	}
	snap := order.uint32(h[16:])
	d := &pcapDecoder{
		order:       order,
		headerLen:   recordHeaderLen,
		nanosPerSub: 1000,
		maxCaptured: min(max(snap, maxSaneRecord), maxRecord),
		interfaces: []capture.Interface{{
			// The upper half holds the FCS length (draft-ietf-opsawg-pcap §4).
			LinkType:   capture.LinkType(order.uint32(h[20:]) & 0xffff),
			SnapLength: int(min(snap, maxRecord)),
		}},
	}
	if snap == 0 {
		d.maxCaptured = maxRecord // unlimited
	}
	switch magic {
	case magicNano:
		d.nanosPerSub = 1
	case magicModified:
		d.modified = true
		d.headerLen = modifiedHeaderLen
	}
	// Before version 2.3 the two lengths were the other way round; 2.3 was
	// written both ways (libpcap, savefile.c history).
	switch {
	case minor < 3:
		d.swapLengths = func(uint32, uint32) bool { return true }
	case minor == 3:
		d.swapLengths = func(captured, length uint32) bool { return captured > length }
	}
	w.skip(pcapHeaderLen)
	return d, nil
}

func (d *pcapDecoder) next(w *window, p *capture.Packet) error {
	h, err := w.peek(d.headerLen)
	if err != nil {
		return cut("record header", h, d.headerLen, err)
	}
	captured, length := d.order.uint32(h[8:]), d.order.uint32(h[12:])
	if d.swapLengths != nil && d.swapLengths(captured, length) {
		captured, length = length, captured
	}
	if captured > d.maxCaptured {
		return fmt.Errorf("insane record header: captured length %d exceeds the largest credible one, %d (snap length %d)",
			captured, d.maxCaptured, d.interfaces[0].SnapLength)
	}
	total := d.headerLen + int(captured)
	b, err := w.peek(total)
	if err != nil {
		return cut("packet data", b[min(len(b), d.headerLen):], int(captured), err)
	}
	p.Timestamp = int64(d.order.uint32(b))*nanosPerSecond + int64(d.order.uint32(b[4:]))*d.nanosPerSub
	p.Data = b[d.headerLen:]
	p.Length = wireLength(captured, length)
	p.LinkType = d.interfaces[0].LinkType
	p.Interface = 0
	p.Direction = capture.DirectionUnknown
	p.Process = nil
	p.Comments = nil
	if d.modified {
		p.Direction = packetTypeDirection(b[22])
	}
	if p.LinkType == capture.LinkPKTAP || p.LinkType == capture.LinkPKTAPUser {
		annotatePKTAP(p, &d.pktap)
	}
	w.skip(total)
	return nil
}

func (d *pcapDecoder) origins() []capture.Interface { return d.interfaces }

func (d *pcapDecoder) drops() (dropped, ifDropped uint64) { return 0, 0 }

// wireLength is the frame's length on the wire; some writers leave it zero or
// below what they captured.
func wireLength(captured, length uint32) int {
	return int(min(max(captured, length), 1<<31-1))
}

// packetTypeDirection translates Linux' sll_pkttype (packet(7)).
func packetTypeDirection(t byte) capture.Direction {
	switch t {
	case 0, 1, 2: // PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST
		return capture.DirectionIn
	case 4: // PACKET_OUTGOING
		return capture.DirectionOut
	}
	return capture.DirectionUnknown // PACKET_OTHERHOST passes by
}
