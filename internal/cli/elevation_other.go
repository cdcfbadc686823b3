//go:build !windows

package cli

import "os"

// elevation says how to see the processes of other users.
func elevation() string {
	if os.Geteuid() == 0 {
		return ""
	}
	return "run as root"
}

// grantCapture is the command that permits this very file to capture.
func grantCapture() string {
	exe, err := os.Executable()
	if err != nil {
		exe = "sniffid"
	}
	return "sudo setcap cap_net_raw,cap_net_admin+ep " + exe
}

// grantOwners says how to see whose the sockets of others are.
func grantOwners() string {
	return "run as root, or: sudo setcap cap_net_raw,cap_net_admin,cap_sys_ptrace,cap_dac_read_search+ep sniffid"
}
