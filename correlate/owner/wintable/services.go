package wintable

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// Service is a service and the process that it runs in.
type Service struct {
	Name string // the short one, "Dnscache"
	PID  int    // 0 = it does not run
	// Stopping says that it was told to stop, and is not done with that yet.
	Stopping bool
}

// Pointer sizes in bytes, for [Services].
const (
	Pointer32 = 4
	Pointer64 = 8
)

// The offsets of dwCurrentState and dwProcessId in SERVICE_STATUS_PROCESS, which
// has statusLen bytes (winsvc.h).
const (
	statusState = 4
	statusPID   = 28
	statusLen   = 36
)

// stopPending is SERVICE_STOP_PENDING (winsvc.h).
const stopPending = 3

// maxServiceName bounds a name, in UTF-16 units (CreateService: 256).
const maxServiceName = 256

// Services reads count structures ENUM_SERVICE_STATUS_PROCESSW: pointers to two
// names, then the status. They are at the beginning of buffer, whose address was
// base when it was filled; the names are elsewhere in it. pointer is the size of
// a pointer in bytes. Errors are [ErrMalformed].
func Services(buffer []byte, base uint64, count, pointer int) ([]Service, error) {
	if pointer != Pointer32 && pointer != Pointer64 {
		return nil, fmt.Errorf("%w: pointers of %d bytes", ErrMalformed, pointer)
	}
	size := (2*pointer + statusLen + pointer - 1) / pointer * pointer // 44 or 56
	if count < 0 || count > len(buffer)/size {
		return nil, fmt.Errorf("%w: %d services in %d bytes", ErrMalformed, count, len(buffer))
	}
	services := make([]Service, 0, count)
	for i := range count {
		b := buffer[i*size:]
		at := uint64(binary.LittleEndian.Uint32(b))
		if pointer == Pointer64 {
			at = binary.LittleEndian.Uint64(b)
		}
		if at < base || at-base >= uint64(len(buffer)) {
			return nil, fmt.Errorf("%w: the name of service %d is elsewhere", ErrMalformed, i)
		}
		services = append(services, Service{
			Name:     wideString(buffer[at-base:]),
			PID:      process(b[2*pointer+statusPID:]),
			Stopping: binary.LittleEndian.Uint32(b[2*pointer+statusState:]) == stopPending,
		})
	}
	return services, nil
}

// wideString reads UTF-16 up to a NUL, the end or the longest name.
func wideString(b []byte) string {
	var text []uint16
	for len(b) >= 2 && len(text) < maxServiceName {
		unit := binary.LittleEndian.Uint16(b)
		if unit == 0 {
			break
		}
		text = append(text, unit)
		b = b[2:]
	}
	return string(utf16.Decode(text))
}

// Hosts are the names of the services by the process that they run in, each
// list in alphabetical order. The lists are shared and read only.
type Hosts map[int][]string

// NewHosts sorts services by process; those that do not run are left out.
func NewHosts(services []Service) Hosts {
	hosts := Hosts{}
	for _, s := range services {
		if s.PID != 0 && s.Name != "" {
			hosts[s.PID] = append(hosts[s.PID], s.Name)
		}
	}
	for pid, names := range hosts {
		slices.Sort(names)
		hosts[pid] = slices.Compact(names)
	}
	return hosts
}

// Of returns the services that a socket may belong to: the one that its tag
// names; else, of several in the process, the one that Windows calls the socket's
// module; else all of the process, and nothing tells which it is.
//
// named asks the system for the service behind a tag, module for the name of a
// socket's module. They return "" where the system does not say, and may be nil.
func (h Hosts) Of(r *Row, named func(pid int, tag uint32) string, module func(*Row) string) []string {
	if r.PID == 0 {
		return nil
	}
	if r.Tag != 0 && named != nil {
		if name := named(r.PID, r.Tag); name != "" {
			return []string{name}
		}
	}
	hosted := h[r.PID]
	if len(hosted) > 1 && module != nil {
		name := module(r)
		if i := slices.IndexFunc(hosted, func(s string) bool { return strings.EqualFold(s, name) }); i >= 0 {
			return hosted[i : i+1 : i+1]
		}
	}
	return hosted
}
