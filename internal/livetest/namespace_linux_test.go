package livetest

import (
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Addresses on the cable, of RFC 5737's first block for documentation.
var (
	clientAddr = netip.MustParseAddr("192.0.2.10")
	serverAddr = netip.MustParseAddr("192.0.2.20")
)

// device is the name of either end of the cable.
const device = "live0"

// namespace is a network namespace without a name: a thread of this process
// holds it, and it goes with the thread.
type namespace struct {
	tid  int
	jobs chan func()
}

// newNamespace makes a namespace that lasts until the test ends.
func newNamespace(t *testing.T) *namespace {
	t.Helper()
	n := &namespace{jobs: make(chan func())}
	made := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine.
		runtime.LockOSThread()
		n.tid = unix.Gettid()
		err := unix.Unshare(unix.CLONE_NEWNET)
		made <- err
		if err != nil {
			return
		}
		for job := range n.jobs {
			job()
		}
	}()
	if err := <-made; err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	t.Cleanup(func() { close(n.jobs) })
	return n
}

// do runs f in the namespace. Processes that f starts are in the namespace for
// good, and are killed with it when they ask for a signal at their parent's
// death: the parent is the thread.
func (n *namespace) do(f func()) {
	done := make(chan struct{})
	n.jobs <- func() {
		defer close(done)
		f()
	}
	<-done
}

// proc is the path of a file below /proc/net of the namespace.
func (n *namespace) proc(name string) string {
	return fmt.Sprintf("/proc/self/task/%d/net/%s", n.tid, name)
}

// run runs a command in the namespace to its end.
func (n *namespace) run(ctx context.Context, t *testing.T, words ...string) {
	t.Helper()
	var out []byte
	var err error
	n.do(func() { out, err = exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput() })
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(words, " "), err, out)
	}
}

// cable joins two new namespaces. Neither end speaks IPv6 or leaves checksums
// and segmentation to hardware, so that the wire carries the exchange alone, as
// it would between two machines.
func cable(ctx context.Context, t *testing.T) (client, server *namespace) {
	t.Helper()
	client, server = newNamespace(t), newNamespace(t)
	for _, n := range []*namespace{client, server} {
		n.run(ctx, t, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
	}
	client.run(ctx, t, "ip", "link", "add", "name", device, "type", "veth",
		"peer", "name", device, "netns", fmt.Sprint(server.tid))
	for n, addr := range map[*namespace]netip.Addr{client: clientAddr, server: serverAddr} {
		n.run(ctx, t, "ethtool", "-K", device, "rx", "off", "tx", "off", "tso", "off", "gso", "off", "gro", "off")
		n.run(ctx, t, "ip", "address", "add", addr.String()+"/24", "brd", "+", "dev", device)
		n.run(ctx, t, "ip", "link", "set", "lo", "up")
		n.run(ctx, t, "ip", "link", "set", device, "up")
		n.run(ctx, t, "ip", "route", "add", "224.0.0.0/4", "dev", device)
	}
	return client, server
}
