package pcapfile

import (
	"errors"
	"fmt"
	"math"

	"github.com/sniffid/sniffid/capture"
)

// Block types (draft-ietf-opsawg-pcapng §4, §11.1). All others are passed over.
const (
	blockSection        = 0x0a0d0d0a // the same in both byte orders
	blockInterface      = 0x00000001
	blockPacket         = 0x00000002 // obsolete
	blockSimplePacket   = 0x00000003
	blockStatistics     = 0x00000005
	blockEnhancedPacket = 0x00000006
	blockDarwinProcess  = 0x80000001 // local use: macOS' tcpdump
)

const byteOrderMagic uint32 = 0x1a2b3c4d

// Sizes in bytes, without the block's type, its two lengths and its options.
const (
	blockFrameLen      = 12
	sectionLen         = 16
	interfaceLen       = 8
	packetLen          = 20 // both packet blocks with a header
	simplePacketLen    = 4
	statisticsLen      = 12
	darwinProcessLen   = 4
	maxInterfaces      = 1 << 16 // of a file
	maxDarwinProcesses = 1 << 17 // of a section; further ones stay unknown
)

// ngInterface is what the reader needs to know of an interface.
type ngInterface struct {
	clock              clock
	snapLength         uint32
	dropped, ifDropped uint64 // the latest count, since the interface's start
}

// pcapngDecoder reads the blocks of one pcapng file.
type pcapngDecoder struct {
	order byteOrder
	// public and private run in parallel; section is the index of the current
	// section's first interface in both.
	public  []capture.Interface
	private []ngInterface
	section int

	processes []*capture.Process // Darwin process blocks of the section
	notes     annotator
}

// newPcapngDecoder checks and consumes the first section header.
func newPcapngDecoder(w *window) (*pcapngDecoder, error) {
	d := new(pcapngDecoder)
	if err := d.block(w, nil); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *pcapngDecoder) origins() []capture.Interface {
	return d.public[:len(d.public):len(d.public)]
}

func (d *pcapngDecoder) drops() (dropped, ifDropped uint64) {
	for i := range d.private {
		dropped += d.private[i].dropped
		ifDropped += d.private[i].ifDropped
	}
	return dropped, ifDropped
}

// errNoPacket says that a block was read that holds no packet.
var errNoPacket = errors.New("no packet in this block")

func (d *pcapngDecoder) next(w *window, p *capture.Packet) error {
	for {
		if err := d.block(w, p); err != errNoPacket {
			return err
		}
	}
}

// block reads one block. For a packet it fills p and returns nil, for anything
// else it returns errNoPacket; with a nil p it accepts only a section header
// and returns nil.
func (d *pcapngDecoder) block(w *window, p *capture.Packet) error {
	h, err := w.peek(blockFrameLen)
	if err != nil {
		return cut("block header", h, blockFrameLen, err)
	}
	order := d.order
	kind := order.uint32(h)
	if kind == blockSection {
		switch byteOrderMagic {
		case littleEndian.uint32(h[8:]):
			order = littleEndian
		case bigEndian.uint32(h[8:]):
			order = bigEndian
		default:
			return fmt.Errorf("insane section header: its byte-order magic is % x", h[8:12])
		}
	}
	total := order.uint32(h[4:])
	switch {
	case total < blockFrameLen:
		return fmt.Errorf("insane block header: type %#x has a total length of %d, below the smallest one, %d", kind, total, blockFrameLen)
	case total%4 != 0:
		return fmt.Errorf("insane block header: type %#x has a total length of %d, which is no multiple of 4", kind, total)
	case total > maxRecord:
		return fmt.Errorf("insane block header: type %#x has a total length of %d, above the largest credible one, %d", kind, total, maxRecord)
	}
	b, err := w.peek(int(total))
	if err != nil {
		return cut(fmt.Sprintf("block of type %#x", kind), b, int(total), err)
	}
	if again := order.uint32(b[total-4:]); again != total {
		return fmt.Errorf("insane block: type %#x begins with a total length of %d and ends with %d", kind, total, again)
	}
	body := b[8 : total-4]
	switch kind {
	case blockEnhancedPacket:
		err = d.enhancedPacket(body, p)
	case blockSection:
		err = d.sectionHeader(order, body)
		if err == nil && p != nil {
			err = errNoPacket
		}
	case blockInterface:
		err = d.interfaceDescription(body)
	case blockPacket:
		err = d.packet(body, p)
	case blockSimplePacket:
		err = d.simplePacket(body, p)
	case blockStatistics:
		d.statistics(body)
		err = errNoPacket
	case blockDarwinProcess:
		d.darwinProcess(body)
		err = errNoPacket
	default:
		err = errNoPacket
	}
	if err == nil || err == errNoPacket {
		w.skip(int(total))
	}
	return err
}

// sectionHeader begins a section (§4.1): interfaces and processes are numbered
// anew.
func (d *pcapngDecoder) sectionHeader(order byteOrder, b []byte) error {
	if len(b) < sectionLen {
		return fmt.Errorf("insane section header: its body has %d bytes, fewer than %d", len(b), sectionLen)
	}
	if major := order.uint16(b[4:]); major != 1 {
		return fmt.Errorf("pcapng version %d.%d is not supported (1.0 is)", major, order.uint16(b[6:]))
	}
	d.order = order
	d.section = len(d.public)
	d.processes = d.processes[:0]
	return nil
}

// interfaceDescription adds an interface (§4.2).
func (d *pcapngDecoder) interfaceDescription(b []byte) error {
	if len(b) < interfaceLen {
		return fmt.Errorf("insane interface description: its body has %d bytes, fewer than %d", len(b), interfaceLen)
	}
	if len(d.public) == maxInterfaces {
		return fmt.Errorf("more than %d interfaces", maxInterfaces)
	}
	snap := d.order.uint32(b[4:])
	public := capture.Interface{
		LinkType:   capture.LinkType(d.order.uint16(b)),
		SnapLength: int(min(snap, math.MaxInt32)),
	}
	private := ngInterface{clock: defaultClock, snapLength: snap}
	for options := optionList(b[interfaceLen:]); ; {
		code, v, ok := options.next(d.order)
		if !ok {
			break
		}
		switch {
		case code == ifName:
			public.Name = string(v)
		case code == ifDescription:
			public.Description = string(v)
		case code == ifTSResol && len(v) == 1:
			private.clock.setResolution(v[0])
		case code == ifTSOffset && len(v) == 8:
			private.clock.setOffset(int64(d.order.uint64(v)))
		}
	}
	d.public = append(d.public, public)
	d.private = append(d.private, private)
	return errNoPacket
}

// enhancedPacket reads an Enhanced Packet Block (§4.3).
func (d *pcapngDecoder) enhancedPacket(b []byte, p *capture.Packet) error {
	if len(b) < packetLen {
		return fmt.Errorf("insane enhanced packet: its body has %d bytes, fewer than %d", len(b), packetLen)
	}
	return d.fill(b, d.order.uint32(b), p)
}

// packet reads an obsolete Packet Block (§A): the interface has 16 bits, the
// rest is as in the enhanced one.
func (d *pcapngDecoder) packet(b []byte, p *capture.Packet) error {
	if len(b) < packetLen {
		return fmt.Errorf("insane packet block: its body has %d bytes, fewer than %d", len(b), packetLen)
	}
	return d.fill(b, uint32(d.order.uint16(b)), p)
}

// fill reads what the two packet blocks have in common.
func (d *pcapngDecoder) fill(b []byte, id uint32, p *capture.Packet) error {
	index, err := d.interfaceIndex(id)
	if err != nil {
		return err
	}
	captured := d.order.uint32(b[12:])
	if uint64(captured) > uint64(len(b)-packetLen) {
		return fmt.Errorf("insane packet block: captured length %d exceeds the block's %d bytes", captured, len(b)-packetLen)
	}
	data := b[packetLen:]
	p.Data = data[:captured:captured]
	p.Length = wireLength(captured, d.order.uint32(b[16:]))
	ticks := uint64(d.order.uint32(b[4:]))<<32 | uint64(d.order.uint32(b[8:]))
	p.Timestamp = d.private[index].clock.nanoseconds(ticks)
	d.origin(index, p)
	if options := data[min(pad4(int(captured)), len(data)):]; len(options) > 0 {
		d.notes.annotate(p, optionList(options), d.order, d.processes)
	}
	if p.LinkType == capture.LinkPKTAP || p.LinkType == capture.LinkPKTAPUser {
		annotatePKTAP(p, &d.notes.processes)
	}
	return nil
}

// simplePacket reads a Simple Packet Block (§4.4): no time, first interface,
// captured length bounded by the snap length.
func (d *pcapngDecoder) simplePacket(b []byte, p *capture.Packet) error {
	if len(b) < simplePacketLen {
		return fmt.Errorf("insane simple packet: its body has %d bytes, fewer than %d", len(b), simplePacketLen)
	}
	index, err := d.interfaceIndex(0)
	if err != nil {
		return err
	}
	length := d.order.uint32(b)
	captured := length
	if snap := d.private[index].snapLength; snap != 0 {
		captured = min(captured, snap)
	}
	data := b[simplePacketLen:]
	if uint64(captured) > uint64(len(data)) {
		return fmt.Errorf("insane simple packet: captured length %d exceeds the block's %d bytes", captured, len(data))
	}
	p.Data = data[:captured:captured]
	p.Length = wireLength(captured, length)
	p.Timestamp = 0
	d.origin(index, p)
	return nil
}

// interfaceIndex translates an interface number of the section.
func (d *pcapngDecoder) interfaceIndex(id uint32) (int, error) {
	if n := len(d.public) - d.section; uint64(id) >= uint64(n) {
		return 0, fmt.Errorf("insane packet block: interface %d, and the section has described %d", id, n)
	}
	return d.section + int(id), nil
}

// origin sets what p inherits from its interface, and clears what only options
// can set.
func (d *pcapngDecoder) origin(index int, p *capture.Packet) {
	p.Interface = index
	p.LinkType = d.public[index].LinkType
	p.Direction = capture.DirectionUnknown
	p.Process = nil
	p.Comments = nil
}

// statistics keeps an interface's drop counters (§4.6).
func (d *pcapngDecoder) statistics(b []byte) {
	if len(b) < statisticsLen {
		return
	}
	index, err := d.interfaceIndex(d.order.uint32(b))
	if err != nil {
		return
	}
	for options := optionList(b[statisticsLen:]); ; {
		code, v, ok := options.next(d.order)
		if !ok {
			return
		}
		switch {
		case code == isbIfDrop && len(v) == 8:
			d.private[index].ifDropped = d.order.uint64(v)
		case code == isbOSDrop && len(v) == 8:
			d.private[index].dropped = d.order.uint64(v)
		}
	}
}

// darwinProcess adds a process to the section's list. Even one that makes no
// sense takes its place there, since packets refer to it by number.
func (d *pcapngDecoder) darwinProcess(b []byte) {
	if len(d.processes) == maxDarwinProcesses {
		return
	}
	process := new(capture.Process)
	if len(b) >= darwinProcessLen {
		process.PID = pid(d.order.uint32(b))
		for options := optionList(b[darwinProcessLen:]); ; {
			code, v, ok := options.next(d.order)
			if !ok {
				break
			}
			switch code {
			case darwinName:
				process.Name = text(v)
			case darwinPath:
				process.Path = text(v)
			}
		}
	}
	d.processes = append(d.processes, process)
}
