//go:build cgo && !windows

package live

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"runtime"

	"github.com/sniffid/sniffid/capture"
)

// pcapHandle is a handle of libpcap.
type pcapHandle struct {
	*libpcap
	iface capture.Interface
	twice bool // the kernel counts each packet twice
	lost  drops
	// own are the interface's own counters, where they are not libpcap's to read.
	own *interfaceCounters
}

var _ handle = (*pcapHandle)(nil)

// openHandle opens one interface.
func openHandle(name string, c *Config) (handle, error) {
	p, err := openLibpcap(name, c, !c.NoPromiscuous)
	if errors.Is(err, errPromiscuous) {
		c.Logger.Warn("capturing without promiscuous mode", "iface", name, "err", err)
		p, err = openLibpcap(name, c, false)
	}
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", name, err)
	}
	h := &pcapHandle{libpcap: p, iface: capture.Interface{Name: name, LinkType: p.linkType(), SnapLength: p.snapLength}}
	if i, err := net.InterfaceByName(name); err == nil {
		h.twice = runtime.GOOS == "linux" && i.Flags&net.FlagLoopback != 0
	}
	h.own = openInterfaceCounters(name)
	if c.Filter != "" {
		if err := p.filter(name, c.Filter); err != nil {
			h.close()
			return nil, fmt.Errorf("capture on %s: %w", name, err)
		}
	}
	return h, nil
}

// openLibpcap opens an interface and tells what about it is not as it was asked for.
func openLibpcap(name string, c *Config, promiscuous bool) (*libpcap, error) {
	p, err := newLibpcap(name)
	if err != nil {
		return nil, err
	}
	// libpcap's timeout is how long the kernel may gather packets. The handle does not
	// block, so that it can be ended while no packet comes.
	gathers := cmp.Or(c.Batch, pollInterval)
	warning, err := p.activate(options{
		snapLength: c.SnapLength, promiscuous: promiscuous, bufferSize: c.BufferSize,
		immediate: c.Batch == 0, timeout: int(gathers.Milliseconds()),
	})
	if err != nil {
		p.close()
		return nil, err
	}
	if warning != "" {
		c.Logger.Warn("capturing with a restriction", "iface", name, "err", warning)
	}
	return p, nil
}

// errPromiscuous: the system does not let this process see other machines' packets.
var errPromiscuous = errors.New("promiscuous mode is not permitted")

// activationError says what a status of pcap_activate(3PCAP) means.
func activationError(status int, text string) error {
	switch status {
	case activateDenied:
		return fmt.Errorf("%w; %s", fs.ErrPermission, permissionHint())
	case activatePromiscuousDenied:
		return errPromiscuous
	case activateNoDevice:
		return fmt.Errorf("%w; -D lists them", ErrNoInterface)
	case activateNotUp:
		return errors.New("the interface is not up")
	}
	return errors.New(text)
}

func (h *pcapHandle) origin() capture.Interface { return h.iface }

// drops returns the last counters of an interface that has gone.
func (h *pcapHandle) drops() drops {
	if dropped, byInterface, ok := h.stats(); ok {
		h.lost = drops{uint64(dropped), h.own.dropped(uint64(byInterface))}
		if h.twice {
			h.lost.dropped = (h.lost.dropped + 1) / 2
		}
	}
	return h.lost
}

// interrupt has nothing to do: read waits for pollInterval at most.
func (h *pcapHandle) interrupt() {}

func (h *pcapHandle) close() {
	h.libpcap.close()
	h.own.close()
}

// upInterfaces lists the names of the network interfaces that are up; libpcap's
// own list also has devices that are none (USB, D-Bus, netfilter logs).
func upInterfaces() ([]string, error) {
	found, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, i := range found {
		if i.Flags&net.FlagUp != 0 {
			names = append(names, i.Name)
		}
	}
	return names, nil
}
