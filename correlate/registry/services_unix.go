//go:build !windows

package registry

// servicesFile is where services(5) is.
func servicesFile() string { return "/etc/services" }
