package live

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// wpcap is the capture library of Windows: that of Npcap, or WinPcap's. It is
// loaded when it is first needed, so that everything else works without it.
type wpcap struct {
	findAllDevs, freeAllDevs                               *windows.Proc
	create, activate, closeHandle                          *windows.Proc
	setSnapLength, setPromiscuous, setTimeout, setBuffer   *windows.Proc
	nextEx, breakLoop, dataLink, snapshot, stats, getError *windows.Proc
	compileFilter, setFilter, freeCode                     *windows.Proc
	openDead, setImmediate                                 *windows.Proc // nil where missing
}

// errNotInstalled says where to get the library.
var errNotInstalled = fmt.Errorf("%w: install Npcap from https://npcap.com", ErrNoLibrary)

// library loads wpcap.dll once.
var library = sync.OnceValues(loadLibrary)

func loadLibrary() (*wpcap, error) {
	dll, err := loadDLL()
	if err != nil {
		return nil, err
	}
	w := new(wpcap)
	for name, proc := range map[string]**windows.Proc{
		"pcap_findalldevs":     &w.findAllDevs,
		"pcap_freealldevs":     &w.freeAllDevs,
		"pcap_create":          &w.create,
		"pcap_activate":        &w.activate,
		"pcap_close":           &w.closeHandle,
		"pcap_set_snaplen":     &w.setSnapLength,
		"pcap_set_promisc":     &w.setPromiscuous,
		"pcap_set_timeout":     &w.setTimeout,
		"pcap_set_buffer_size": &w.setBuffer,
		"pcap_next_ex":         &w.nextEx,
		"pcap_breakloop":       &w.breakLoop,
		"pcap_datalink":        &w.dataLink,
		"pcap_snapshot":        &w.snapshot,
		"pcap_stats":           &w.stats,
		"pcap_geterr":          &w.getError,
		"pcap_compile":         &w.compileFilter,
		"pcap_setfilter":       &w.setFilter,
		"pcap_freecode":        &w.freeCode,
	} {
		if *proc, err = dll.FindProc(name); err != nil {
			return nil, fmt.Errorf("%w: %s is too old, it lacks %s: install Npcap from https://npcap.com", ErrNoLibrary, dll.Name, name)
		}
	}
	w.openDead, _ = dll.FindProc("pcap_open_dead")
	w.setImmediate, _ = dll.FindProc("pcap_set_immediate_mode")
	return w, nil
}

// loadDLL looks in Npcap's own folder, then in the system's. The DLL's folder
// is searched for the one that it depends on; the current folder never is.
func loadDLL() (*windows.DLL, error) {
	system, err := windows.GetSystemDirectory()
	if err != nil {
		return nil, fmt.Errorf("find the system folder: %w", err)
	}
	const search = windows.LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | windows.LOAD_LIBRARY_SEARCH_SYSTEM32
	for _, folder := range []string{filepath.Join(system, "Npcap"), system} {
		path := filepath.Join(folder, "wpcap.dll")
		h, err := windows.LoadLibraryEx(path, 0, search)
		if err == nil {
			return &windows.DLL{Name: path, Handle: h}, nil
		}
		if !errors.Is(err, windows.ERROR_MOD_NOT_FOUND) {
			return nil, fmt.Errorf("%w: load %s: %w", ErrNoLibrary, path, err)
		}
	}
	return nil, errNotInstalled
}

// pointerAt turns an address that the library returned into a pointer. The
// library's memory is not Go's, so that the garbage collector need not see it.
func pointerAt(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

// bytesAt implements memory.
func bytesAt(address uint64, n int) []byte {
	if address == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(pointerAt(uintptr(address))), n)
}

var native = layout{pointer: int(unsafe.Sizeof(uintptr(0)))}

// call calls a function that returns a C int. Pointers converted to uintptr in
// the call expression stay valid during the call.
//
//go:uintptrescapes
func call(p *windows.Proc, args ...uintptr) int32 {
	r, _, _ := p.Call(args...)
	return int32(r)
}

// problem returns what the library says of a handle's last failure.
func (w *wpcap) problem(h uintptr) string {
	r, _, _ := w.getError.Call(h)
	return cString(uint64(r), bytesAt)
}

// Interfaces lists what can be captured on.
func Interfaces() ([]Device, error) {
	w, err := library()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var list uintptr
	var buffer [errorBufferLen]byte
	if call(w.findAllDevs, uintptr(unsafe.Pointer(&list)), uintptr(unsafe.Pointer(&buffer))) != 0 {
		return nil, fmt.Errorf("list interfaces: %s", errorText(buffer[:]))
	}
	defer w.freeAllDevs.Call(list)
	return native.devices(uint64(list), bytesAt), nil
}

// errorBufferLen is PCAP_ERRBUF_SIZE.
const errorBufferLen = 256

// upInterfaces lists the names of the devices that are up.
func upInterfaces() ([]string, error) {
	devices, err := Interfaces()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range devices {
		if d.Up {
			names = append(names, d.Name)
		}
	}
	return names, nil
}
