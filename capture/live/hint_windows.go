package live

// permissionHint says how to become allowed to capture.
func permissionHint() string {
	return "run it as Administrator, or install Npcap without restricting it to Administrators"
}
