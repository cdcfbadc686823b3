package pcapfile

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/sniffid/sniffid/capture"
)

// WriterConfig has the optional parts of a file's header.
type WriterConfig struct {
	// Application is the name of the writing program, "" for none.
	Application string
	// Interfaces are described at the head of the file and numbered from 0.
	Interfaces []capture.Interface
}

// Writer writes a pcapng file of one section, little-endian, with nanoseconds.
//
// A packet's process is written the way macOS' tcpdump does it, once as a block
// of its own and then as its number in each packet, and in addition as
// epb_processid_threadid; the reader of this package and Wireshark understand
// both. A Writer is not safe for concurrent use. After an error all further
// calls return that error.
type Writer struct {
	w          *bufio.Writer
	interfaces []capture.Interface
	processes  map[capture.Process]uint32
	count      uint32 // process blocks written
	block      []byte // being built
	size       int64
	err        error
}

// maxWriterProcesses is how many processes are remembered; after that many
// different ones they are forgotten and written anew when they are seen again.
const maxWriterProcesses = 1 << 16

// NewWriter writes the file's header to w, through a buffer: call
// [Writer.Flush] when done. Closing w is the caller's.
func NewWriter(w io.Writer, config WriterConfig) (*Writer, error) {
	pw := &Writer{w: bufio.NewWriterSize(w, blockSize/4), processes: make(map[capture.Process]uint32)}
	pw.begin(blockSection)
	pw.uint32(byteOrderMagic)
	pw.uint16(1) // version 1.0
	pw.uint16(0)
	pw.uint64(math.MaxUint64) // section length: not given
	if config.Application != "" {
		pw.textOption(shbUserAppl, config.Application)
		pw.uint32(optEnd)
	}
	pw.end()
	for _, i := range config.Interfaces {
		pw.AddInterface(i)
	}
	return pw, pw.Flush()
}

// AddInterface describes an interface and returns its number, to be used as the
// packets' Interface.
func (w *Writer) AddInterface(i capture.Interface) int {
	w.begin(blockInterface)
	w.uint16(uint16(i.LinkType))
	w.uint16(0)
	w.uint32(uint32(min(max(i.SnapLength, 0), math.MaxInt32)))
	if i.Name != "" {
		w.textOption(ifName, i.Name)
	}
	if i.Description != "" {
		w.textOption(ifDescription, i.Description)
	}
	w.uint16(ifTSResol)
	w.uint16(1)
	w.block = append(w.block, 9, 0, 0, 0) // 10^-9 s
	w.uint32(optEnd)
	w.end()
	w.interfaces = append(w.interfaces, i)
	return len(w.interfaces) - 1
}

// Write writes one packet with its direction, comments and process. Its
// Interface is a number that [Writer.AddInterface] gave. Times before 1970 are
// written as 1970.
func (w *Writer) Write(p *capture.Packet) error {
	if w.err != nil {
		return w.err
	}
	if p.Interface < 0 || p.Interface >= len(w.interfaces) {
		return fmt.Errorf("write packet %d: no interface %d", p.Number, p.Interface)
	}
	if i := w.interfaces[p.Interface]; i.LinkType != p.LinkType {
		return fmt.Errorf("write packet %d: its link type is %d, that of interface %d (%q) is %d",
			p.Number, p.LinkType, p.Interface, i.Name, i.LinkType)
	}
	if len(p.Data) > maxRecord/2 {
		return fmt.Errorf("write packet %d: its %d bytes exceed %d", p.Number, len(p.Data), maxRecord/2)
	}
	var process uint32
	if p.Process != nil {
		process = w.process(*p.Process)
	}
	w.begin(blockEnhancedPacket)
	w.uint32(uint32(p.Interface))
	ticks := uint64(max(p.Timestamp, 0))
	w.uint32(uint32(ticks >> 32))
	w.uint32(uint32(ticks))
	w.uint32(uint32(len(p.Data)))
	w.uint32(uint32(min(max(p.Length, len(p.Data)), math.MaxInt32)))
	w.block = append(w.block, p.Data...)
	w.pad()
	w.packetOptions(p, process)
	w.end()
	return w.err
}

func (w *Writer) packetOptions(p *capture.Packet, process uint32) {
	before := len(w.block)
	for _, c := range p.Comments[:min(len(p.Comments), maxComments)] {
		w.textOption(optComment, c)
	}
	if p.Direction != capture.DirectionUnknown {
		flags := uint32(1)
		if p.Direction == capture.DirectionOut {
			flags = 2
		}
		w.uint32Option(epbFlags, flags)
	}
	if p.Process != nil {
		w.uint32Option(epbDarwinProcess, process)
		if p.Process.PID > 0 {
			w.uint64Option(epbProcess, uint64(uint32(p.Process.PID))) // thread: 0, unknown
		}
	}
	if len(w.block) > before {
		w.uint32(optEnd)
	}
}

// process writes a process block unless there is one, and returns its number.
func (w *Writer) process(p capture.Process) uint32 {
	if n, ok := w.processes[p]; ok {
		return n
	}
	w.begin(blockDarwinProcess)
	w.uint32(uint32(max(p.PID, 0)))
	if p.Name != "" {
		w.textOption(darwinName, p.Name)
	}
	if p.Path != "" {
		w.textOption(darwinPath, p.Path)
	}
	if p.Name != "" || p.Path != "" {
		w.uint32(optEnd)
	}
	w.end()
	if len(w.processes) == maxWriterProcesses {
		clear(w.processes)
	}
	n := w.count
	w.count++
	w.processes[p] = n
	return n
}

// WriteStatistics writes an Interface Statistics Block with the drop counters
// of s; at is its time, in nanoseconds since the Unix epoch.
func (w *Writer) WriteStatistics(iface int, at int64, s capture.Stats) error {
	if iface < 0 || iface >= len(w.interfaces) {
		return fmt.Errorf("write statistics: no interface %d", iface)
	}
	ticks := uint64(max(at, 0))
	w.begin(blockStatistics)
	w.uint32(uint32(iface))
	w.uint32(uint32(ticks >> 32))
	w.uint32(uint32(ticks))
	w.uint64Option(isbIfDrop, s.IfDropped)
	w.uint64Option(isbOSDrop, s.Dropped)
	w.uint32(optEnd)
	w.end()
	return w.err
}

// Size returns how many bytes were written so far, those that are buffered included.
func (w *Writer) Size() int64 { return w.size }

// Flush writes what is buffered.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

// begin starts a block; end fills in its length and writes it.
func (w *Writer) begin(kind uint32) {
	w.block = w.block[:0]
	w.uint32(kind)
	w.uint32(0)
}

func (w *Writer) end() {
	total := uint32(len(w.block) + 4)
	binary.LittleEndian.PutUint32(w.block[4:], total)
	w.uint32(total)
	if w.err == nil {
		_, w.err = w.w.Write(w.block)
		w.size += int64(len(w.block))
	}
}

func (w *Writer) uint16(v uint16) { w.block = binary.LittleEndian.AppendUint16(w.block, v) }
func (w *Writer) uint32(v uint32) { w.block = binary.LittleEndian.AppendUint32(w.block, v) }
func (w *Writer) uint64(v uint64) { w.block = binary.LittleEndian.AppendUint64(w.block, v) }

func (w *Writer) pad() {
	for len(w.block)%4 != 0 {
		w.block = append(w.block, 0)
	}
}

func (w *Writer) uint32Option(code uint16, v uint32) {
	w.uint16(code)
	w.uint16(4)
	w.uint32(v)
}

func (w *Writer) uint64Option(code uint16, v uint64) {
	w.uint16(code)
	w.uint16(8)
	w.uint64(v)
}

// textOption writes a string; one that is too long for an option is cut before
// a character.
func (w *Writer) textOption(code uint16, s string) {
	if len(s) > math.MaxUint16 {
		n := math.MaxUint16
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	w.uint16(code)
	w.uint16(uint16(len(s)))
	w.block = append(w.block, s...)
	w.pad()
}
