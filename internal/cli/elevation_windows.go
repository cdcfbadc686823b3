package cli

import "golang.org/x/sys/windows"

// elevation says how to see the processes of other users.
func elevation() string {
	if windows.GetCurrentProcessToken().IsElevated() {
		return ""
	}
	return "run as administrator"
}

// grantCapture says how to be permitted to capture.
func grantCapture() string {
	return "run as administrator, or install Npcap without restricting it to administrators"
}

// grantOwners says how to see whose the sockets of others are.
func grantOwners() string { return "run as administrator" }
