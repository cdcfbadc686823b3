//go:build cgo

package live

import "os"

// permissionHint says how to become allowed to capture (capabilities(7)).
func permissionHint() string {
	program, err := os.Executable()
	if err != nil {
		program = "sniffid"
	}
	return "run it as root, or grant it the right once: sudo setcap cap_net_raw+ep " + program
}
