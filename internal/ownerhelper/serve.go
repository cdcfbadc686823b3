// Package ownerhelper has the owners of sockets looked up by another process. Whoever
// parses packets has no privileges; to name the processes of others takes many. So a
// second process, of the same program, keeps them. It is asked through a socket pair
// by questions of a fixed size, which hold the two ends of a conversation and a time,
// and never sees a byte of a packet.
//
// [Serve] is the one side, [Client] the other: an [owner.Machine] like those that look
// up themselves.
package ownerhelper

import (
	"bufio"
	"context"
	"io"

	"github.com/sniffid/sniffid/correlate/owner"
)

// together is how many questions are asked before their answers are awaited. Serve reads
// so many before it answers, so that neither side waits for the other to read.
const together = 64

// Serve answers questions about a machine until conn ends, which is no error. It first
// says how the machine's owners are found, and what weaker says, which may be nil. What
// is no question ends it.
//
// Questions that have come together are answered together.
func Serve(conn io.ReadWriter, m owner.Machine, weaker error) error {
	in, out := bufio.NewReaderSize(conn, together*questionSize), bufio.NewWriter(conn)
	hello := encoder{}
	hello.text(m.Method())
	if weaker != nil {
		hello.text(weaker.Error())
	} else {
		hello.text("")
	}
	if err := writeAnswer(out, hello.b); err != nil {
		return err
	}
	for {
		if in.Buffered() < questionSize {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		var b [questionSize]byte
		switch _, err := io.ReadFull(in, b[:]); {
		case err == io.EOF: //nolint:errorlint // it comes as it is
			return nil
		case err != nil:
			return err
		}
		k, q, err := readQuestion(&b)
		if err != nil {
			return err
		}
		if err := answer(out, m, k, &q); err != nil {
			return err
		}
	}
}

func answer(conn io.Writer, m owner.Machine, k kind, q *owner.Query) error {
	switch k {
	case askLookup:
		o := m.Lookup(*q)
		return writeAnswer(conn, ownerAnswer(&o))
	case askLocal:
		local := byte(0)
		if m.Local(q.Local.Addr()) {
			local = 1
		}
		return writeAnswer(conn, []byte{local})
	case askRefresh:
		text := ""
		if err := m.Refresh(context.Background()); err != nil {
			text = err.Error()
		}
		return writeAnswer(conn, []byte(text[:min(len(text), maxAnswer)]))
	case askSnapshot:
		for _, s := range m.Snapshot() {
			if text := socketAnswer(&s); len(text) <= maxAnswer {
				if err := writeAnswer(conn, text); err != nil {
					return err
				}
			}
		}
		return writeAnswer(conn, nil)
	}
	return errQuestion
}
