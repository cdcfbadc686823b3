package correlate

import (
	"fmt"
	"strings"

	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
)

// FindingKind names what is odd about a port, whatever its verdict.
type FindingKind string

// The kinds of findings.
const (
	// NoOwner: a row has the port listening, and no process holds it.
	NoOwner FindingKind = "no-owner"
	// NoSocket: the port of this machine answered, and it has no socket there.
	NoSocket FindingKind = "no-socket"
	// OtherOwner: a row names another process than the one that took part.
	OtherOwner FindingKind = "other-owner"
)

// Finding is something odd about a port that its verdict does not say: what the
// operating system's own witnesses leave out or contradict.
type Finding struct {
	Kind     FindingKind `json:"finding"`
	Text     string      `json:"text"` // a sentence that a person understands
	Evidence []Fact      `json:"evidence"`
}

// findings looks for what is odd.
func (s *scene) findings() []Finding {
	var found []Finding
	for _, look := range [...]func() (Finding, bool){s.noOwner, s.noSocket, s.otherOwner} {
		if f, odd := look(); odd {
			found = append(found, f)
		}
	}
	return found
}

func (s *scene) noOwner() (Finding, bool) {
	c := s.listening
	if c == nil || s.port.Owner.Known() {
		return Finding{}, false
	}
	f := Finding{Kind: NoOwner, Evidence: []Fact{claimFact(c)}}
	switch {
	case c.Reason == string(owner.Kernel):
		f.Text = fmt.Sprintf("No process holds the %s: the kernel itself listens, as it does for NFS, WireGuard or tunnels.", s.row())
	case c.Reason == string(owner.Exited) && c.PID != 0:
		f.Text = fmt.Sprintf("The %s names PID %d, and no such process runs: another one has inherited the socket, or a driver still holds it.", s.row(), c.PID)
	case c.Reason == string(owner.Exited):
		f.Text = fmt.Sprintf("No process holds the %s: it is about to go, or something in the kernel keeps it.", s.row())
	default:
		return Finding{}, false
	}
	return f, true
}

func (s *scene) noSocket() (Finding, bool) {
	answered, facts := 0, []Fact{}
	for _, o := range s.served {
		answered += o.Answered
		if o.Answered > 0 {
			facts = append(facts, Fact{Source: "wire", Text: "answered " + plural(o.Answered, "flow"), Packets: first(o)})
		}
	}
	if answered == 0 || s.listening != nil || s.port.Owner.Known() || s.port.Owner.Reason != owner.Exited {
		return Finding{}, false
	}
	return Finding{
		Kind: NoSocket,
		Text: fmt.Sprintf("%s answered %s, and this machine has no socket there: it was closed before anybody looked, or what answers is a redirection of the firewall, a program with a network stack of its own, or the host of this virtual machine.",
			s.name(), plural(answered, "flow")),
		Evidence: append(facts, Fact{Source: "owner", Text: "no socket was found"}),
	}, true
}

func (s *scene) otherOwner() (Finding, bool) {
	o := &s.port.Owner
	for i := range s.port.Claims {
		c := &s.port.Claims[i]
		said := claimed(c)
		if !c.Listens() || len(s.served) == 0 || o.NetNS != c.NetNS || akin(c, o) {
			continue
		}
		return Finding{
			Kind: OtherOwner,
			Text: fmt.Sprintf("The %s names %s, and what took part was %s: the port changed hands, one of the two passed the socket on, or both share it.",
				s.row(), byOwner(&said, ""), byOwner(o, "")),
			Evidence: []Fact{claimFact(c), {Source: "owner", Text: byOwner(o, "")}},
		}, true
	}
	return Finding{}, false
}

// akin reports whether a process is one that a row names, or may well be: a worker
// of it, or the same program under another number, as of a listing made at another
// time.
func akin(c *claims.Claim, o *owner.Owner) bool {
	if c.PID == 0 || o.PID == 0 || c.PID == o.PID || c.Process == "" || o.Name == "" || strings.EqualFold(c.Process, o.Name) {
		return true
	}
	if c.Unit != "" && c.Unit == o.Unit || c.Container != "" && c.Container == o.Container {
		return true
	}
	for i := range c.Others {
		if c.Others[i].PID == o.PID {
			return true
		}
	}
	for p := o.Parent; p != nil; p = p.Parent {
		if p.PID == c.PID {
			return true
		}
	}
	return false
}
