//go:build cgo && !windows

package live

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"runtime"
	"strings"

	"github.com/google/gopacket/pcap"

	"github.com/sniffid/sniffid/capture"
)

// pcapHandle is a handle of libpcap.
type pcapHandle struct {
	*pcap.Handle
	iface capture.Interface
	twice bool // the kernel counts each packet twice
	lost  drops
	// own are the interface's own counters, where they are not libpcap's to read.
	own *interfaceCounters
}

var _ handle = (*pcapHandle)(nil)

// openHandle opens one interface.
func openHandle(name string, c *Config) (handle, error) {
	p, err := activate(name, c, !c.NoPromiscuous)
	if err != nil && !c.NoPromiscuous && promiscuousRefused(err) {
		c.Logger.Warn("capturing without promiscuous mode", "iface", name, "err", err)
		p, err = activate(name, c, false)
	}
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", name, activationError(err))
	}
	h := &pcapHandle{Handle: p, iface: capture.Interface{
		Name: name, LinkType: capture.LinkType(p.LinkType()), SnapLength: p.SnapLen(),
	}}
	if i, err := net.InterfaceByName(name); err == nil {
		h.twice = runtime.GOOS == "linux" && i.Flags&net.FlagLoopback != 0
	}
	h.own = openInterfaceCounters(name)
	if c.Filter != "" {
		if err := p.SetBPFFilter(c.Filter); err != nil {
			h.close()
			return nil, fmt.Errorf("capture on %s: %w", name, filterError(c.Filter, err.Error()))
		}
	}
	return h, nil
}

func activate(name string, c *Config, promiscuous bool) (*pcap.Handle, error) {
	inactive, err := pcap.NewInactiveHandle(name)
	if err != nil {
		return nil, err
	}
	defer inactive.CleanUp()
	if err := errors.Join(
		inactive.SetSnapLen(c.SnapLength),
		inactive.SetPromisc(promiscuous),
		inactive.SetBufferSize(c.BufferSize),
		inactive.SetImmediateMode(c.Batch == 0),
		// A positive timeout keeps the handle non-blocking, so that it can be
		// ended while no packet comes.
		inactive.SetTimeout(cmp.Or(c.Batch, pollInterval)),
	); err != nil {
		return nil, err
	}
	return inactive.Activate()
}

// gopacket keeps the type of its activation errors to itself, so that only
// their texts tell them apart.

// promiscuousRefused recognises a warning that gopacket takes for a failure,
// and libpcap's PCAP_ERROR_PROMISC_PERM_DENIED.
func promiscuousRefused(err error) bool {
	return err.Error() == "Cannot set as promisc" || strings.HasSuffix(err.Error(), "activated error: -11")
}

func activationError(err error) error {
	switch text := err.Error(); {
	case text == "Permission Denied":
		return fmt.Errorf("%w; %s", fs.ErrPermission, permissionHint())
	case text == "No Such Device":
		return fmt.Errorf("%w; -D lists them", ErrNoInterface)
	case text == "Interface Not Up":
		return errors.New("the interface is not up")
	default:
		return errors.New(strings.TrimPrefix(text, "Error: "))
	}
}

func (h *pcapHandle) read() (frame, error) {
	data, info, err := h.ZeroCopyReadPacketData()
	switch {
	case err == nil:
		return frame{data: data, timestamp: info.Timestamp.UnixNano(), length: info.Length}, nil
	case errors.Is(err, pcap.NextErrorTimeoutExpired):
		return frame{}, capture.ErrTimeout
	case errors.Is(err, pcap.NextErrorReadError):
		return frame{}, h.Error()
	}
	return frame{}, err
}

func (h *pcapHandle) origin() capture.Interface { return h.iface }

// drops returns the last counters of an interface that has gone.
func (h *pcapHandle) drops() drops {
	if stats, err := h.Stats(); err == nil {
		h.lost = drops{uint64(uint32(stats.PacketsDropped)), h.own.dropped(uint64(uint32(stats.PacketsIfDropped)))}
		if h.twice {
			h.lost.dropped = (h.lost.dropped + 1) / 2
		}
	}
	return h.lost
}

// interrupt has nothing to do: read waits for pollInterval at most.
func (h *pcapHandle) interrupt() {}

func (h *pcapHandle) close() {
	h.Close()
	h.own.close()
}

// Flags of pcap_findalldevs(3PCAP).
const (
	flagLoopback = 1
	flagUp       = 2
)

// Interfaces lists what can be captured on. It needs no permission.
func Interfaces() ([]Device, error) {
	found, err := pcap.FindAllDevs()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	devices := make([]Device, 0, len(found))
	for _, f := range found {
		d := Device{
			Name: f.Name, Description: f.Description,
			Up: f.Flags&flagUp != 0, Loopback: f.Flags&flagLoopback != 0,
		}
		for _, a := range f.Addresses {
			if addr, ok := netip.AddrFromSlice(a.IP); ok {
				d.Addresses = append(d.Addresses, addr.Unmap())
			}
		}
		devices = append(devices, d)
	}
	return devices, nil
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
