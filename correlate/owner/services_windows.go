package owner

import (
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sniffid/sniffid/correlate/owner/wintable"
)

// The service table has at most maxServices bytes and is read in pieces, of which
// Windows fills no more than 256 KiB at a time.
const (
	servicesPiece = 256 << 10
	maxServices   = 16 << 20
)

// readServices reads which service runs in which process. An error leaves what
// was read before it.
func readServices() ([]wintable.Service, error) {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_ENUMERATE_SERVICE)
	if err != nil {
		return nil, err
	}
	defer windows.CloseServiceHandle(manager)
	var services []wintable.Service
	var resume uint32
	buffer := make([]byte, servicesPiece)
	for range maxServices / servicesPiece {
		var needed, count uint32
		err := windows.EnumServicesStatusEx(manager, windows.SC_ENUM_PROCESS_INFO, windows.SERVICE_WIN32, windows.SERVICE_ACTIVE,
			&buffer[0], uint32(len(buffer)), &needed, &count, &resume, nil)
		if err != nil && err != windows.ERROR_MORE_DATA {
			return services, err
		}
		piece, malformed := wintable.Services(buffer, uint64(uintptr(unsafe.Pointer(&buffer[0]))), int(count), int(unsafe.Sizeof(uintptr(0))))
		if malformed != nil {
			return services, malformed
		}
		services = append(services, piece...)
		if err == nil || count == 0 {
			break
		}
	}
	return services, nil
}

// runningServices lists the services that run, but for those that are being
// stopped: their sockets may be closed long before they have ended.
func runningServices() ([]Service, error) {
	table, err := readServices()
	if err != nil {
		return nil, err
	}
	var services []Service
	for _, s := range table {
		if s.PID != 0 && !s.Stopping {
			services = append(services, Service{Name: s.Name, PID: s.PID, Instance: uint64(s.PID)})
		}
	}
	return services, nil
}

// tags names services by their tags, through I_QueryTagInformation of
// advapi32.dll, which is not documented and may be missing.
type tags struct {
	query *windows.LazyProc
}

func newTags() tags {
	return tags{windows.NewLazySystemDLL("advapi32.dll").NewProc("I_QueryTagInformation")}
}

// Level and answer of I_QueryTagInformation.
const (
	nameFromTag = 1
	tagService  = 1
)

// tagQuery is what level nameFromTag takes and fills.
type tagQuery struct {
	pid, tag uint32
	kind     uint32  // of what has the tag
	name     *uint16 // allocated with LocalAlloc
}

// name returns the service that pid gave the tag to, or "".
func (t tags) name(pid int, tag uint32) string {
	if t.query.Find() != nil {
		return ""
	}
	q := tagQuery{pid: uint32(pid), tag: tag}
	status, _, _ := t.query.Call(0, nameFromTag, uintptr(unsafe.Pointer(&q)))
	if q.name == nil {
		return ""
	}
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(q.name)))
	if status != 0 || q.kind != tagService {
		return ""
	}
	return windows.UTF16PtrToString(q.name)
}
