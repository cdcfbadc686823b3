package cli

import (
	"io"
	"time"

	"github.com/sniffid/sniffid/capture"
)

// held is the output of a running capture. While packets wait to be looked at it holds
// lines back, though not for long, so that not each costs a call to the system.
type held struct {
	w    io.Writer
	text []byte
	// since is when the oldest text came.
	since time.Time
	err   error // of an earlier write
}

const (
	// heldBytes is how much is held back at most, and heldTime for how long.
	heldBytes = 32 << 10
	heldTime  = 10 * time.Millisecond
)

// Write implements [io.Writer]. The error may be that of an earlier call.
func (h *held) Write(b []byte) (int, error) {
	now := time.Now()
	if len(h.text) == 0 {
		h.since = now
	}
	h.text = append(h.text, b...)
	if len(h.text) >= heldBytes || now.Sub(h.since) >= heldTime {
		return len(b), h.flush()
	}
	return len(b), h.err
}

// due writes what has been held back for long enough.
func (h *held) due() error {
	if len(h.text) > 0 && time.Since(h.since) >= heldTime {
		return h.flush()
	}
	return h.err
}

// flush writes what is held back.
func (h *held) flush() error {
	if len(h.text) > 0 && h.err == nil {
		_, h.err = h.w.Write(h.text)
	}
	h.text = h.text[:0]
	return h.err
}

// prompt is a source whose reader lets lines go in time, though packet follows packet and
// none brings another line.
type prompt struct {
	capture.Source
	run     *run
	packets uint
}

// few is how many packets may come between two looks at the clock.
const few = 32

// Next implements [capture.Source].
func (p *prompt) Next(packet *capture.Packet) error {
	if p.packets++; p.packets%few == 0 {
		p.run.note(p.run.held.due())
	}
	return p.Source.Next(packet)
}
