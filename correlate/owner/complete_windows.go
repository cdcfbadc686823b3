package owner

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// systemPID is the process "System", in whose name the kernel holds sockets.
const systemPID = 4

// maxServiceBytes bounds the service table; Windows caps it at 256 KiB a call.
const maxServiceBytes = 1 << 20

// complete adds the services that run in the process. Which of several holds a
// socket is not known from here.
func complete(pid int, o *Owner) {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_ENUMERATE_SERVICE)
	if err != nil {
		return
	}
	defer windows.CloseServiceHandle(manager)
	var buffer []byte
	var needed, count uint32
	for {
		var head *byte
		if len(buffer) > 0 {
			head = &buffer[0]
		}
		var resume uint32
		err = windows.EnumServicesStatusEx(manager, windows.SC_ENUM_PROCESS_INFO, windows.SERVICE_WIN32,
			windows.SERVICE_ACTIVE, head, uint32(len(buffer)), &needed, &count, &resume, nil)
		if err != windows.ERROR_MORE_DATA || needed == 0 || len(buffer)+int(needed) > maxServiceBytes {
			break
		}
		buffer = make([]byte, len(buffer)+int(needed))
	}
	if err != nil || count == 0 {
		return
	}
	for _, s := range unsafe.Slice((*windows.ENUM_SERVICE_STATUS_PROCESS)(unsafe.Pointer(&buffer[0])), count) {
		if int(s.ServiceStatusProcess.ProcessId) == pid {
			o.Services = append(o.Services, windows.UTF16PtrToString(s.ServiceName))
		}
	}
}
