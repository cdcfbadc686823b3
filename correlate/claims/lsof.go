package claims

import (
	"slices"
	"strconv"
	"strings"
)

// openFiles reads lsof -i: "command pid … user fd IPv4|IPv6 device size/off
// TCP|UDP name (state)", where name is "local" or "local->remote".
type openFiles struct{}

func (openFiles) format() Format { return Lsof }

func (openFiles) read(p *parser, l line, current bool) bool {
	if len(l.fields) == 0 {
		return current
	}
	if len(l.fields) > 2 && l.fields[0] == "COMMAND" && l.fields[1] == "PID" {
		return true
	}
	family := slices.IndexFunc(l.fields, func(f string) bool { return f == "IPv4" || f == "IPv6" })
	if family < 3 {
		// Another kind of open file: its second column is a process id too.
		if current && len(l.fields) >= 5 && isNumber(l.fields[1]) {
			p.listing.Ignored++
			return true
		}
		return false
	}
	node := slices.IndexFunc(l.fields[family:], func(f string) bool { return f == "TCP" || f == "UDP" || f == "SCTP" })
	if node < 0 {
		if current {
			p.listing.Ignored++ // raw sockets: ICMP, …
		}
		return current
	}
	c, unbound, err := openFile(l, family, family+node)
	switch {
	case err != nil:
		p.problem(l.number, l.text, err.Error())
	case unbound:
		p.listing.Ignored++
	default:
		p.claim(c)
	}
	return true
}

// openFile reads a row; unbound says that the socket has no port yet.
func openFile(l line, family, node int) (c Claim, unbound bool, err error) {
	c = Claim{Line: l.number, Transport: strings.ToLower(l.fields[node]), Process: unescape(l.fields[0]), User: l.fields[family-2]}
	if len(l.fields) <= node+1 {
		return c, false, errShort
	}
	pid, err := strconv.ParseUint(l.fields[1], 10, 31)
	if err != nil {
		return c, false, errPID
	}
	c.PID = int(pid)
	wildcard := wildcardOf(l.fields[family] == "IPv6")
	local, remote, connected := strings.Cut(l.fields[node+1], "->")
	if c.Local, err = endpoint(local, wildcard); err != nil {
		return c, false, err
	}
	if connected {
		if c.Remote, err = peer(remote, wildcard); err != nil {
			return c, false, err
		}
	}
	if len(l.fields) > node+2 {
		state, known := states[strings.Trim(l.fields[node+2], "()")]
		if !known {
			return c, false, errState
		}
		c.State = state
	}
	return c, c.Local.Port() == 0, nil
}

// unescape undoes lsof's \x20 for blanks in a command's name.
func unescape(name string) string { return strings.ReplaceAll(name, `\x20`, " ") }
