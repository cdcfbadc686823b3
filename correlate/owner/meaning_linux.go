package owner

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/correlate/owner/container"
	"github.com/sniffid/sniffid/correlate/owner/procfs"
)

// meaning goes from a process to what it stands for: the unit, the container,
// the pod. It is safe for concurrent use.
type meaning struct {
	fs    *procfs.FS
	names *container.Names
	units *container.Units
}

func newMeaning(fs *procfs.FS) *meaning {
	return &meaning{fs, container.NewNames(procRoot), container.NewUnits(procRoot)}
}

// group adds what the text of /proc/PID/cgroup says.
func (m *meaning) group(text string, o *Owner) {
	g := procfs.ParseCgroup(text)
	o.Unit, o.Pod = g.Unit, g.Pod
	if g.Container == "" {
		return
	}
	o.Container, o.Runtime = g.Container, g.Runtime
	m.named(o)
}

// named adds the names of the container.
func (m *meaning) named(o *Owner) {
	info, known := m.names.Lookup(container.Query{ID: o.Container, Runtime: o.Runtime})
	if !known {
		return
	}
	o.ContainerName = info.Name
	if info.Runtime != "" {
		o.Runtime = info.Runtime
	}
	if info.Pod != "" {
		o.Pod = info.Pod
	}
}

// proxies are the names of the programs that hold containers' published ports.
var proxies = [...]string{"docker-proxy", "conmon", "rootlessport", "rootlesskit", "slirp4netns", "pasta", "pasta.avx2"}

// published is the container's end behind an end of the host that a proxy holds;
// and the container, where that is all the proxy tells.
func (m *meaning) published(o *Owner, transport string, local netip.AddrPort) (inside netip.AddrPort, p container.Proxy) {
	if o.PID == 0 || !slices.Contains(proxies[:], o.Name) {
		return netip.AddrPort{}, container.Proxy{}
	}
	arguments, err := m.fs.Args(o.PID)
	if err != nil {
		return netip.AddrPort{}, container.Proxy{}
	}
	p, ok := container.ParseProxy(arguments)
	if !ok {
		return netip.AddrPort{}, container.Proxy{}
	}
	inside, _ = p.To(transport, local)
	return inside, p
}

// explain adds to an owner what its socket tells: the socket unit that handed it
// over, and the container behind a published port. The table's lock is held for
// reading.
func (t *tracker) explain(o *Owner, transport string, local netip.AddrPort) {
	local = clean(local)
	if !o.Known() || !local.IsValid() {
		return
	}
	if strings.HasSuffix(o.Unit, ".service") && o.NetNS == here && t.activated(transport, local) {
		o.SocketUnit, _ = t.meaning.units.Socket(o.Unit, transport, local)
	}
	inside, proxy := t.meaning.published(o, transport, local)
	if inside.Addr().IsValid() {
		for _, netns := range t.locals.namespaces(inside.Addr()) {
			rows, _ := t.index.find(transport, netns, inside, netip.AddrPort{})
			if len(rows) == 0 {
				continue
			}
			if served := t.owner(rows, Listener); served.PID != 0 {
				*o = served
				return
			}
		}
	}
	if proxy.Container != "" && o.Container == "" {
		o.Container, o.ContainerName = proxy.Container, proxy.Name
		t.meaning.named(o)
	}
}

// activated reports whether systemd holds what is bound to a local end.
func (t *tracker) activated(transport string, local netip.AddrPort) bool {
	for _, addr := range wildcards(local.Addr()) {
		for _, i := range t.index.with(pair{transport: transport, local: netip.AddrPortFrom(addr, local.Port())}) {
			if pids := t.index.rows[i].pids; len(pids) > 0 && pids[0] == systemd {
				return true
			}
		}
	}
	return false
}
