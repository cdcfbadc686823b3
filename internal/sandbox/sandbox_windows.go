package sandbox

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// enter goes from what needs rights to what takes them away.
func (s *Sandbox) enter() (Report, error) {
	if s.account.asked {
		return nil, fmt.Errorf("become user %s: %w", s.account.name, errors.ErrUnsupported)
	}
	var token windows.Token
	const access = windows.TOKEN_QUERY | windows.TOKEN_ADJUST_PRIVILEGES | windows.TOKEN_ADJUST_DEFAULT
	if err := windows.OpenProcessToken(windows.CurrentProcess(), access, &token); err != nil {
		why := fmt.Sprintf("the access token: %v", err)
		return Report{restrictJob(), {PartPrivileges, false, why}, {PartIntegrity, false, why}}, nil
	}
	defer token.Close()
	return Report{restrictJob(), dropPrivileges(token, s.config.Owners), lowerIntegrity(token, &s.config)}, nil
}

// restrictJob puts the process into a job of its own that starts no other process, and
// leaves alone the clipboard, the desktop and other processes' windows.
func restrictJob() Part {
	p := Part{Name: PartJob}
	job, err := windows.CreateJobObject(nil, nil) // open until the process ends
	if err != nil {
		p.Detail = fmt.Sprintf("make a job: %v", err)
		return p
	}
	limits := windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS, ActiveProcessLimit: 1}
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectBasicLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))); err != nil {
		p.Detail = fmt.Sprintf("limit the job: %v", err)
		return p
	}
	windowing := windows.JOBOBJECT_BASIC_UI_RESTRICTIONS{
		UIRestrictionsClass: windows.JOB_OBJECT_UILIMIT_DESKTOP | windows.JOB_OBJECT_UILIMIT_DISPLAYSETTINGS |
			windows.JOB_OBJECT_UILIMIT_EXITWINDOWS | windows.JOB_OBJECT_UILIMIT_GLOBALATOMS | windows.JOB_OBJECT_UILIMIT_HANDLES |
			windows.JOB_OBJECT_UILIMIT_READCLIPBOARD | windows.JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS | windows.JOB_OBJECT_UILIMIT_WRITECLIPBOARD,
	}
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectBasicUIRestrictions, uintptr(unsafe.Pointer(&windowing)), uint32(unsafe.Sizeof(windowing))); err != nil {
		p.Detail = fmt.Sprintf("limit the job's windowing: %v", err)
		return p
	}
	if err := windows.AssignProcessToJobObject(job, windows.CurrentProcess()); err != nil {
		p.Detail = fmt.Sprintf("enter the job: %v", err)
		return p
	}
	p.InForce, p.Detail = true, "no other process can be started, no clipboard, no desktop"
	return p
}

// Privileges that stay: the first every process has, and without the second there are
// no names for the processes of other users.
const (
	traversal = "SeChangeNotifyPrivilege"
	debugging = "SeDebugPrivilege"
)

// dropPrivileges removes the privileges of the token for good (SE_PRIVILEGE_REMOVED of
// AdjustTokenPrivileges).
func dropPrivileges(token windows.Token, owners bool) Part {
	p := Part{Name: PartPrivileges}
	held, err := privileges(token)
	if err != nil {
		p.Detail = err.Error()
		return p
	}
	keep := []string{traversal}
	if owners {
		keep = append(keep, debugging)
	}
	kept := map[windows.LUID]bool{}
	for _, name := range keep {
		var id windows.LUID
		if windows.LookupPrivilegeValue(nil, windows.StringToUTF16Ptr(name), &id) == nil {
			kept[id] = true
		}
	}
	removed := 0
	for _, held := range held {
		if kept[held.Luid] {
			continue
		}
		one := windows.Tokenprivileges{PrivilegeCount: 1, Privileges: [1]windows.LUIDAndAttributes{{Luid: held.Luid, Attributes: windows.SE_PRIVILEGE_REMOVED}}}
		if err := windows.AdjustTokenPrivileges(token, false, &one, 0, nil, nil); err != nil {
			p.Detail = fmt.Sprintf("remove a privilege: %v", err)
			return p
		}
		removed++
	}
	p.InForce, p.Detail = true, fmt.Sprintf("%d removed, %d left", removed, len(held)-removed)
	return p
}

// privileges are those of a token, switched on or not.
func privileges(token windows.Token) ([]windows.LUIDAndAttributes, error) {
	var size uint32
	err := windows.GetTokenInformation(token, windows.TokenPrivileges, nil, 0, &size)
	if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) {
		return nil, fmt.Errorf("read the privileges: %w", err)
	}
	b := make([]byte, size)
	if err := windows.GetTokenInformation(token, windows.TokenPrivileges, &b[0], size, &size); err != nil {
		return nil, fmt.Errorf("read the privileges: %w", err)
	}
	return (*windows.Tokenprivileges)(unsafe.Pointer(&b[0])).AllPrivileges(), nil
}

// lowerIntegrity makes the process one of low integrity: files, registry keys and
// processes of the user are not its to change. It is put in force where nothing is to be
// written any more that is not open.
func lowerIntegrity(token windows.Token, c *Config) Part {
	p := Part{Name: PartIntegrity}
	switch {
	case c.Owners:
		p.Detail = "owners of sockets are looked up by this process"
		return p
	case c.CreatesFiles:
		p.Detail = "files are still to be created"
		return p
	}
	low, err := windows.CreateWellKnownSid(windows.WinLowLabelSid)
	if err != nil {
		p.Detail = err.Error()
		return p
	}
	label := windows.Tokenmandatorylabel{Label: windows.SIDAndAttributes{Sid: low, Attributes: windows.SE_GROUP_INTEGRITY}}
	if err := windows.SetTokenInformation(token, windows.TokenIntegrityLevel, (*byte)(unsafe.Pointer(&label)), label.Size()); err != nil {
		p.Detail = fmt.Sprintf("lower the integrity level: %v", err)
		return p
	}
	p.InForce, p.Detail = true, "low: files and processes of the user are not its to change"
	return p
}
