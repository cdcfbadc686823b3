// Package sockdiag asks the Linux kernel for its sockets (sock_diag(7)): all of
// a kind, or the one with given ends. It knows inodes and users, not processes.
package sockdiag

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Socket is one socket as the kernel describes it.
type Socket struct {
	Local, Remote netip.AddrPort // IPv4-mapped addresses are kept: they show the socket's family
	State         uint8          // of include/net/tcp_states.h; see the constants
	// Inode is that of the descriptors that hold the socket; 0: nobody holds it.
	Inode  uint32
	UID    uint32
	Cookie uint64 // tells sockets apart for as long as the machine runs (SO_COOKIE)
	// Device is the index of the interface that the socket is bound to; 0: any.
	Device uint32
}

// The states that others need by name.
const (
	Established = 1
	TimeWait    = 6
	Close       = 7
	Listen      = 10
)

// AllStates asks for sockets of every state.
const AllStates = 1<<13 - 1

// Conn asks one network namespace. It is not safe for concurrent use.
type Conn struct {
	link *netlink.Conn
}

// bufferSize is how much the kernel sends at once, at most.
const bufferSize = 1 << 15

// Open connects to the network namespace that the descriptor netns stands for; 0
// is the caller's own. Another one needs CAP_SYS_ADMIN; errors.Is tells
// os.ErrPermission.
func Open(netns int) (*Conn, error) {
	link, err := netlink.Dial(unix.NETLINK_INET_DIAG, &netlink.Config{NetNS: netns, MessageBufferSize: bufferSize})
	if err != nil {
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	return &Conn{link}, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.link.Close() }

// request is inet_diag_req_v2 (include/uapi/linux/inet_diag.h): family, protocol,
// extensions, states, and the id of a socket: ports and addresses in network byte
// order, interface, cookie.
const requestSize = 56

func request(family, proto uint8, states uint32) []byte {
	b := make([]byte, requestSize)
	b[0], b[1] = family, proto
	binary.NativeEndian.PutUint32(b[4:], states)
	return b
}

// Dump calls each for the sockets of a family (AF_INET, AF_INET6) and an IP
// protocol whose state is in the set states.
func (c *Conn) Dump(family, proto uint8, states uint32, each func(Socket)) error {
	_, err := c.link.Send(netlink.Message{
		Header: netlink.Header{Type: unix.SOCK_DIAG_BY_FAMILY, Flags: netlink.Request | netlink.Dump},
		Data:   request(family, proto, states),
	})
	if err != nil {
		return fmt.Errorf("ask for sockets: %w", err)
	}
	messages, err := c.link.Receive()
	if err != nil {
		return fmt.Errorf("read sockets: %w", err)
	}
	for _, m := range messages {
		if s, ok := parse(m.Data); ok {
			each(s)
		}
	}
	return nil
}

// anyCookie is INET_DIAG_NOCOOKIE: the socket is asked for by its ends alone.
const anyCookie = 1<<64 - 1

// Find asks for the socket that the kernel would give a packet from remote to
// local: the connected one, or a listener. os.ErrNotExist: there is none.
func (c *Conn) Find(proto uint8, local, remote netip.AddrPort) (Socket, error) {
	family := uint8(unix.AF_INET6)
	if local.Addr().Is4() {
		family = unix.AF_INET
		if !remote.IsValid() {
			remote = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
		}
	}
	b := request(family, proto, AllStates)
	source, target := local, remote
	if proto != unix.IPPROTO_TCP {
		source, target = remote, local // as on a packet that comes in
	}
	binary.BigEndian.PutUint16(b[8:], source.Port())
	binary.BigEndian.PutUint16(b[10:], target.Port())
	copy(b[12:28], source.Addr().AsSlice())
	copy(b[28:44], target.Addr().AsSlice())
	binary.NativeEndian.PutUint64(b[48:], anyCookie) // after the interface at 44
	messages, err := c.link.Execute(netlink.Message{
		Header: netlink.Header{Type: unix.SOCK_DIAG_BY_FAMILY, Flags: netlink.Request},
		Data:   b,
	})
	if err != nil {
		return Socket{}, fmt.Errorf("ask for a socket: %w", err)
	}
	for _, m := range messages {
		if s, ok := parse(m.Data); ok {
			return s, nil
		}
	}
	return Socket{}, fmt.Errorf("ask for a socket: %w", os.ErrNotExist)
}

// messageSize is that of inet_diag_msg: family, state, timer, retransmissions, the
// id as in a request, expiry, queues, user, inode.
const messageSize = 72

// parse reads an inet_diag_msg. Other messages are not sockets.
func parse(b []byte) (Socket, bool) {
	if len(b) < messageSize {
		return Socket{}, false
	}
	s := Socket{
		State:  b[1],
		Device: binary.NativeEndian.Uint32(b[40:]),
		Cookie: binary.NativeEndian.Uint64(b[44:]),
		UID:    binary.NativeEndian.Uint32(b[64:]),
		Inode:  binary.NativeEndian.Uint32(b[68:]),
	}
	source, target := binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	switch b[0] {
	case unix.AF_INET:
		s.Local = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[8:12])), source)
		s.Remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[24:28])), target)
	case unix.AF_INET6:
		s.Local = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])), source)
		s.Remote = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[24:40])), target)
	default:
		return Socket{}, false
	}
	return s, true
}

// IsGone reports whether err says that there is no such socket.
func IsGone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOENT)
}

// soNetNSCookie is SO_NETNS_COOKIE of include/uapi/asm-generic/socket.h.
const soNetNSCookie = 71

// NetNS is the cookie of the network namespace that the connection asks, by which
// BPF programs name it (SO_NETNS_COOKIE). Before Linux 5.14 errors.Is tells
// unix.ENOPROTOOPT.
func (c *Conn) NetNS() (uint64, error) {
	raw, err := c.link.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("ask for the namespace: %w", err)
	}
	var cookie uint64
	var asked error
	err = raw.Control(func(fd uintptr) { cookie, asked = unix.GetsockoptUint64(int(fd), unix.SOL_SOCKET, soNetNSCookie) })
	if err := errors.Join(err, os.NewSyscallError("getsockopt", asked)); err != nil {
		return 0, fmt.Errorf("ask for the namespace: %w", err)
	}
	return cookie, nil
}
