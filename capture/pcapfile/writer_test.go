package pcapfile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/capture"
)

func TestRoundTrip(t *testing.T) {
	interfaces := []capture.Interface{
		{Name: "eth0", Description: "Größe 1", LinkType: 1, SnapLength: 65535},
		{LinkType: 276},
	}
	late := capture.Interface{Name: "wg0", LinkType: 101}
	curl := &capture.Process{PID: 42, Name: "curl", Path: "/usr/bin/curl"}
	packets := []capture.Packet{
		{Number: 1, Timestamp: 1_700_000_000_123_456_789, Data: []byte("abc"), Length: 3, LinkType: 1},
		{Number: 2, Timestamp: 1, Data: []byte("abcd"), Length: 100, LinkType: 276, Interface: 1, Direction: capture.DirectionIn, Process: curl},
		{Number: 3, Timestamp: 2, Data: []byte{}, LinkType: 1, Direction: capture.DirectionOut, Comments: []string{"one", "", "日本"}},
		{Number: 4, Timestamp: 3, Data: []byte("a"), Length: 1, LinkType: 1, Process: &capture.Process{Name: "System"}},
		{Number: 5, Timestamp: 4, Data: []byte("a"), Length: 1, LinkType: 1, Process: curl, Comments: []string{"PID: 1\nCmd: /sbin/init"}},
		{Number: 6, Timestamp: 5, Data: []byte("late"), Length: 4, LinkType: 101, Interface: 2},
	}
	var file bytes.Buffer
	w, err := NewWriter(&file, WriterConfig{Application: "sniffid", Interfaces: interfaces})
	if err != nil {
		t.Fatal(err)
	}
	for i := range packets {
		if i == 5 {
			if n := w.AddInterface(late); n != 2 {
				t.Fatalf("third interface has number %d", n)
			}
		}
		if err := w.Write(&packets[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteStatistics(0, 6, capture.Stats{Dropped: 7, IfDropped: 8}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(file.Bytes(), []byte("/usr/bin/curl")); n != 1 {
		t.Errorf("a process is written %d times", n)
	}
	s := open(t, file.Bytes())
	got, err := readAll(s)
	if err != io.EOF {
		t.Errorf("ended with %v", err)
	}
	diff(t, packets, got)
	diff(t, append(interfaces, late), s.Interfaces())
	diff(t, []capture.Stats{{Received: 6, Truncated: 1, Dropped: 7, IfDropped: 8}}, []capture.Stats{s.Stats()})
}

func TestWriterRefuses(t *testing.T) {
	w, err := NewWriter(io.Discard, WriterConfig{Interfaces: []capture.Interface{{LinkType: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]capture.Packet{
		"no interface 1":                      {LinkType: 1, Interface: 1},
		"no interface -1":                     {LinkType: 1, Interface: -1},
		"its link type is 276, that of":       {LinkType: 276},
		"its 134217729 bytes exceed 13421772": {LinkType: 1, Data: make([]byte, maxRecord/2+1)},
	} {
		if err := w.Write(&p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := w.WriteStatistics(1, 0, capture.Stats{}); err == nil {
		t.Error("statistics of no interface were written")
	}
}

// TestLongTexts: texts that no option can hold are cut before a character.
func TestLongTexts(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, WriterConfig{Interfaces: []capture.Interface{{LinkType: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	comment := strings.Repeat("ä", 40_000)
	many := make([]string, maxComments+5)
	if err := w.Write(&capture.Packet{LinkType: 1, Comments: []string{comment}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(&capture.Packet{LinkType: 1, Comments: many}); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	got, err := readAll(open(t, file.Bytes()))
	if err != io.EOF || len(got) != 2 {
		t.Fatalf("%d packets, %v", len(got), err)
	}
	diff(t, []string{comment[:65534]}, got[0].Comments)
	diff(t, many[:maxComments], got[1].Comments)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errDevice }

func TestWriterKeepsItsError(t *testing.T) {
	if _, err := NewWriter(brokenWriter{}, WriterConfig{}); !errors.Is(err, errDevice) {
		t.Errorf("NewWriter: %v", err)
	}
	w, err := NewWriter(io.Discard, WriterConfig{Interfaces: []capture.Interface{{LinkType: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	w.w.Reset(brokenWriter{})
	p := capture.Packet{LinkType: 1, Data: make([]byte, blockSize)}
	if err := w.Write(&p); !errors.Is(err, errDevice) {
		t.Errorf("Write: %v", err)
	}
	if err := w.Write(&p); !errors.Is(err, errDevice) {
		t.Errorf("second Write: %v", err)
	}
	if err := w.Flush(); !errors.Is(err, errDevice) {
		t.Errorf("Flush: %v", err)
	}
}

func TestWriteDoesNotAllocate(t *testing.T) {
	w, err := NewWriter(io.Discard, WriterConfig{Interfaces: []capture.Interface{{LinkType: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	p := capture.Packet{
		LinkType: 1, Data: make([]byte, 1500), Direction: capture.DirectionIn,
		Process: &capture.Process{PID: 1, Name: "init"}, Comments: []string{"hello"},
	}
	if n := testing.AllocsPerRun(1000, func() { _ = w.Write(&p) }); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}
