// Package live captures packets from network interfaces: through libpcap on
// Unix (cgo), through Npcap or WinPcap on Windows, where the library is looked
// for only when it is needed. A build with neither returns [ErrNoLibrary].
//
// Several interfaces, or all of them ("any"), become one [capture.Source]. Each
// has a handle and a goroutine of its own, so that every packet tells its
// interface and keeps its interface's link type.
package live

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/sniffid/sniffid/capture"
)

// Any, as an interface name, stands for every interface that is up, those
// included that come up later.
const Any = "any"

// The errors that callers tell apart.
var (
	// ErrNoLibrary says that there is no capture library; it wraps
	// [errors.ErrUnsupported]. Reading files works all the same.
	ErrNoLibrary = fmt.Errorf("no capture library: %w", errors.ErrUnsupported)
	// ErrNoInterface says that an interface does not exist.
	ErrNoInterface = errors.New("no such interface")
	// ErrFilter says that a filter expression is not valid.
	ErrFilter = errors.New("invalid filter expression")
)

// Defaults of [Config].
const (
	DefaultSnapLength = 65535
	DefaultBufferSize = 64 << 20
	DefaultTimeout    = 100 * time.Millisecond

	anyBufferSize = DefaultBufferSize / 4
)

// Config says what to capture. Only Interfaces has to be set.
type Config struct {
	// Interfaces are names as [Interfaces] gives them, or [Any] alone. With
	// [Any], a packet that passes several interfaces (a bridge and its port) is
	// captured on each.
	Interfaces []string
	// Filter is an expression in pcap-filter(7) syntax; "" takes everything.
	Filter string
	// SnapLength is how many bytes of a packet are kept; 0 = DefaultSnapLength.
	SnapLength int
	// NoPromiscuous leaves out packets that are not for this host.
	NoPromiscuous bool
	// BufferSize is the kernel's buffer per interface in bytes; 0 =
	// DefaultBufferSize, or a quarter of that per interface with [Any].
	BufferSize int
	// Batch is how long the kernel may hold packets back to hand them over
	// together; 0 = each at once, which finds the owners of sockets that are
	// soon closed. On Linux a packet that is handed over at once takes room for
	// SnapLength bytes in the buffer whatever its size; with Batch it takes its
	// own size, so that the same buffer rides out far longer bursts. There, with
	// Batch, packets that come fast are held back for another 20 ms.
	Batch time.Duration
	// Timeout is how long Next waits before it returns [capture.ErrTimeout];
	// 0 = DefaultTimeout.
	Timeout time.Duration
	// Idle is called before Next waits for packets, by the caller of Next; nil: nothing.
	Idle func()
	// Logger is told of interfaces that come and go; nil discards.
	Logger *slog.Logger
}

// Source is a running capture. It is not safe for concurrent use, except for Stop, Close
// and Stats.
type Source interface {
	capture.Source
	// Lost returns the drop counters of the i-th of Interfaces, as Stats does of all.
	Lost(i int) capture.Stats
	// Backlog says how many packets wait for Next, as a share of those that there is
	// room for: when that is full, the kernel's buffers fill, and then packets are lost.
	// It is for the caller of Next.
	Backlog() float64
	// Stop ends the capture: packets that have come until now are still handed out,
	// as long as that takes no more than seconds, then Next returns [io.EOF]. Close is
	// needed all the same. Stop does not wait.
	Stop()
}

// Device is an interface that can be captured on.
type Device struct {
	Name        string
	Description string
	Addresses   []netip.Addr
	Up          bool
	Loopback    bool
}

// Open starts capturing. An error of permission wraps [fs.ErrPermission] and
// says what grants it; see also [ErrNoLibrary], [ErrNoInterface], [ErrFilter].
//
// An interface that vanishes ends only its own part, with a warning; the source
// ends when its last interface has gone, unless it captures on [Any].
// Dropped in its statistics counts what the kernel had no room for; on Linux'
// loopback interface, which shows the kernel each packet twice, half of that.
//
// A process may give up the right to capture, and to open files and sockets, when Open
// has returned: what is captured on stays so. With [Any], that interfaces have come up
// which can't be captured on any more is logged once.
func Open(config Config) (Source, error) {
	c, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	s := newSource(c, func(name string) (handle, error) { return openHandle(name, &c) }, upInterfaces)
	if c.Interfaces[0] == Any {
		err = s.startAny(newWatch(c.Logger))
	} else {
		err = s.start(c.Interfaces)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// withDefaults fills in what is left out.
func (c Config) withDefaults() (Config, error) {
	switch {
	case len(c.Interfaces) == 0:
		return c, errors.New("capture: no interface given")
	case len(c.Interfaces) > 1 && slices.Contains(c.Interfaces, Any):
		return c, fmt.Errorf("capture: %q covers the other interfaces; give it alone", Any)
	case c.SnapLength < 0 || c.BufferSize < 0 || c.Batch < 0 || c.Timeout < 0:
		return c, errors.New("capture: snap length, buffer size, batch and timeout cannot be negative")
	}
	names := slices.Clone(c.Interfaces)
	slices.Sort(names)
	if len(slices.Compact(names)) < len(c.Interfaces) {
		return c, fmt.Errorf("capture: an interface is given twice: %q", c.Interfaces)
	}
	if c.SnapLength == 0 {
		c.SnapLength = DefaultSnapLength
	}
	if c.BufferSize == 0 {
		c.BufferSize = DefaultBufferSize
		if c.Interfaces[0] == Any {
			c.BufferSize = anyBufferSize
		}
	}
	if c.Batch > 0 {
		c.Batch = min(max(c.Batch, time.Millisecond), maxBatchTime)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// handle captures on one interface. Its methods are called by one goroutine,
// except interrupt.
type handle interface {
	// read waits for packets, for pollInterval at most: then it returns
	// capture.ErrTimeout. It adds them to a batch, which is empty.
	read(b *batch) error
	origin() capture.Interface
	// drops counts packets lost since the handle was opened.
	drops() drops
	// interrupt makes a pending and all further reads return soon. It may be
	// called by any goroutine, and after close.
	interrupt()
	close()
}

// drops are the loss counters of a handle, in packets.
type drops struct {
	dropped   uint64 // no room in the kernel's buffer
	ifDropped uint64 // by the interface or its driver
}

func (d *drops) add(more *drops) {
	d.dropped += more.dropped
	d.ifDropped += more.ifDropped
}

// maxBatchTime is the longest Batch: a handle has to notice when to stop.
const maxBatchTime = 100 * time.Millisecond
