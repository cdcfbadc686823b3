package owner

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Witness is one way to read the socket table, and what it said.
type Witness struct {
	Method  string
	Sockets []Socket
}

// Disagreement is a listener of this network namespace that witnesses say different
// things of, twice in a row: something hides it, or its process, from some of them.
type Disagreement struct {
	Transport string
	Local     netip.AddrPort
	// Text says who says what.
	Text string
}

// betweenReadings is long enough for what was just opened or closed to be seen by
// all.
const betweenReadings = 200 * time.Millisecond

// Examine hears every witness that this machine and user have, and compares what
// they say of listeners. What they disagree about once only is left out.
func Examine(ctx context.Context) ([]Witness, []Disagreement, error) {
	machines, closeAll := witnesses()
	defer closeAll()
	var heard []Witness
	var again []Disagreement
	for round := range 2 {
		heard = heard[:0]
		for _, m := range machines {
			if err := m.Refresh(ctx); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", m.Method(), err)
			}
			heard = append(heard, Witness{m.Method(), m.Snapshot()})
		}
		found := compareWitnesses(heard)
		if round > 0 {
			found = slices.DeleteFunc(found, func(d Disagreement) bool { return !slices.Contains(again, d) })
		}
		if again = found; len(again) == 0 {
			break
		}
		select {
		case <-time.After(betweenReadings):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	return heard, again, nil
}

// testimony is what one witness says of the sockets at one end.
type testimony struct {
	pids   []int
	hidden bool // the owner of some is not known, for no permission
}

// compareWitnesses finds what witnesses disagree about: an end that only some of
// them have, and processes of which none is the same.
func compareWitnesses(heard []Witness) []Disagreement {
	said := make([]map[listener]*testimony, len(heard))
	ends := map[listener]bool{}
	for i := range heard {
		said[i] = testimonies(heard[i].Sockets)
		for end := range said[i] {
			ends[end] = true
		}
	}
	var found []Disagreement
	for end := range ends {
		for i := 1; i < len(heard); i++ {
			text := contradiction(&heard[0], &heard[i], said[0][end], said[i][end])
			if text != "" {
				found = append(found, Disagreement{end.transport, end.local, text})
				break
			}
		}
	}
	slices.SortFunc(found, func(a, b Disagreement) int {
		return cmp.Or(cmp.Compare(a.Transport, b.Transport), a.Local.Compare(b.Local))
	})
	return found
}

func testimonies(sockets []Socket) map[listener]*testimony {
	m := map[listener]*testimony{}
	for i := range sockets {
		s := &sockets[i]
		if !s.Listening() || s.NetNS != here {
			continue
		}
		end := listener{transport: s.Transport, local: s.Local}
		t := m[end]
		if t == nil {
			t = &testimony{}
			m[end] = t
		}
		t.hidden = t.hidden || s.Owner.Reason == NoPermission
		if s.Owner.PID != 0 {
			t.pids = append(t.pids, s.Owner.PID)
		}
		for _, c := range s.Owner.Candidates {
			t.pids = append(t.pids, c.PID)
		}
	}
	return m
}

// contradiction says how two witnesses contradict each other about an end; "" where
// they do not.
func contradiction(a, b *Witness, x, y *testimony) string {
	switch {
	case x == nil && y == nil:
		return ""
	case x == nil:
		return fmt.Sprintf("%s has it, and %s does not", b.Method, a.Method)
	case y == nil:
		return fmt.Sprintf("%s has it, and %s does not", a.Method, b.Method)
	case x.hidden || y.hidden, slices.ContainsFunc(x.pids, func(pid int) bool { return slices.Contains(y.pids, pid) }):
		return ""
	case len(x.pids) == 0 && len(y.pids) == 0:
		return ""
	}
	return fmt.Sprintf("%s names %s, %s names %s", a.Method, pidList(x.pids), b.Method, pidList(y.pids))
}

func pidList(pids []int) string {
	if len(pids) == 0 {
		return "no process"
	}
	pids = slices.Compact(slices.Sorted(slices.Values(pids)))
	text := fmt.Sprintf("PID %d", pids[0])
	for _, pid := range pids[1:] {
		text += fmt.Sprintf(", %d", pid)
	}
	return text
}
