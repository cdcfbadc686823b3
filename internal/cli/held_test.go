package cli

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// counted counts the calls.
type counted struct {
	strings.Builder
	calls int
	err   error
}

func (c *counted) Write(b []byte) (int, error) {
	c.calls++
	if c.err != nil {
		return 0, c.err
	}
	return c.Builder.Write(b)
}

func TestHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(counted)
		h := &held{w: out}
		write := func(text string) {
			t.Helper()
			if n, err := h.Write([]byte(text)); n != len(text) || err != nil {
				t.Fatal(n, err)
			}
		}
		write("a")
		write("b")
		if out.calls != 0 {
			t.Error("nothing is held back")
		}
		_ = h.flush()
		_ = h.flush()
		if out.String() != "ab" || out.calls != 1 {
			t.Errorf("%q in %d calls", out.String(), out.calls)
		}
		write("c")
		time.Sleep(heldTime)
		write("d")
		if out.String() != "abcd" {
			t.Errorf("after a while there is %q", out.String())
		}
		write(strings.Repeat("e", heldBytes))
		if out.Len() != 4+heldBytes {
			t.Errorf("%d bytes are written", out.Len())
		}
		write("f")
		if err := h.due(); err != nil || out.Len() != 4+heldBytes {
			t.Errorf("written too early: %v", err)
		}
		time.Sleep(heldTime)
		if err := h.due(); err != nil || out.Len() != 5+heldBytes {
			t.Errorf("held back for too long: %v", err)
		}
		gone := errors.New("gone")
		out.err = gone
		write("g")
		if err := h.flush(); !errors.Is(err, gone) {
			t.Errorf("flush: %v", err)
		}
		if _, err := h.Write([]byte("h")); !errors.Is(err, gone) {
			t.Errorf("write after an error: %v", err)
		}
	})
}
