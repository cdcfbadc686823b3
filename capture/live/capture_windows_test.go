package live

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/sniffid/sniffid/capture"
)

// loopback returns the loopback device, or skips where there is no library or
// no such device.
func loopback(t *testing.T) Device {
	t.Helper()
	devices, err := Interfaces()
	if errors.Is(err, ErrNoLibrary) {
		t.Skip("needs Npcap:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices {
		if d.Loopback && d.Up {
			return d
		}
	}
	t.Skipf("needs a loopback device that is up; there are %+v", devices)
	return Device{}
}

// TestCapture captures a TCP connection of its own on the loopback device.
func TestCapture(t *testing.T) {
	device := loopback(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	s, err := Open(Config{
		Interfaces: []string{device.Name},
		Filter:     fmt.Sprintf("tcp port %d", port),
		Timeout:    10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.Copy(c, c)
			c.Close()
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("through the loopback")); err != nil {
		t.Fatal(err)
	}
	for {
		var p capture.Packet
		if err := s.Next(&p); err != nil {
			t.Fatalf("the payload was not captured: %v; %+v", err, s.Stats())
		}
		if d := time.Since(p.Time()); d < -time.Minute || d > time.Minute {
			t.Errorf("packet %d was captured %v ago", p.Number, d)
		}
		if bytes.Contains(p.Data, []byte("through the loopback")) {
			break
		}
	}
	if i := s.Interfaces()[0]; i.Name != device.Name || i.SnapLength != DefaultSnapLength {
		t.Errorf("interface %+v", i)
	}
	t.Logf("%+v on %+v", s.Stats(), s.Interfaces()[0])
}

func TestCaptureErrors(t *testing.T) {
	device := loopback(t)
	if _, err := Open(Config{Interfaces: []string{"nosuch"}}); !errors.Is(err, ErrNoInterface) {
		t.Errorf("missing device: %v", err)
	}
	if _, err := Open(Config{Interfaces: []string{device.Name}, Filter: "udp prot 53"}); !errors.Is(err, ErrFilter) {
		t.Errorf("bad filter: %v", err)
	}
}

func TestCaptureAny(t *testing.T) {
	loopback(t)
	s, err := Open(Config{Interfaces: []string{Any}, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		var p capture.Packet
		err := s.Next(&p)
		for err == nil {
			err = s.Next(&p)
		}
		ended <- err
	}()
	time.Sleep(50 * time.Millisecond)
	s.Close()
	if err := <-ended; err != io.EOF {
		t.Errorf("Next returned %v", err)
	}
	if len(s.Interfaces()) == 0 {
		t.Error("no interface was captured on")
	}
}

func TestFilterForFiles(t *testing.T) {
	lib, err := library()
	if err != nil {
		t.Skip("needs Npcap:", err)
	}
	wine := windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
	if wine && lib.openDead != nil && !strings.EqualFold(filepath.Base(filepath.Dir(lib.openDead.Dll.Name)), "Npcap") {
		t.Skip("needs a wpcap.dll with pcap_open_dead; Wine's own ends the program there")
	}
	frame := append(bytes.Repeat([]byte{2}, 12), 8, 0)
	for expression, want := range map[string]bool{"ip": true, "arp": false, "len = 14": true} {
		f, err := CompileFilter(expression, capture.LinkEthernet, 0)
		if errors.Is(err, ErrNoLibrary) {
			t.Skip("needs Npcap:", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(frame, len(frame)); got != want {
			t.Errorf("%q: %v", expression, got)
		}
	}
}

func TestDefaultInterface(t *testing.T) {
	loopback(t)
	name, err := DefaultInterface()
	t.Logf("%q, %v", name, err)
	if err == nil && name == "" {
		t.Error("no name and no error")
	}
}
