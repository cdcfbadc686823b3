//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/dissect/flow"
)

// wire sends frames out of an interface.
type wire struct{ fd int }

func dial(name string) (*wire, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("packet socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: i.Index}); err != nil {
		return nil, fmt.Errorf("bind the packet socket: %w", err)
	}
	return &wire{fd}, nil
}

// send sends a frame; it waits where the interface has no room.
func (w *wire) send(b []byte) error {
	for {
		_, err := unix.Write(w.fd, b)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("send: %w", err)
		}
	}
}

// tally is what was sent.
type tally struct {
	packets, bytes, flows uint64
}

// long is how many long flows there are.
const long = 64

// load sends until the context is done: a flow each millisecond, and in between as many
// packets of long flows as there is time for.
func (w *wire) load(ctx context.Context, templates []template) (t tally, err error) {
	send := func(b []byte) {
		if err == nil {
			err = w.send(b)
			t.packets++
			t.bytes += uint64(len(b))
		}
	}
	play := func(x *template) {
		for i := range x.frames {
			send(x.frames[i].client(t.flows))
		}
		t.flows++
	}
	downloads := make([]*download, long)
	for i := range downloads {
		downloads[i] = newDownload(t.flows)
		play(&downloads[i].begin)
	}
	next := time.Now()
	for n := 0; err == nil; n++ {
		if n%16 == 0 && ctx.Err() != nil {
			break
		}
		if now := time.Now(); now.After(next) {
			next = next.Add(time.Millisecond)
			play(&templates[t.flows%uint64(len(templates))])
		}
		for range 8 {
			send(downloads[n%long].more())
		}
	}
	return t, err
}

// downloadPort is where the long flows go.
const downloadPort = firstPort - 1

// download is a long flow: an answer of HTTP that does not end.
type download struct {
	begin template
	next  frame
	flow  uint64
}

func newDownload(n uint64) *download {
	c := connection{port: downloadPort, seq: [2]uint32{1000, 5000}}
	d := &download{flow: n, begin: template{port: downloadPort, stack: "http"}}
	d.begin.frames = append(c.open(nil),
		c.segment(flow.FromClient, ack|psh, []byte("GET /long HTTP/1.1\r\nHost: server.example\r\n\r\n")),
		c.segment(flow.FromServer, ack|psh, []byte("HTTP/1.1 200 OK\r\nServer: load\r\nContent-Type: text/plain\r\n\r\n")))
	d.next = c.segment(flow.FromServer, ack, []byte(strings.Repeat("x", 512)))
	return d
}

// more is the next packet.
func (d *download) more() []byte {
	b := d.next.client(d.flow)
	binary.BigEndian.PutUint32(b[seqAt:], binary.BigEndian.Uint32(b[seqAt:])+512)
	return b
}
