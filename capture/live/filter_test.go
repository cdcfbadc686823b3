//go:build cgo && !windows

package live

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"

	"github.com/sniffid/sniffid/capture"
)

var expressions = []string{
	"", "udp port 53", "tcp[tcpflags] & tcp-syn != 0", "host 192.0.2.1 and not arp",
	"ip[0] & 0xf != 5 or greater 200", "less 60", "vlan 7 and ip6", "portrange 5000-5010",
	"ether[0] & 1 = 1", "ip proto 17 and ip[2:2] > 40", "len > 70 and len % 3 = 1",
	"ether[12:2] = 0x800 and (ip[8] + ip[9]) * 2 / 3 - 1 > 20", "ip[1] << 2 | 3 = 3", "-ip[0] + 69 = 0", "ip[0] ^ 1 = 68",
	"tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
}

// samples are frames of which parts are random.
func samples() [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	var frames [][]byte
	for _, port := range []uint16{53, 5005, 9} {
		frames = append(frames, datagram(port, strings.Repeat("x", int(port)%300)))
	}
	syn := datagram(80, "GET / HTTP/1.1")
	syn[14+9] = 6
	syn[14+20+13] = 2
	frames = append(frames, syn, nil)
	for _, f := range frames {
		for n := range len(f) {
			frames = append(frames, f[:n])
		}
		for range 300 {
			g := append([]byte(nil), f...)
			for range 3 {
				if len(g) > 0 {
					g[random.IntN(min(len(g), 64))] = byte(random.UintN(256))
				}
			}
			frames = append(frames, g)
		}
	}
	return frames
}

// TestFilterAsLibpcap compares with libpcap's own machine.
func TestFilterAsLibpcap(t *testing.T) {
	frames := samples()
	for _, expression := range expressions {
		f, err := CompileFilter(expression, capture.LinkEthernet, 65535)
		if err != nil {
			t.Errorf("%q: %v", expression, err)
			continue
		}
		peer, err := pcap.NewBPF(layers.LinkTypeEthernet, 65535, expression)
		if err != nil {
			t.Fatal(err)
		}
		matched := 0
		for _, frame := range frames {
			if len(frame) == 0 {
				f.Match(frame, 0) // gopacket cannot be asked about no bytes
				continue
			}
			for _, length := range []int{len(frame), len(frame) + 150} {
				want := peer.Matches(gopacket.CaptureInfo{CaptureLength: len(frame), Length: length}, frame)
				if got := f.Match(frame, length); got != want {
					t.Fatalf("%q on % x of %d bytes: %v, libpcap says %v", expression, frame, length, got, want)
				}
				if want {
					matched++
				}
			}
		}
		if matched == 0 && !strings.Contains(expression, "ip6") {
			t.Errorf("%q matches no sample", expression)
		}
	}
}

func TestFilterLinkTypes(t *testing.T) {
	ip := datagram(53, "query")[14:]
	tests := []struct {
		linkType capture.LinkType
		header   string
	}{
		{capture.LinkRaw, ""},
		{capture.LinkRawDLT, ""},
		{capture.LinkRawBSD, ""},
		{capture.LinkIPv4, ""},
		{capture.LinkNull, "\x02\x00\x00\x00"},
		{capture.LinkSLL, "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00\x08\x00"},
		{capture.LinkSLL2, "\x08\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00"},
	}
	for _, tt := range tests {
		for expression, want := range map[string]bool{"udp port 53": true, "udp port 54": false} {
			f, err := CompileFilter(expression, tt.linkType, 0)
			if err != nil {
				t.Errorf("link type %d: %v", tt.linkType, err)
				continue
			}
			packet := append([]byte(tt.header), ip...)
			if got := f.Match(packet, len(packet)); got != want {
				t.Errorf("link type %d, %q: %v", tt.linkType, expression, got)
			}
		}
	}
}

func TestFilterErrors(t *testing.T) {
	_, err := CompileFilter("udp prot 53", capture.LinkEthernet, 0)
	if !errors.Is(err, ErrFilter) || !strings.Contains(err.Error(), `invalid filter expression "udp prot 53": `) {
		t.Errorf("got %v", err)
	}
	if _, err := CompileFilter("ip6 protochain 17", capture.LinkEthernet, 0); !errors.Is(err, ErrFilter) {
		t.Errorf("filter with a loop: %v", err)
	}
	if _, err := CompileFilter("ether host 02:00:00:00:00:01", capture.LinkRaw, 0); !errors.Is(err, ErrFilter) {
		t.Errorf("filter for another link type: %v", err)
	}
}

func BenchmarkFilter(b *testing.B) {
	frame := datagram(53, "query")
	f, err := CompileFilter("udp port 53", capture.LinkEthernet, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("match", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.Match(frame, len(frame))
		}
	})
	peer, err := pcap.NewBPF(layers.LinkTypeEthernet, 65535, "udp port 53")
	if err != nil {
		b.Fatal(err)
	}
	info := gopacket.CaptureInfo{CaptureLength: len(frame), Length: len(frame)}
	b.Run("peer libpcap through gopacket", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			peer.Matches(info, frame)
		}
	})
}
