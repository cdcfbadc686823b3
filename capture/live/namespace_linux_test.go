//go:build cgo

package live

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/capture"
)

// namespaceVariable tells the test's second process that it is in a network
// namespace of its own.
const namespaceVariable = "SNIFFID_TEST_NAMESPACE"

// TestNamespace captures on real interfaces. It runs itself again in a new
// network namespace, so that no other traffic is seen and none leaves; where
// the machine permits user namespaces this needs no root.
func TestNamespace(t *testing.T) {
	if os.Getenv(namespaceVariable) == "" {
		enterNamespace(t)
		return
	}
	// No neighbour discovery among the packets; without IPv6 there is no file.
	_ = os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
	ip(t, "link", "set", "lo", "up")
	t.Run("one interface", testOneInterface)
	t.Run("filter", testLiveFilter)
	t.Run("batch", testBatch)
	t.Run("no waiter", testNoWaiter)
	t.Run("two interfaces", testTwoInterfaces)
	t.Run("any", testAny)
	t.Run("vanishing", testVanishing)
	t.Run("news lost", testNewsLost)
	t.Run("close while idle", testCloseIdle)
	t.Run("refused", testRefused)
	t.Run("no permission", testNoPermission)
	t.Run("devices", testDevices)
}

func enterNamespace(t *testing.T) {
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs iproute2's ip to make interfaces:", err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNamespace$", "-test.v", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), namespaceVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Skip("needs root or user namespaces to make a network namespace:", err)
	}
	err := cmd.Wait()
	t.Log("in a network namespace:\n" + out.String())
	if err != nil {
		t.Error(err)
	}
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// cable makes a pair of connected interfaces, up.
func cable(t *testing.T, a, b string) {
	t.Helper()
	ip(t, "link", "add", a, "type", "veth", "peer", "name", b)
	ip(t, "link", "set", a, "up")
	ip(t, "link", "set", b, "up")
	t.Cleanup(func() { exec.Command("ip", "link", "del", a).Run() })
}

// send puts a UDP datagram for the port onto the interface's wire.
func send(t *testing.T, name string, port uint16, payload string) {
	t.Helper()
	i, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	frame := datagram(port, payload)
	to := &unix.SockaddrLinklayer{Protocol: 0x0008, Ifindex: i.Index, Halen: 6}
	if err := unix.Sendto(fd, frame, 0, to); err != nil {
		t.Fatalf("send on %s: %v", name, err)
	}
}

const payloadAt = 14 + 20 + 8

func open(t *testing.T, c Config) capture.Source {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// expect reads the next packet and compares "interface:payload".
func expect(t *testing.T, s capture.Source, want string) capture.Packet {
	t.Helper()
	var p capture.Packet
	if err := s.Next(&p); err != nil {
		t.Fatalf("Next: %v, want %s", err, want)
	}
	got := s.Interfaces()[p.Interface].Name + ":" + string(p.Data[min(payloadAt, len(p.Data)):])
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	return p
}

func testOneInterface(t *testing.T) {
	cable(t, "a0", "a1")
	s := open(t, Config{Interfaces: []string{"a1"}, SnapLength: 50})
	before := time.Now()
	send(t, "a0", 5000, "one")
	p := expect(t, s, "a1:one")
	if p.Number != 1 || p.LinkType != capture.LinkEthernet || p.Length != payloadAt+3 {
		t.Errorf("packet %+v", p)
	}
	if d := p.Time().Sub(before); d < -time.Second || d > 5*time.Second {
		t.Errorf("packet is %v after it was sent", d)
	}
	send(t, "a0", 5000, "longer than the snap length")
	p = expect(t, s, "a1:longer t")
	if p.Length != payloadAt+27 || len(p.Data) != 50 {
		t.Errorf("packet has %d of %d bytes", len(p.Data), p.Length)
	}
	if got := s.Stats(); got.Received != 2 || got.Truncated != 1 || got.Dropped != 0 {
		t.Errorf("statistics %+v", got)
	}
	if i := s.Interfaces()[0]; i.SnapLength != 50 || i.LinkType != capture.LinkEthernet {
		t.Errorf("interface %+v", i)
	}
}

func testLiveFilter(t *testing.T) {
	cable(t, "a0", "a1")
	s := open(t, Config{Interfaces: []string{"a1"}, Filter: "udp port 53"})
	for _, port := range []uint16{52, 53, 54, 53} {
		send(t, "a0", port, "x")
	}
	expect(t, s, "a1:x")
	expect(t, s, "a1:x")
	if n := s.Stats().Received; n != 2 {
		t.Errorf("%d packets passed the filter", n)
	}
	if _, err := Open(Config{Interfaces: []string{"a1"}, Filter: "udp prot 53"}); !errors.Is(err, ErrFilter) {
		t.Errorf("bad filter: %v", err)
	}
}

func testBatch(t *testing.T) {
	cable(t, "a0", "a1")
	s := open(t, Config{Interfaces: []string{"a1"}, Batch: 10 * time.Millisecond})
	for range 2 {
		send(t, "a0", 5000, "x")
		expect(t, s, "a1:x")
	}
}

func testTwoInterfaces(t *testing.T) {
	cable(t, "a0", "a1")
	cable(t, "b0", "b1")
	cable(t, "c0", "c1")
	s := open(t, Config{Interfaces: []string{"a1", "b1"}})
	send(t, "c0", 5000, "not asked for")
	send(t, "b0", 5000, "two")
	expect(t, s, "b1:two")
	send(t, "a0", 5000, "one")
	expect(t, s, "a1:one")
}

func testAny(t *testing.T) {
	var log syncBuilder
	s := open(t, Config{Interfaces: []string{Any}, Filter: "udp", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.WriteTo([]byte("loop"), c.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	expect(t, s, "lo:loop")

	// Interfaces that appear while capturing.
	cable(t, "a0", "a1")
	for _, name := range []string{"a0", "a1"} {
		waitFor(t, func() bool { return captured(s, name) })
	}
	send(t, "a0", 5000, "late")
	got := map[string]bool{}
	for range 2 {
		var p capture.Packet
		if err := s.Next(&p); err != nil {
			t.Fatal(err)
		}
		got[s.Interfaces()[p.Interface].Name+":"+string(p.Data[payloadAt:])] = true
	}
	if !got["a0:late"] || !got["a1:late"] {
		t.Errorf("both ends of the cable see the packet: %v", got)
	}

	// They vanish, and the source goes on.
	ip(t, "link", "del", "a0")
	waitFor(t, func() bool { return strings.Count(log.String(), "capture ended") == 2 })
	if _, err := c.WriteTo([]byte("still"), c.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	expect(t, s, "lo:still")

	// One of the same name comes back under its old number.
	before := len(s.Interfaces())
	cable(t, "a0", "a1")
	waitFor(t, func() bool { return reading(s, "a1") && reading(s, "a0") })
	send(t, "a0", 5000, "back")
	var p capture.Packet
	if err := s.Next(&p); err != nil || string(p.Data[payloadAt:]) != "back" {
		t.Errorf("%q, %v", p.Data, err)
	}
	if n := len(s.Interfaces()); n != before {
		t.Errorf("%d interfaces, %d before", n, before)
	}
}

func captured(s capture.Source, name string) bool {
	for _, i := range s.Interfaces() {
		if i.Name == name {
			return true
		}
	}
	return false
}

func reading(s capture.Source, name string) bool {
	src := s.(*source)
	src.mu.Lock()
	defer src.mu.Unlock()
	return src.readers[name] != nil
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

func testVanishing(t *testing.T) {
	cable(t, "a0", "a1")
	cable(t, "b0", "b1")
	s := open(t, Config{Interfaces: []string{"a1", "b1"}})
	ip(t, "link", "del", "a0")
	waitFor(t, func() bool { return !reading(s, "a1") })
	send(t, "b0", 5000, "on")
	expect(t, s, "b1:on")
	ip(t, "link", "del", "b0")
	if err := s.Next(new(capture.Packet)); err != io.EOF {
		t.Errorf("without interfaces: %v", err)
	}
}

func testCloseIdle(t *testing.T) {
	cable(t, "a0", "a1")
	s := open(t, Config{Interfaces: []string{"a1"}, Timeout: time.Minute})
	ended := make(chan error)
	go func() { ended <- s.Next(new(capture.Packet)) }()
	time.Sleep(50 * time.Millisecond)
	begin := time.Now()
	s.Close()
	if err := <-ended; err != io.EOF {
		t.Errorf("Next returned %v", err)
	}
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("Close took %v", d)
	}
}

func testRefused(t *testing.T) {
	if _, err := Open(Config{Interfaces: []string{"nosuch0"}}); !errors.Is(err, ErrNoInterface) || !strings.Contains(err.Error(), "capture on nosuch0: ") {
		t.Errorf("missing interface: %v", err)
	}
}

// testNoPermission gives up the right to capture on one thread, which ends with
// its goroutine.
func testNoPermission(t *testing.T) {
	errs := make(chan error)
	go func() {
		runtime.LockOSThread()
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		if err := unix.Capset(&header, &data[0]); err != nil {
			errs <- err
			return
		}
		_, err := Open(Config{Interfaces: []string{"lo"}})
		errs <- err
	}()
	if err := <-errs; !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "setcap cap_net_raw+ep "+os.Args[0]) {
		t.Errorf("got %v", err)
	}
}

func testDevices(t *testing.T) {
	cable(t, "a0", "a1")
	ip(t, "addr", "add", "192.0.2.7/24", "dev", "a0")
	ip(t, "link", "set", "a1", "down")
	devices, err := Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Device{}
	for _, d := range devices {
		found[d.Name] = d
	}
	if d := found["lo"]; !d.Up || !d.Loopback || len(d.Addresses) == 0 {
		t.Errorf("lo: %+v", d)
	}
	if d := found["a0"]; !d.Up || d.Loopback || len(d.Addresses) != 1 || d.Addresses[0].String() != "192.0.2.7" {
		t.Errorf("a0: %+v", d)
	}
	if d, ok := found["a1"]; !ok || d.Up {
		t.Errorf("a1: %+v", d)
	}
	if name, err := DefaultInterface(); name != "a0" {
		t.Errorf("without a default route: %q, %v", name, err)
	}
	cable(t, "b0", "b1")
	ip(t, "addr", "add", "198.51.100.7/24", "dev", "b0")
	ip(t, "route", "add", "default", "via", "198.51.100.1")
	if name, err := DefaultInterface(); name != "b0" {
		t.Errorf("with a default route: %q, %v", name, err)
	}
}

// News of interfaces that found no room are a signal all the same, and those after them.
func testNewsLost(t *testing.T) {
	f, err := linkSocket()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 1) }); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		cable(t, "many", "more")
		ip(t, "link", "del", "many")
	}
	if _, err := f.Read(make([]byte, 1)); !errors.Is(err, unix.ENOBUFS) {
		t.Errorf("%v, want %v", err, unix.ENOBUFS)
	}
	cable(t, "many", "more")
	ip(t, "link", "del", "many")
	stop, changes, over := make(chan struct{}), make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(over)
		watchInterfaces(f, stop, func() { changes <- struct{}{} }, slog.New(slog.DiscardHandler))
	}()
	for _, when := range []string{"before", "after"} {
		select {
		case <-changes:
		case <-time.After(5 * time.Second):
			t.Fatalf("no news of what changed %s", when)
		}
		time.Sleep(100 * time.Millisecond)
		for len(changes) > 0 {
			<-changes
		}
		cable(t, when, when+"2")
	}
	close(stop)
	<-over
}
