package livetest

import (
	"bytes"
	"encoding/binary"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
)

// witness watches the client's end of the cable on its own: the clock of the
// exchange must not be sniffid's.
type witness struct {
	fd     int
	mu     sync.Mutex
	frames []frame
}

type frame struct {
	at   time.Time
	data []byte
}

// mostFrames bounds what a witness keeps; an exchange is over long before.
const mostFrames = 1 << 14

// watch begins to watch, until the test ends.
func watch(t *testing.T, n *namespace) *witness {
	t.Helper()
	w := &witness{}
	var err error
	n.do(func() { w.fd, err = packetSocket() })
	if err != nil {
		t.Fatalf("watch the cable: %v", err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		buffer := make([]byte, 1<<16)
		for {
			select {
			case <-stop:
				return
			default:
				w.read(buffer)
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
		unix.Close(w.fd)
	})
	return w
}

// packetSocket opens a socket that receives everything on the cable, with the
// kernel's times, and gives up waiting from time to time.
func packetSocket() (int, error) {
	all := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL}) // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(all))
	if err != nil {
		return -1, err
	}
	i, err := net.InterfaceByName(device)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: i.Index})
	}
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}
	if err == nil {
		err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 20_000})
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// read receives one frame, if one comes soon.
func (w *witness) read(buffer []byte) {
	control := make([]byte, 128)
	size, controlSize, _, _, err := unix.Recvmsg(w.fd, buffer, control, 0)
	if err != nil {
		return
	}
	f := frame{data: bytes.Clone(buffer[:size])}
	messages, _ := unix.ParseSocketControlMessage(control[:controlSize])
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
			f.at = time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.frames) < mostFrames {
		w.frames = append(w.frames, f)
	}
}

// exchange is when the first payload of the client and of the server passed;
// zero if none did.
type exchange struct{ client, server time.Time }

// first is when the first payload of either end passed.
func (e exchange) first() time.Time {
	if e.client.IsZero() || !e.server.IsZero() && e.server.Before(e.client) {
		return e.server
	}
	return e.client
}

// complete is when both ends had sent payload.
func (e exchange) complete() time.Time {
	if e.client.IsZero() || e.server.IsZero() {
		return time.Time{}
	}
	if e.client.After(e.server) {
		return e.client
	}
	return e.server
}

// exchange finds the first payload with the server's port at either end.
func (w *witness) exchange(transport string, port uint16) exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	var e exchange
	for _, f := range w.frames {
		from, to, size := payload(f.data, transport)
		switch {
		case size == 0:
		case to == port && e.client.IsZero():
			e.client = f.at
		case from == port && e.server.IsZero():
			e.server = f.at
		}
	}
	return e
}

// payload returns a frame's ports and the size of its payload, 0 if the frame
// is not of the transport.
func payload(data []byte, transport string) (from, to uint16, size int) {
	p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.NoCopy)
	switch l := p.TransportLayer().(type) {
	case *layers.TCP:
		if transport == "tcp" {
			return uint16(l.SrcPort), uint16(l.DstPort), len(l.Payload)
		}
	case *layers.UDP:
		if transport == "udp" {
			return uint16(l.SrcPort), uint16(l.DstPort), len(l.Payload)
		}
	}
	return 0, 0, 0
}

// keep writes what was seen to a file, for a look with other tools.
func (w *witness) keep(t *testing.T, path string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	file, err := os.Create(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer file.Close()
	pcap, err := pcapfile.NewWriter(file, pcapfile.WriterConfig{Application: "sniffid livetest"})
	if err != nil {
		t.Error(err)
		return
	}
	pcap.AddInterface(capture.Interface{Name: device, LinkType: capture.LinkEthernet})
	for i, f := range w.frames {
		err = pcap.Write(&capture.Packet{
			Number: uint64(i + 1), Timestamp: f.at.UnixNano(), Data: f.data, Length: len(f.data), LinkType: capture.LinkEthernet,
		})
		if err != nil {
			t.Error(err)
			return
		}
	}
	if err := pcap.Flush(); err != nil {
		t.Error(err)
	}
}
