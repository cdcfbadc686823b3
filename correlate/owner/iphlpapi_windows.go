package owner

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sniffid/sniffid/correlate/owner/wintable"
)

// iphlpapi are the functions of iphlpapi.dll that tell of sockets. None is
// called that the system lacks.
type iphlpapi struct {
	tcp, udp *windows.LazyProc
	// modules are GetOwnerModuleFrom…Entry by the layout of their argument.
	modules map[wintable.Layout]*windows.LazyProc
}

func newIphlpapi() *iphlpapi {
	dll := windows.NewLazySystemDLL("iphlpapi.dll")
	return &iphlpapi{
		tcp: dll.NewProc("GetExtendedTcpTable"),
		udp: dll.NewProc("GetExtendedUdpTable"),
		modules: map[wintable.Layout]*windows.LazyProc{
			wintable.TCP4Module: dll.NewProc("GetOwnerModuleFromTcpEntry"),
			wintable.TCP6Module: dll.NewProc("GetOwnerModuleFromTcp6Entry"),
			wintable.UDP4Module: dll.NewProc("GetOwnerModuleFromUdpEntry"),
			wintable.UDP6Module: dll.NewProc("GetOwnerModuleFromUdp6Entry"),
		},
	}
}

// Classes of TCP_TABLE_CLASS and UDP_TABLE_CLASS (iprtrmib.h).
const (
	tcpOwnerPIDAll    = 5
	tcpOwnerModuleAll = 8
	udpOwnerPID       = 1
	udpOwnerModule    = 2
)

// A socket table has at most maxTable bytes, 400,000 sockets, and grows while it
// is read so seldom that a few tries do.
const (
	firstTable = 64 << 10
	maxTable   = 64 << 20
	tableTries = 8
)

// table calls GetExtendedTcpTable or GetExtendedUdpTable.
func (*iphlpapi) table(proc *windows.LazyProc, family, class uintptr) ([]byte, error) {
	if err := proc.Find(); err != nil {
		return nil, err
	}
	size := uint32(firstTable)
	for range tableTries {
		buffer := make([]byte, size)
		status, _, _ := proc.Call(uintptr(unsafe.Pointer(&buffer[0])), uintptr(unsafe.Pointer(&size)), 0, family, class, 0)
		switch err := windows.Errno(status); {
		case err == windows.ERROR_SUCCESS:
			return buffer, nil
		case err != windows.ERROR_INSUFFICIENT_BUFFER:
			return nil, fmt.Errorf("%s: %w", proc.Name, err)
		case size > maxTable:
			return nil, fmt.Errorf("%s: %d bytes are too many", proc.Name, size)
		}
		// Room for what is opened meanwhile.
		size = max(size, uint32(len(buffer))) + max(size/8, firstTable)
	}
	return nil, fmt.Errorf("%s: the table keeps growing", proc.Name)
}

// source is a table, the layout of its rows, and what to read where the system
// does not know it.
type source struct {
	proc          *windows.LazyProc
	family, class uintptr
	layout        wintable.Layout
	plain         uintptr
	plainLayout   wintable.Layout
}

// rows reads all tables. A machine without IPv6 has none for it.
func (a *iphlpapi) rows() ([]wintable.Row, error) {
	var rows []wintable.Row
	for _, s := range []source{
		{a.tcp, windows.AF_INET, tcpOwnerModuleAll, wintable.TCP4Module, tcpOwnerPIDAll, wintable.TCP4PID},
		{a.tcp, windows.AF_INET6, tcpOwnerModuleAll, wintable.TCP6Module, tcpOwnerPIDAll, wintable.TCP6PID},
		{a.udp, windows.AF_INET, udpOwnerModule, wintable.UDP4Module, udpOwnerPID, wintable.UDP4PID},
		{a.udp, windows.AF_INET6, udpOwnerModule, wintable.UDP6Module, udpOwnerPID, wintable.UDP6PID},
	} {
		layout := s.layout
		table, err := a.table(s.proc, s.family, s.class)
		if err != nil {
			layout = s.plainLayout
			table, err = a.table(s.proc, s.family, s.plain)
		}
		if s.family == windows.AF_INET6 && (errors.Is(err, windows.ERROR_NOT_SUPPORTED) || errors.Is(err, windows.ERROR_INVALID_PARAMETER)) {
			continue
		}
		if err == nil {
			rows, err = layout.Append(rows, table)
		}
		if err != nil {
			return nil, fmt.Errorf("read the socket tables: %w", err)
		}
	}
	return rows, nil
}

// moduleInfoBasic is TCPIP_OWNER_MODULE_INFO_BASIC.
const moduleInfoBasic = 0

// A module's names are two paths at most; maxModuleInfo is in bytes.
const (
	firstModuleInfo = 1 << 10
	maxModuleInfo   = 256 << 10
)

// moduleInfo is TCPIP_OWNER_MODULE_BASIC_INFO. The names are in the buffer that
// it begins.
type moduleInfo struct {
	name, path *uint16
}

// module returns what the system calls the module that made a socket, and its
// file: for a service its name, for the kernel "System" twice.
func (a *iphlpapi) module(r *wintable.Row) (name, path string) {
	proc, ok := a.modules[r.Layout]
	if !ok || proc.Find() != nil {
		return "", ""
	}
	size := uint32(firstModuleInfo)
	for range 2 {
		buffer := make([]uint64, (size+7)/8) // aligned for pointers
		status, _, _ := proc.Call(uintptr(unsafe.Pointer(&r.Raw[0])), moduleInfoBasic, uintptr(unsafe.Pointer(&buffer[0])), uintptr(unsafe.Pointer(&size)))
		switch err := windows.Errno(status); {
		case err == windows.ERROR_SUCCESS:
			info := (*moduleInfo)(unsafe.Pointer(&buffer[0]))
			return windows.UTF16PtrToString(info.name), windows.UTF16PtrToString(info.path)
		case err != windows.ERROR_INSUFFICIENT_BUFFER || size > maxModuleInfo:
			return "", ""
		}
	}
	return "", ""
}
