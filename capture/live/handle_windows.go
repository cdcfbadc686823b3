package live

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sniffid/sniffid/capture"
)

// wpcapHandle is a handle of wpcap.dll.
type wpcapHandle struct {
	lib   *wpcap
	h     uintptr
	iface capture.Interface
	lost  drops

	mu     sync.Mutex
	closed bool
}

var _ handle = (*wpcapHandle)(nil)

// Return values of pcap_activate(3PCAP); those above 0 are warnings.
const (
	activateNoDevice   = -5
	activateDenied     = -8
	activateNotUp      = -9
	activatePromDenied = -11
)

// openHandle opens one device, named as [Interfaces] does, by its description
// or by its number in the list.
func openHandle(name string, c *Config) (handle, error) {
	h, err := openDevice(name, c)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", name, err)
	}
	return h, nil
}

func openDevice(name string, c *Config) (*wpcapHandle, error) {
	lib, err := library()
	if err != nil {
		return nil, err
	}
	devices, err := Interfaces()
	if err != nil {
		return nil, err
	}
	device, ok := resolve(name, devices)
	if !ok {
		return nil, fmt.Errorf("%w; -D lists them", ErrNoInterface)
	}
	text, err := windows.BytePtrFromString(device)
	if err != nil {
		return nil, err
	}
	var buffer [errorBufferLen]byte
	p, _, _ := lib.create.Call(uintptr(unsafe.Pointer(text)), uintptr(unsafe.Pointer(&buffer)))
	if p == 0 {
		return nil, errors.New(errorText(buffer[:]))
	}
	h := &wpcapHandle{lib: lib, h: p}
	if err := h.start(c); err != nil {
		h.close()
		return nil, err
	}
	h.iface = capture.Interface{
		Name:       device,
		LinkType:   capture.LinkType(call(lib.dataLink, p)),
		SnapLength: int(call(lib.snapshot, p)),
	}
	for _, d := range devices {
		if d.Name == device {
			h.iface.Description = d.Description
		}
	}
	return h, nil
}

// start configures and activates the handle.
func (h *wpcapHandle) start(c *Config) error {
	promiscuous := uintptr(1)
	if c.NoPromiscuous {
		promiscuous = 0
	}
	call(h.lib.setSnapLength, h.h, uintptr(c.SnapLength))
	call(h.lib.setPromiscuous, h.h, promiscuous)
	call(h.lib.setTimeout, h.h, uintptr(cmp.Or(c.Batch, pollInterval).Milliseconds()))
	call(h.lib.setBuffer, h.h, uintptr(c.BufferSize))
	// Without immediate mode the driver gathers packets until the timeout.
	if c.Batch == 0 && h.lib.setImmediate != nil {
		call(h.lib.setImmediate, h.h, 1)
	}
	switch status := call(h.lib.activate, h.h); {
	case status == activateNoDevice:
		return fmt.Errorf("%w; -D lists them", ErrNoInterface)
	case status == activateDenied || status == activatePromDenied:
		return fmt.Errorf("%w; %s", fs.ErrPermission, permissionHint())
	case status == activateNotUp:
		return errors.New("the interface is not up")
	case status < 0:
		return errors.New(h.lib.problem(h.h))
	case status > 0:
		c.Logger.Warn("capturing with a restriction", "status", status, "err", h.lib.problem(h.h))
	}
	if c.Filter == "" {
		return nil
	}
	program, err := h.lib.compile(h.h, c.Filter)
	if err != nil {
		return err
	}
	defer h.lib.free(program)
	if call(h.lib.setFilter, h.h, uintptr(unsafe.Pointer(program))) != 0 {
		return filterError(c.Filter, h.lib.problem(h.h))
	}
	return nil
}

func (h *wpcapHandle) read(b *batch) error {
	var header, data uintptr
	switch call(h.lib.nextEx, h.h, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data))) {
	case 1:
		timestamp, captured, length := packetHeader(bytesAt(uint64(header), packetHeaderLen))
		b.add(bytesAt(uint64(data), captured), length, timestamp)
		return nil
	case 0:
		return capture.ErrTimeout
	}
	return errors.New(h.lib.problem(h.h))
}

func (h *wpcapHandle) origin() capture.Interface { return h.iface }

// drops reads a struct pcap_stat: received, dropped, dropped by the interface,
// and more with WinPcap's extensions.
func (h *wpcapHandle) drops() drops {
	var stat [8]uint32
	if call(h.lib.stats, h.h, uintptr(unsafe.Pointer(&stat))) == 0 {
		h.lost = drops{uint64(stat[1]), uint64(stat[2])}
	}
	return h.lost
}

// interrupt ends a read that waits: not every driver keeps to the timeout.
func (h *wpcapHandle) interrupt() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.lib.breakLoop.Call(h.h)
	}
}

func (h *wpcapHandle) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.lib.closeHandle.Call(h.h)
}

// bpfProgram is struct bpf_program.
type bpfProgram struct {
	length       uint32
	instructions uintptr
}

// netmaskUnknown is PCAP_NETMASK_UNKNOWN.
const netmaskUnknown = 0xffffffff

// compile compiles for a handle; the result is to be freed.
func (w *wpcap) compile(h uintptr, expression string) (*bpfProgram, error) {
	text, err := windows.BytePtrFromString(expression)
	if err != nil {
		return nil, filterError(expression, err.Error())
	}
	program := new(bpfProgram)
	if call(w.compileFilter, h, uintptr(unsafe.Pointer(program)), uintptr(unsafe.Pointer(text)), 1, netmaskUnknown) != 0 {
		return nil, filterError(expression, w.problem(h))
	}
	return program, nil
}

func (w *wpcap) free(p *bpfProgram) { w.freeCode.Call(uintptr(unsafe.Pointer(p))) }

// compile compiles a filter for packets of a file.
func compile(expression string, linkType capture.LinkType, snapLength int) ([]instruction, error) {
	lib, err := library()
	if err != nil {
		return nil, fmt.Errorf("filter %q: %w", expression, err)
	}
	if lib.openDead == nil {
		return nil, fmt.Errorf("filter %q: %w: wpcap.dll lacks pcap_open_dead: install Npcap from https://npcap.com", expression, ErrNoLibrary)
	}
	dead, _, _ := lib.openDead.Call(uintptr(dataLinkType(linkType)), uintptr(snapLength))
	if dead == 0 {
		return nil, fmt.Errorf("filter %q: wpcap.dll has no memory", expression)
	}
	defer lib.closeHandle.Call(dead)
	program, err := lib.compile(dead, expression)
	if err != nil {
		return nil, err
	}
	defer lib.free(program)
	if program.length > maxInstructions {
		return nil, filterError(expression, "the program is too long")
	}
	return instructions(bytesAt(uint64(program.instructions), int(program.length)*instructionLen)), nil
}

// maxInstructions is more than libpcap makes of any expression it accepts.
const maxInstructions = 1 << 16

// dataLinkType translates a file's link type into Windows' number for it: they
// differ for raw IP only (https://www.tcpdump.org/linktypes.html).
func dataLinkType(t capture.LinkType) capture.LinkType {
	switch t {
	case capture.LinkRaw, capture.LinkRawBSD:
		return capture.LinkRawDLT
	}
	return t
}
