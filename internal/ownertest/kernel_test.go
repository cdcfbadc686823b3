//go:build linux

package ownertest

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// No process holds the kernel's own sockets: the reason is said. VXLAN stands for
// WireGuard, NFS and others, whose modules not every kernel has.
func TestKernelListener(t *testing.T) {
	asked(t)
	const port = 4789
	if out, err := exec.Command("ip", "link", "add", "vxlan9", "type", "vxlan", "id", "9", "dstport", "4789", "dev", "lo").CombinedOutput(); err != nil {
		t.Skipf("this kernel has no VXLAN: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "link", "delete", "vxlan9").Run() })
	if out, err := exec.Command("ip", "link", "set", "vxlan9", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rows := table(t)
	at := slices.IndexFunc(rows, func(f flow) bool { return f.Transport == "udp" && f.Local == "0.0.0.0:4789" })
	if at < 0 {
		t.Fatalf("no such row in %+v", rows)
	}
	kernels(t, "the listener", rows[at].Owner)
	w := watch(t)
	c, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte{8, 0, 0, 0, 0, 0, 9, 0}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	for _, f := range w.flows(t) {
		if f.Transport == "udp" && f.Server.Port == port {
			(&ownership{}).judge(t, "the flow's client", f.Client.Owner, []int{testPID()}, true)
			kernels(t, "the flow's server", f.Server.Owner)
			return
		}
	}
	t.Error("no such flow was seen")
}

// kernels checks that nobody but the kernel is said to hold a socket. Where some
// process hides its descriptors even from root, it might be that one's.
func kernels(t *testing.T, what string, o owner) {
	t.Helper()
	reason := "kernel"
	if _, err := os.Readlink("/proc/1/fd/0"); errors.Is(err, fs.ErrPermission) {
		reason = "no-permission"
	}
	if o.PID != 0 || o.Reason != reason {
		t.Errorf("%s is %+v, want %s", what, o, reason)
	}
}

// The process that sends echo requests is named, by a socket for that and by a raw
// one; who answers is the kernel.
func TestEcho(t *testing.T) {
	asked(t)
	// In a new namespace nobody may have such a socket (icmp(7)).
	if err := os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 0"), 0); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, kind, address, transport string }{
		{"a socket for echo requests", "ping", "127.0.0.1", "icmp"},
		{"a raw socket", "raw", "127.0.0.1", "icmp"},
		{"a socket for echo requests over IPv6", "ping", "::1", "icmpv6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := watch(t)
			a := play(t, nil, "ping", tt.kind, tt.address)
			pid := a.next(t, "held")[0]
			a.next(t, "answered")
			time.Sleep(50 * time.Millisecond)
			for _, f := range w.flows(t) {
				if f.Transport == tt.transport {
					(&ownership{}).judge(t, "the flow's client", f.Client.Owner, []int{pid}, true)
					if o := f.Server.Owner; o.PID != 0 || o.Reason != "kernel" {
						t.Errorf("the flow's server is %+v", o)
					}
					return
				}
			}
			t.Error("no such flow was seen")
		})
	}
}
