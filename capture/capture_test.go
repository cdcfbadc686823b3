package capture

import (
	"errors"
	"io"
	"testing"
	"time"
)

func TestDamageError(t *testing.T) {
	err := error(&DamageError{File: "a.pcap", Offset: 1234, Packets: 5, Err: io.ErrUnexpectedEOF})
	if got, want := err.Error(), "a.pcap: damaged at byte 1234, after 5 packets: unexpected EOF"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause cannot be found")
	}
}

func TestPacketTime(t *testing.T) {
	p := Packet{Timestamp: 1_000_000_001}
	if got, want := p.Time(), time.Date(1970, 1, 1, 0, 0, 1, 1, time.UTC); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("got %v, want %v", got, want)
	}
}
