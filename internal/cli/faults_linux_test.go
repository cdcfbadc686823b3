package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
)

// readable reads what is left of a file of packets: how many there are, what its end
// looks like, and what it says was dropped.
func readable(t *testing.T, name string) (packets int, lost capture.Stats, end error) {
	t.Helper()
	src, err := pcapfile.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var p capture.Packet
	for {
		if err := src.Next(&p); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return packets, src.Stats(), err
		}
		packets++
	}
}

// keepTalking has conversations until a capture has ended.
func (c *confined) keepTalking() error {
	done := c.over()
	for {
		select {
		case err := <-done:
			return err
		case <-time.After(5 * time.Millisecond):
			_ = inNamespace(c.Process.Pid, talk) // it may have ended meanwhile
		}
	}
}

// over waits for the end of a capture.
func (c *confined) over() <-chan error {
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	return done
}

// Whenever it is killed, what it has written down is there, up to the last whole block.
func TestKilledWhileWriting(t *testing.T) {
	for i := range 5 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "out.pcapng")
			c := startCapture(t, nil, "-i", "lo", "--format", "json", "-w", name)
			capturing(t, c.Process.Pid)
			within(t, c.Process.Pid, talk)
			time.Sleep(1200 * time.Millisecond) // nothing is held back for longer
			within(t, c.Process.Pid, talk)
			time.Sleep(time.Duration(i) * 40 * time.Millisecond)
			_ = c.Process.Kill()
			_ = c.Wait()
			var damage *capture.DamageError
			if n, _, err := readable(t, name); n < 8 || err != nil && !errors.As(err, &damage) {
				t.Errorf("%d packets are left, and %v", n, err)
			}
		})
	}
}

// A file that ends in good order says how many packets are missing from it.
func TestStatisticsWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out.pcapng")
	c := startCapture(t, nil, "-i", "lo", "--format", "json", "-w", name)
	capturing(t, c.Process.Pid)
	within(t, c.Process.Pid, talk)
	c.end(t)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte{5, 0, 0, 0}) { // an Interface Statistics Block
		t.Error("there are no statistics")
	}
	if n, lost, err := readable(t, name); n < 8 || err != nil || lost.Dropped != 0 {
		t.Errorf("%d packets, %v, %+v", n, err, lost)
	}
}

// When the disk is full the run ends, says so, and prints what it knows; the file is
// readable up to where there was room.
func TestDiskFull(t *testing.T) {
	name := filepath.Join(smallDisk(t), "out.pcapng")
	c := startCapture(t, nil, "-i", "lo", "--format", "json", "-w", name)
	c.entered(t, root())
	capturing(t, c.Process.Pid)
	err := c.keepTalking()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitCannot {
		t.Errorf("%v, want exit status %d", err, exitCannot)
	}
	if !strings.Contains(c.err.String(), "write packets: ") || !strings.Contains(c.err.String(), "no space left on device") {
		t.Error(c.err.String())
	}
	if out := c.out.String(); !strings.Contains(out, `"protocols":["http"]`) || !strings.Contains(out, `"type":"summary"`) {
		t.Errorf("what was known is not told: %s", out)
	}
	var damage *capture.DamageError
	if n, _, err := readable(t, name); n < 50 || err != nil && !errors.As(err, &damage) {
		t.Errorf("%d packets, %v", n, err)
	}
}

// So it is when a file is read.
func TestDiskFullOffline(t *testing.T) {
	name := filepath.Join(smallDisk(t), "out.pcapng")
	c := start(t, exec.Command(built(t), "-r", "../../testdata/pcaps/domain/member.pcap", "--format", "json", "-w", name))
	err := c.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitCannot || !strings.Contains(c.err.String(), "no space left on device") {
		t.Errorf("%v: %s", err, &c.err)
	}
	if out := c.out.String(); !strings.Contains(out, `{"type":"flow"`) || !strings.Contains(out, `"type":"summary"`) {
		t.Errorf("what was known is not told: %s", out)
	}
	var damage *capture.DamageError
	if n, _, err := readable(t, name); n < 10 || err != nil && !errors.As(err, &damage) {
		t.Errorf("%d packets, %v", n, err)
	}
}

// smallDisk is a folder with room for 16 KiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a small file system")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=16k"); err != nil {
		t.Skip("needs to mount a small file system:", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// An interface that vanishes ends the capture, with a message and all that was found out.
// One that is set down only falls silent: it may come back.
func TestInterfaceGone(t *testing.T) {
	c := startWired(t)
	c.play(t, "link", "del", "wire")
	select {
	case err := <-c.over():
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it waits for an interface that is no more")
	}
	if !strings.Contains(c.err.String(), "capture ended") || !strings.Contains(c.err.String(), "wire") {
		t.Error(c.err.String())
	}
	c.knows(t, 1)
}

func TestInterfaceDown(t *testing.T) {
	c := startWired(t)
	c.play(t, "link", "set", "wire", "down")
	c.play(t, "link", "set", "wire", "up")
	c.hear(t, 2)
	_ = c.Process.Signal(os.Interrupt)
	if err := <-c.over(); err != nil {
		t.Error(err)
	}
	c.knows(t, 2)
}

// startWired captures on an interface with a wire, on which it has heard one datagram.
func startWired(t *testing.T) *confined {
	t.Helper()
	script := `ip link add wire type veth peer name other; ip link set wire up; ip link set other up; exec "$0" "$@"`
	c := startCapture(t, []string{"sh", "-euc", script, built(t)}, "-i", "wire", "--format", "json", "udp port 53")
	c.entered(t, root()) // it captures then, and has set its filter
	c.hear(t, 1)
	return c
}

// play has ip(8) change something in the capture's namespace.
func (c *confined) play(t *testing.T, args ...string) {
	t.Helper()
	within(t, c.Process.Pid, func() error { return exec.Command("ip", args...).Run() })
	time.Sleep(300 * time.Millisecond)
}

// hear puts the n-th datagram on the wire, a question of the DNS.
func (c *confined) hear(t *testing.T, n int) {
	t.Helper()
	question := "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03net\x00\x00\x01\x00\x01"
	frame := "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00" +
		"\x45\x00\x00" + string(rune(28+len(question))) + "\x00\x00\x00\x00\x40\x11\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x02" +
		"\x10" + string(rune(n)) + "\x00\x35\x00" + string(rune(8+len(question))) + "\x00\x00" + question
	within(t, c.Process.Pid, func() error {
		i, err := net.InterfaceByName("other")
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, []byte(frame), 0, &unix.SockaddrLinklayer{Ifindex: i.Index})
	})
	time.Sleep(100 * time.Millisecond)
}

// knows makes sure that a capture that has ended told of n questions.
func (c *confined) knows(t *testing.T, n int) {
	t.Helper()
	out := c.out.String()
	if got := strings.Count(out, `{"type":"flow"`); got != n || strings.Count(out, `"type":"summary"`) != 1 {
		t.Errorf("%d flows, want %d: %s", got, n, out)
	}
	if !strings.Contains(out, `"dns.qry.name":"example.net"`) {
		t.Error(out)
	}
}
