package trace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"unsafe"

	"github.com/cilium/ebpf/link"
)

// Holding is a socket and a process that has a descriptor of it. A socket that
// several processes share has several.
type Holding struct {
	Cookie uint64 // as Event.Cookie
	NetNS  uint64 // as Event.NetNS
	// NetNSInode is the inode of /proc/PID/ns/net of a process in that namespace.
	NetNSInode uint32
	Inode      uint64 // of the socket
	PID        uint32 // as Event.PID
	Parent     uint32 // process that started PID
	UID        uint32 // that PID runs as
	Start      uint64 // as Event.Start
	// Type is SOCK_STREAM, SOCK_DGRAM or SOCK_RAW.
	Type  uint16
	Proto uint16 // IP protocol; 262 is MPTCP
	// State is one of include/net/tcp_states.h, for TCP.
	State         uint8
	Local, Remote netip.AddrPort
}

// readSize is how many bytes are read from the kernel at once: what it gives at
// most.
const readSize = 1 << 16

// Holdings reads which processes hold which IPv4 and IPv6 sockets, in all network
// namespaces, in one pass over all descriptors. The holding is valid during the
// call only.
func (t *Tracer) Holdings(each func(*Holding)) error {
	return t.iterate(t.holders, func(in io.Reader) error {
		var h Holding
		var r objectsHolding
		record := unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r))
		for {
			_, err := io.ReadFull(in, record)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			h.decode(&r)
			each(&h)
		}
	})
}

// seed gives every socket that exists already one of its holders as its owner, so
// that the events of it have one.
func (t *Tracer) seed() error {
	return t.iterate(t.seeds, func(in io.Reader) error {
		_, err := io.Copy(io.Discard, in)
		return err
	})
}

// iterate runs an iterator; what it writes is read.
func (t *Tracer) iterate(l *link.Iter, read func(io.Reader) error) error {
	iterator, err := l.Open()
	if err == nil {
		err = read(bufio.NewReaderSize(iterator, readSize))
		err = errors.Join(err, iterator.Close())
	}
	if err != nil {
		return fmt.Errorf("read the iterator of descriptors: %w", err)
	}
	return nil
}

func (h *Holding) decode(r *objectsHolding) {
	*h = Holding{
		Cookie: r.Cookie, NetNS: r.Netns, NetNSInode: r.NetnsInode, Inode: r.Inode,
		PID: r.Pid, Parent: r.Parent, UID: r.Uid, Start: r.Start,
		Type: r.Type, Proto: r.Proto, State: r.State,
		Local: end(r.Family, &r.Local, r.LocalPort), Remote: end(r.Family, &r.Remote, r.RemotePort),
	}
}

// Program is what a process runs, or ran.
type Program struct {
	Path       string // as it was executed, perhaps relative; "" when it was not seen
	Start      uint64 // as Event.Start
	Cgroup     uint64 // number of the cgroup (version 2) that it began in
	Parent     uint32 // process that started it
	ParentName Name
}

// Program tells what process pid has executed since the tracer was opened; the
// memory of thousands of processes is kept after their end.
func (t *Tracer) Program(pid uint32) (Program, bool) {
	var r objectsProgram
	if err := t.objects.Maps[objectsMapPrograms].Lookup(pid, &r); err != nil {
		return Program{}, false
	}
	return Program{Path: cString(r.Path[:]), Start: r.Start, Cgroup: r.Cgroup, Parent: r.Parent, ParentName: r.ParentComm}, true
}
