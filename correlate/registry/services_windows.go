package registry

import (
	"os"
	"path/filepath"
)

// servicesFile is where the TCP/IP stack of Windows keeps its services file.
func servicesFile() string {
	root := os.Getenv("SystemRoot")
	if root == "" {
		root = `C:\Windows`
	}
	return filepath.Join(root, "System32", "drivers", "etc", "services")
}
