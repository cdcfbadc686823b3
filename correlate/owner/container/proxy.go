package container

import (
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// Proxy is a program that holds a container's published ports on the host, told
// by its command line.
type Proxy struct {
	Program   string // "docker-proxy", "conmon", "rootlessport", "pasta", …
	Container string // id of the container, where the command line has it
	Name      string // its name, where the command line has it
	NetNS     string // file of its network namespace, where the command line has it
	// Ports are the published ports; none where the command line does not name
	// them: then any port that the program holds may be one.
	Ports []Published
}

// Published is a published port, or a range of them.
type Published struct {
	Transport string // "tcp", "udp", "sctp"
	// Host is where the host listens; its address is the zero Addr where it does
	// so at all addresses and of both families.
	Host netip.AddrPort
	// Container is the end inside; its address is the zero Addr where that is not
	// said: the port is then the container's, in its namespace.
	Container netip.AddrPort
	// Count is how many ports, from Host's and Container's on.
	Count int
}

// To is the end inside that belongs to an end of the host. A host address in p
// that is unspecified stands for all of its family and, for IPv6, of both.
func (p *Published) To(transport string, host netip.AddrPort) (netip.AddrPort, bool) {
	offset := int(host.Port()) - int(p.Host.Port())
	if transport != p.Transport || offset < 0 || offset >= p.Count || !covers(p.Host.Addr(), host.Addr()) {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(p.Container.Addr(), p.Container.Port()+uint16(offset)), true
}

// covers reports whether a socket bound to an address receives what is sent to
// another. The zero Addr stands for any.
func covers(bound, local netip.Addr) bool {
	bound, local = bound.Unmap().WithZone(""), local.Unmap().WithZone("")
	switch {
	case !bound.IsValid(), bound == local:
		return true
	case bound.IsUnspecified():
		return bound.Is6() || local.Is4()
	}
	return false
}

// To is the end inside that belongs to an end of the host, if p's command line
// says so.
func (p *Proxy) To(transport string, host netip.AddrPort) (netip.AddrPort, bool) {
	for i := range p.Ports {
		if end, ok := p.Ports[i].To(transport, host); ok {
			return end, true
		}
	}
	return netip.AddrPort{}, false
}

// ParseProxy reads the command line of a process. ok is false where it is no proxy
// that is known:
//
//   - docker-proxy, and RootlessKit's, one for each published port;
//   - conmon, which holds the ports of Podman's containers with root;
//   - rootlessport, RootlessKit and slirp4netns, which are told the ports otherwise;
//   - pasta, for all ports of a network namespace.
func ParseProxy(args []string) (p Proxy, ok bool) {
	if len(args) == 0 {
		return Proxy{}, false
	}
	p.Program = path.Base(args[0])
	switch p.Program {
	case "docker-proxy", "rootlesskit-docker-proxy":
		return dockerProxy(p, args[1:])
	case "conmon":
		return conmon(p, args[1:])
	case "pasta", "pasta.avx2":
		p.Program = "pasta"
		return pasta(p, args[1:])
	case "rootlessport", "rootlessport-child", "rootlesskit", "slirp4netns":
		return p, true
	}
	return Proxy{}, false
}

// flags reads "-name value", "--name value" and "-name=value" for the names that
// are asked for, and passes over everything else.
func flags(args []string, each func(name, value string)) {
	for i, arg := range args {
		if len(arg) < 2 || arg[0] != '-' {
			continue
		}
		name, value, given := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		if !given && i+1 < len(args) {
			value = args[i+1]
		}
		each(name, value)
	}
}

// dockerProxy reads the flags of Docker's user-land proxy:
//
//	-proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80
//
// A command line without both ports is not one.
func dockerProxy(p Proxy, args []string) (Proxy, bool) {
	port := Published{Transport: "tcp", Count: 1}
	var host, container netip.Addr
	var hostPort, containerPort uint16
	flags(args, func(name, value string) {
		switch name {
		case "proto":
			port.Transport = value
		case "host-ip":
			host, _ = netip.ParseAddr(value)
		case "host-port":
			hostPort = portNumber(value)
		case "container-ip":
			container, _ = netip.ParseAddr(value)
		case "container-port":
			containerPort = portNumber(value)
		}
	})
	if hostPort == 0 || containerPort == 0 || !container.IsValid() || !isTransport(port.Transport) {
		return Proxy{}, false
	}
	port.Host, port.Container = netip.AddrPortFrom(host, hostPort), netip.AddrPortFrom(container, containerPort)
	p.Ports = []Published{port}
	return p, true
}

// conmon reads the id and the name of the container that it watches (conmon(8)).
func conmon(p Proxy, args []string) (Proxy, bool) {
	flags(args, func(name, value string) {
		switch name {
		case "c", "cid":
			if isID(value) {
				p.Container = value
			}
		case "n", "name":
			p.Name = clean(value)
		}
	})
	if p.Container == "" {
		return Proxy{}, false
	}
	return p, true
}

func isTransport(name string) bool { return name == "tcp" || name == "udp" || name == "sctp" }

// portNumber reads a port; 0 is none.
func portNumber(text string) uint16 {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}
