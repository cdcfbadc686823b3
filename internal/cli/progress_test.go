package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/sniffid/sniffid/capture"
)

// measured is a file of 1000 bytes, of which some are read.
type measured struct {
	capture.Source
	read int64
}

func (m *measured) Next(*capture.Packet) error   { return nil }
func (m *measured) Progress() (read, size int64) { return m.read, 1000 }

func TestProgress(t *testing.T) {
	var out strings.Builder
	m := &measured{}
	p := newProgress(m, "a\x1b[2Jb.pcap", &out, m)
	columns := 100
	p.width = func() int { return columns }
	now := p.began
	p.now = func() time.Time { return now }
	var pkt capture.Packet
	read := func(packets int) {
		for range packets {
			if err := p.Next(&pkt); err != nil {
				t.Fatal(err)
			}
		}
	}
	read(100_000)
	if out.Len() > 0 {
		t.Errorf("a short file is talked about: %q", out.String())
	}
	now, m.read = now.Add(10*time.Second), 250
	read(1 << 14)
	if want := "\r[#####...............]  25 %  114688 packets, 11469 a second, 30s left  a"; !strings.HasPrefix(out.String(), want) {
		t.Errorf("%q, want %q", out.String(), want)
	}
	if strings.Contains(strings.TrimSuffix(out.String(), "\x1b[K"), "\x1b") {
		t.Errorf("the file's name moves the cursor: %q", out.String())
	}
	out.Reset()
	columns, now = 20, now.Add(time.Second)
	read(1 << 14)
	if got := strings.TrimSuffix(strings.TrimPrefix(out.String(), "\r"), "\x1b[K"); len(got) != 19 {
		t.Errorf("%q does not fit into 20 columns", got)
	}
	out.Reset()
	columns, p.measure, now = 100, nil, now.Add(time.Second)
	read(1 << 14)
	if !strings.HasPrefix(out.String(), "\r147456 packets, 12288 a second  a") {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	p.clear()
	if out.String() != "\r\x1b[K" {
		t.Errorf("%q stays", out.String())
	}
}
