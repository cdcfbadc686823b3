package owner

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// What HttpInitialize and HttpQueryServiceConfiguration take (http.h).
const (
	httpVersion          = 1 // HTTPAPI_VERSION_1: major 1, minor 0, in 16 bits each
	httpInitializeConfig = 2
	configURLACL         = 2 // HttpServiceConfigUrlAclInfo
	queryNext            = 1 // HttpServiceConfigQueryNext
	maxReservations      = 4096
)

// urlQuery is HTTP_SERVICE_CONFIG_URLACL_QUERY.
type urlQuery struct {
	kind   uint32
	prefix *uint16
	token  uint32
}

// urlReservation is HTTP_SERVICE_CONFIG_URLACL_SET; what it points to is behind it.
type urlReservation struct {
	prefix, descriptor *uint16
}

// readReservations lists the URL prefixes that are reserved with HTTP.sys, the
// kernel's HTTP server, which listens in the name of "System" for all its users. What
// they have really opened is not to be had in a documented way.
func readReservations() []string {
	dll := windows.NewLazySystemDLL("httpapi.dll")
	initialize, query, terminate := dll.NewProc("HttpInitialize"), dll.NewProc("HttpQueryServiceConfiguration"), dll.NewProc("HttpTerminate")
	for _, p := range []*windows.LazyProc{initialize, query, terminate} {
		if p.Find() != nil {
			return nil
		}
	}
	if code, _, _ := initialize.Call(httpVersion, httpInitializeConfig, 0); code != 0 {
		return nil
	}
	defer func() { _, _, _ = terminate.Call(httpInitializeConfig, 0) }()
	var prefixes []string
	buffer := make([]uint64, 512) // aligned for pointers
	for token := uint32(0); token < maxReservations; {
		q := urlQuery{kind: queryNext, token: token}
		var needed uint32
		code, _, _ := query.Call(0, configURLACL, uintptr(unsafe.Pointer(&q)), unsafe.Sizeof(q),
			uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)*8), uintptr(unsafe.Pointer(&needed)), 0)
		switch windows.Errno(code) {
		case windows.ERROR_SUCCESS:
			if r := (*urlReservation)(unsafe.Pointer(&buffer[0])); r.prefix != nil {
				prefixes = append(prefixes, windows.UTF16PtrToString(r.prefix))
			}
			token++
		case windows.ERROR_INSUFFICIENT_BUFFER:
			if int(needed) <= len(buffer)*8 || needed > 1<<20 {
				return prefixes
			}
			buffer = make([]uint64, (needed+7)/8)
		default: // ERROR_NO_MORE_ITEMS
			return prefixes
		}
	}
	return prefixes
}
