// Package trace follows the sockets of a Linux machine with BPF programs: which
// process made, bound or used each, told at the moment it happens, so that
// nothing is missed however short it lives. All network namespaces are seen.
//
// The programs are compiled into the binary; nothing is built or fetched when
// they are loaded, and where the running kernel keeps the fields that they read is
// told by the kernel itself (BTF). They are held by file descriptors of this
// process only: when it ends, however it ends, the kernel removes them.
package trace

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
)

//go:generate go tool bpf2go -tags linux -target bpfel,bpfeb -type event -type holding -type program -cc clang -cflags "-O2 -g -Wall -Werror" objects bpf/sockets.c

// Tracer is a set of attached programs. It is safe for concurrent use.
type Tracer struct {
	objects *ebpf.Collection
	links   []link.Link // reachable: a lost link is detached by its finalizer
	cgroup  *os.File
	seeds   *link.Iter
	holders *link.Iter

	mu     sync.Mutex // held while events are read
	events *ringbuf.Reader
	record ringbuf.Record
	closed bool
}

// Open loads and attaches the programs. It fails where the user lacks CAP_BPF,
// CAP_PERFMON, CAP_NET_ADMIN or CAP_SYS_ADMIN, or where the kernel is older than
// 5.11 or tells nothing of its types; errors.Is tells os.ErrPermission.
//
// Sockets that exist already are given to one of the processes that hold them.
func Open() (*Tracer, error) {
	// Before 5.11 maps counted as locked memory; later the call does nothing.
	if err := rlimit.RemoveMemlock(); err != nil {
		return nil, fmt.Errorf("lift the limit of locked memory: %w", err)
	}
	t := &Tracer{}
	if err := t.open(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *Tracer) open() error {
	spec, err := loadObjects()
	if err != nil {
		return fmt.Errorf("read the BPF programs: %w", err)
	}
	if err := dropMissing(spec); err != nil {
		return err
	}
	if t.objects, err = ebpf.NewCollection(spec); err != nil {
		return fmt.Errorf("load the BPF programs: %w", err)
	}
	t.events, err = ringbuf.NewReader(t.objects.Maps[objectsMapEvents])
	if err != nil {
		return fmt.Errorf("map the ring of events: %w", err)
	}
	t.events.SetDeadline(time.Unix(1, 0)) // reading never waits
	if t.cgroup, err = rootCgroup(); err != nil {
		return err
	}
	return t.attach()
}

// dropMissing removes the programs whose tracepoints the running kernel does not
// have: those of send and receive came with Linux 6.3. Without them the process
// that accepted a connection is not told from its listener's.
func dropMissing(spec *ebpf.CollectionSpec) error {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return fmt.Errorf("read the kernel's types: %w", err)
	}
	for _, name := range []string{objectsProgSent, objectsProgReceived} {
		if _, err := kernel.AnyTypeByName("btf_trace_" + spec.Programs[name].AttachTo); errors.Is(err, btf.ErrNotFound) {
			delete(spec.Programs, name)
		} else if err != nil {
			return fmt.Errorf("look for a tracepoint: %w", err)
		}
	}
	return nil
}

// attach hooks the programs in, those that see packets last: they report what
// the others have found.
func (t *Tracer) attach() error {
	for _, name := range []string{objectsProgExecuted, objectsProgForked, objectsProgState, objectsProgSent, objectsProgReceived} {
		program := t.objects.Programs[name]
		if program == nil {
			continue // see dropMissing
		}
		l, err := link.AttachTracing(link.TracingOptions{Program: program})
		if err != nil {
			return fmt.Errorf("attach %s: %w", name, err)
		}
		t.links = append(t.links, l)
	}
	for _, hook := range []struct {
		at   ebpf.AttachType
		name string
	}{
		{ebpf.AttachCGroupInetSockCreate, objectsProgMade},
		{ebpf.AttachCGroupInet4PostBind, objectsProgBound4},
		{ebpf.AttachCGroupInet6PostBind, objectsProgBound6},
		{ebpf.AttachCgroupInetSockRelease, objectsProgReleased},
		{ebpf.AttachCGroupInet4Connect, objectsProgConnect4},
		{ebpf.AttachCGroupInet6Connect, objectsProgConnect6},
		{ebpf.AttachCGroupUDP4Sendmsg, objectsProgSendmsg4},
		{ebpf.AttachCGroupUDP6Sendmsg, objectsProgSendmsg6},
		{ebpf.AttachCGroupUDP4Recvmsg, objectsProgRecvmsg4},
		{ebpf.AttachCGroupUDP6Recvmsg, objectsProgRecvmsg6},
		{ebpf.AttachCGroupInetEgress, objectsProgEgress},
	} {
		// A bpf_link only: what is attached in the older way outlives the process.
		l, err := link.AttachRawLink(link.RawLinkOptions{
			Target: int(t.cgroup.Fd()), Program: t.objects.Programs[hook.name], Attach: hook.at,
		})
		if err != nil {
			return fmt.Errorf("attach %s: %w", hook.name, err)
		}
		t.links = append(t.links, l)
	}
	for _, iterator := range []struct {
		name string
		link **link.Iter
	}{{objectsProgSeed, &t.seeds}, {objectsProgHolders, &t.holders}} {
		l, err := link.AttachIter(link.IterOptions{Program: t.objects.Programs[iterator.name]})
		if err != nil {
			return fmt.Errorf("attach the iterator %s: %w", iterator.name, err)
		}
		*iterator.link = l
	}
	return t.seed()
}

// Close detaches everything. What was read stays valid.
func (t *Tracer) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	var errs []error
	for _, l := range t.links {
		errs = append(errs, l.Close())
	}
	for _, iterator := range []*link.Iter{t.seeds, t.holders} {
		if iterator != nil {
			errs = append(errs, iterator.Close())
		}
	}
	if t.events != nil {
		errs = append(errs, t.events.Close())
	}
	if t.cgroup != nil {
		errs = append(errs, t.cgroup.Close())
	}
	if t.objects != nil {
		t.objects.Close()
	}
	return errors.Join(errs...)
}
