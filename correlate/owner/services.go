package owner

import (
	"slices"
	"strings"
)

// Service is what a system starts and stops as a whole, while it runs: a systemd
// unit, a Windows service, a container.
type Service struct {
	// Name is that of the unit, "ssh.service", or the short one of the Windows
	// service, "Dnscache"; of a container it is empty.
	Name string
	// Container is the container's id.
	Container string
	// PID is the process that a Windows service runs in, often with others; 0
	// elsewhere, where owners name their unit and container.
	PID int
	// Instance tells one run of the service from the next: the inode of its control
	// group, or the number of its process.
	Instance uint64
}

// of reports whether an owner belongs to the service, or may: a Windows process
// hosts several.
func (s *Service) of(o *Owner) bool {
	switch {
	case s.PID != 0:
		return s.PID == o.PID && (len(o.Services) == 0 || slices.Contains(o.Services, s.Name))
	case s.Container != "":
		return s.Container == o.Container
	}
	return s.Name == o.Unit || s.Name == o.SocketUnit
}

// named is what people call the service of an owner.
func (s *Service) named(o *Owner) string {
	switch {
	case s.Container == "":
		return s.Name
	case o.ContainerName != "":
		return "container " + o.ContainerName
	}
	return "container " + ShortID(s.Container)
}

// ShortID is a container's id as its engine shows it: the first 12 characters.
func ShortID(id string) string { return id[:min(len(id), 12)] }

// systemd is the first process, which binds the sockets of socket units and
// keeps them.
const systemd = 1

// heldFor is the socket unit that systemd holds a socket for: it is active for as long
// as the socket is open.
func heldFor(o *Owner) (unit string, ok bool) {
	return o.SocketUnit, o.PID == systemd && strings.HasSuffix(o.SocketUnit, ".socket")
}
