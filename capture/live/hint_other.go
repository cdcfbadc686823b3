//go:build cgo && !linux && !windows

package live

// permissionHint says how to become allowed to capture.
func permissionHint() string {
	return "run it with sudo, or grant your user read access to /dev/bpf*"
}
