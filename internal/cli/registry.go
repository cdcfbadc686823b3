package cli

import "github.com/sniffid/sniffid/correlate/registry"

// openRegistry reads the system's services file and puts IANA's list behind it.
// With an error the registry is still good for IANA's names.
func openRegistry() (*registry.Registry, error) {
	r, err := registry.System()
	if r == nil {
		r = &registry.Registry{}
	}
	return r, err
}
