package owner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/correlate/owner/procfs"
	"github.com/sniffid/sniffid/correlate/owner/sockdiag"
)

// namespaces are the network namespaces of this machine, as far as this user may
// enter them. It is not safe for concurrent use.
type namespaces struct {
	fs    *procfs.FS
	own   uint64 // inode of this process's own
	known map[uint64]*namespace
	// hidden says that there are some that can't be entered.
	hidden bool
}

// namespace is one that can be asked.
type namespace struct {
	inode  uint64 // or here
	file   *os.File
	diag   *sockdiag.Conn
	cookie uint64 // as BPF programs name it; 0 where the kernel does not tell
}

func newNamespaces(fs *procfs.FS) (*namespaces, error) {
	own, err := inode("/proc/thread-self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("find the network namespace: %w", err)
	}
	n := &namespaces{fs: fs, own: own, known: map[uint64]*namespace{}}
	if n.known[own], err = enter(here, nil); err != nil {
		return nil, err
	}
	return n, nil
}

func inode(path string) (uint64, error) {
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		return 0, os.NewSyscallError("stat", err)
	}
	return s.Ino, nil
}

// enter connects to the namespace that file stands for; nil is the own one.
func enter(inode uint64, file *os.File) (*namespace, error) {
	n := &namespace{inode: inode, file: file}
	var err error
	if n.diag, err = sockdiag.Open(n.descriptor()); err != nil {
		return nil, err
	}
	n.cookie, err = n.diag.NetNS()
	if err != nil && !errors.Is(err, unix.ENOPROTOOPT) { // told since Linux 5.14
		return nil, errors.Join(err, n.diag.Close())
	}
	return n, nil
}

// descriptor is 0 for the own namespace, as netlink wants it.
func (n *namespace) descriptor() int {
	if n.file == nil {
		return 0
	}
	return int(n.file.Fd())
}

func (n *namespace) close() error {
	err := n.diag.Close()
	if n.file != nil {
		err = errors.Join(err, n.file.Close())
	}
	return err
}

// refresh finds the namespaces that have come and gone.
func (n *namespaces) refresh(ctx context.Context) error {
	all, err := n.fs.NetNamespaces(ctx)
	if err != nil {
		return err
	}
	n.hidden = false
	seen := map[uint64]bool{n.own: true}
	for _, found := range all {
		if seen[found.Inode] {
			continue
		}
		seen[found.Inode] = true
		if n.known[found.Inode] != nil {
			continue
		}
		file, err := os.Open(found.Path)
		if errors.Is(err, os.ErrNotExist) {
			continue // its last process has ended
		}
		if err != nil {
			n.hidden = true
			continue
		}
		entered, err := enter(found.Inode, file)
		if err != nil {
			n.hidden = true
			file.Close()
			continue
		}
		n.known[found.Inode] = entered
	}
	for inode, one := range n.known {
		if !seen[inode] {
			one.close()
			delete(n.known, inode)
		}
	}
	return nil
}

// addresses lists the addresses of all namespaces.
func (n *namespaces) addresses() (addresses, error) {
	a := addresses{of: map[netip.Addr][]uint64{}, routes: forwards()}
	if err := n.known[n.own].addresses(&a); err != nil {
		return addresses{}, err
	}
	for inode, one := range n.known {
		if inode == n.own {
			continue
		}
		// One that has just ended is no error.
		_ = one.addresses(&a)
	}
	return a, nil
}

func (n *namespace) addresses(a *addresses) error {
	link, err := rtnetlink.Dial(&netlink.Config{NetNS: n.descriptor()})
	if err != nil {
		return fmt.Errorf("ask for addresses: %w", err)
	}
	defer link.Close()
	all, err := link.Address.List()
	if err != nil {
		return fmt.Errorf("list addresses: %w", err)
	}
	for _, one := range all {
		if one.Attributes == nil {
			continue
		}
		// On a point-to-point link IFA_ADDRESS is the peer's.
		local := one.Attributes.Local
		if local == nil {
			local = one.Attributes.Address
		}
		if addr, ok := netip.AddrFromSlice(local); ok && !addr.IsLoopback() {
			a.add(addr, n.inode)
		}
	}
	return nil
}

// forwards reports whether this machine routes IPv4 or IPv6.
func forwards() bool {
	for _, path := range []string{"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"} {
		text, err := os.ReadFile(path)
		if n, e := strconv.Atoi(string(trimNewline(text))); err == nil && e == nil && n > 0 {
			return true
		}
	}
	return false
}

func trimNewline(b []byte) []byte {
	if len(b) > 0 && b[len(b)-1] == '\n' {
		return b[:len(b)-1]
	}
	return b
}

// named is how rows name a namespace that they know the inode of.
func (n *namespaces) named(inode uint64) uint64 {
	if inode == n.own {
		return here
	}
	return inode
}

func (n *namespaces) close() error {
	var errs []error
	for _, one := range n.known {
		errs = append(errs, one.close())
	}
	return errors.Join(errs...)
}
