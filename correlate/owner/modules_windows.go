package owner

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// maxModules bounds what is told of one process's modules.
const maxModules = 1024

// snapshotTries is how often a snapshot is taken anew that was disturbed by
// modules coming and going (ERROR_BAD_LENGTH).
const snapshotTries = 4

// loadedModules lists the files of the modules that a process has loaded, in the
// order of Toolhelp, without the executable itself; nil where the process may
// not be looked into.
func loadedModules(pid int) []string {
	var snapshot windows.Handle
	var err error
	for range snapshotTries {
		snapshot, err = windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPMODULE|windows.TH32CS_SNAPMODULE32, uint32(pid))
		if err != windows.ERROR_BAD_LENGTH {
			break
		}
	}
	if err != nil {
		return nil
	}
	defer windows.CloseHandle(snapshot)
	var modules []string
	entry := windows.ModuleEntry32{Size: uint32(unsafe.Sizeof(windows.ModuleEntry32{}))}
	if windows.Module32First(snapshot, &entry) != nil {
		return nil
	}
	for len(modules) < maxModules && windows.Module32Next(snapshot, &entry) == nil {
		modules = append(modules, windows.UTF16ToString(entry.ExePath[:]))
	}
	return modules
}
