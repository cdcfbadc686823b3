package cli

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Whatever sniffid does, no packet leaves the machine: not to look up a name, not to
// look for another version. Here it has a network whose every packet is seen.
func TestSilent(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to make a network namespace")
	}
	const script = `sysctl -qw net.ipv6.conf.default.disable_ipv6=1; ip link set lo up
ip link add out type veth peer name far; ip link set far up; ip link set out arp off up; ip addr add 192.0.2.1/24 dev out; ip route add default dev out; echo ready; exec sleep 1000`
	cmd := exec.Command("sh", "-euc", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	holder := start(t, cmd)
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(holder.out.String(), "ready"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no network:", holder.err.String())
		}
	}
	var tap int
	within(t, holder.Process.Pid, func() (err error) {
		tap, err = tapped("out")
		return err
	})
	defer unix.Close(tap)

	pcap := filepath.Join("..", "..", "testdata", "pcaps", "phantom", "netstat-2888.pcap")
	for _, args := range [][]string{
		{"-r", pcap},
		{"-r", pcap, "--format", "html"},
		{"-r", pcap, "--format", "json", "--no-sandbox"},
		{"explain", pcap},
		{"ports"},
		{"doctor"},
		{"version"},
		{"-D"},
		{"signatures", "list"},
		{"-i", "any", "--duration", "1s"},
		{"-i", "lo", "--duration", "1s", "-w", filepath.Join(t.TempDir(), "out")},
	} {
		cmd := exec.Command("nsenter", append([]string{"--net=" + fmt.Sprintf("/proc/%d/ns/net", holder.Process.Pid), built(t)}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil && !strings.Contains(err.Error(), "exit status 1") {
			t.Errorf("%v: %v: %s", args, err, out)
		}
		if n := frames(tap); n > 0 {
			t.Errorf("%v: %d packets left the machine", args, n)
		}
	}

	within(t, holder.Process.Pid, func() error { // one would have been seen
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, []byte("?"), 0, &unix.SockaddrInet4{Port: 53, Addr: [4]byte{198, 51, 100, 1}})
	})
	if n := frames(tap); n != 1 {
		t.Errorf("%d packets are seen of one that was sent", n)
	}
}

// tapped is a socket that gets what passes an interface.
func tapped(name string) (int, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	const all = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8 // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, all)
	if err != nil {
		return 0, err
	}
	return fd, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: i.Index})
}

// frames counts what has come since the last time.
func frames(tap int) (n int) {
	for {
		if _, err := unix.Read(tap, make([]byte, 2048)); err != nil {
			return n
		}
		n++
	}
}
