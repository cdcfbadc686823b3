package trace

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"unsafe"
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
	Name       Name
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
// namespaces, in one pass over all descriptors; and makes a holder of each
// socket that has no owner its owner, so that events of sockets that existed
// before the [Tracer] have one. The holding is valid during the call only.
func (t *Tracer) Holdings(each func(*Holding)) error {
	iterator, err := t.holders.Open()
	if err != nil {
		return fmt.Errorf("open the iterator of descriptors: %w", err)
	}
	defer iterator.Close()
	var h Holding
	var r objectsHolding
	record := unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r))
	for in := bufio.NewReaderSize(iterator, readSize); ; {
		_, err := io.ReadFull(in, record)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the iterator of descriptors: %w", err)
		}
		h.decode(&r)
		each(&h)
	}
}

func (h *Holding) decode(r *objectsHolding) {
	*h = Holding{
		Cookie: r.Cookie, NetNS: r.Netns, NetNSInode: r.NetnsInode, Inode: r.Inode,
		PID: r.Pid, Parent: r.Parent, UID: r.Uid, Start: r.Start, Name: r.Comm,
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
