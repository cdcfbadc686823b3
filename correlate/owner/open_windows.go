package owner

import (
	"errors"
	"fmt"
	"time"

	"github.com/sniffid/sniffid/correlate/owner/etw"
)

// eventTable is the [Machine] of Windows where the kernel's events may be received:
// they name the processes of conversations, however short; the tables are for what
// was there before, and for services.
type eventTable struct {
	*Table
	session *etw.Session
	heard   *heard
}

// Open returns the best source that this machine and user allow; it has read
// nothing yet. The error says why it is not the best one, and may be passed over.
func Open(c Config) (Machine, error) {
	t := New(c)
	if c.NoEvents {
		return t, nil
	}
	e := &eventTable{Table: t, heard: newHeard(t.processes, t.Local)}
	session, err := etw.Open(e.heard.note)
	if err != nil {
		return t, fmt.Errorf("no events of the kernel: %w", err)
	}
	e.session = session
	return e, nil
}

// Method implements [Machine].
func (e *eventTable) Method() string { return "events of the kernel and " + e.Table.Method() }

// Lookup implements [Source]. What the table knows better is added: the services that
// a process hosts.
func (e *eventTable) Lookup(q Query) Owner {
	at := q.Time
	if at.IsZero() {
		at = time.Now()
	}
	told, found := e.heard.find(conversation{q.Transport, unmapped(q.Local), unmapped(q.Remote)}, at.UnixNano())
	if found && told.PID == systemPID {
		return e.Table.Lookup(q) // it may know the module
	}
	listed := e.Table.Lookup(q)
	if !found || listed.PID == told.PID {
		if listed.PID != 0 && found {
			listed.Quality = Exact
		}
		return listed
	}
	return told
}

// Close implements [Source].
func (e *eventTable) Close() error { return errors.Join(e.session.Close(), e.Table.Close()) }
