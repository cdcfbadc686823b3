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
