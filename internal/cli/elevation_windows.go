package cli

import "golang.org/x/sys/windows"

// elevation says how to see the processes of other users.
func elevation() string {
	if windows.GetCurrentProcessToken().IsElevated() {
		return ""
	}
	return "run as administrator"
}
