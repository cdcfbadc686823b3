package claims

import (
	"slices"
	"strconv"
	"strings"
)

// netTools reads the netstat of Linux (net-tools, BusyBox) and of the BSDs and
// macOS: "proto recv-q send-q local foreign [state] [user inode] [pid/program]".
type netTools struct {
	header []string
	skip   bool // within a table of sockets without ports
}

func (*netTools) format() Format { return NetstatLinux }

// portless are the tables and row kinds of netstat that have no ports.
var (
	portlessTables = []string{"Active UNIX", "Active LOCAL", "Active Multipath", "Active IPX", "Active AX.25", "Active NET/ROM", "Active X.25", "Registered kernel control", "Active kernel"}
	portlessRows   = []string{"unix", "raw", "raw6", "icm4", "icm6", "icmp", "icmp6", "udplite", "udplite6", "udpl", "udpl6", "divert"}
)

func (n *netTools) read(p *parser, l line, current bool) bool {
	if len(l.fields) == 0 {
		return current
	}
	text := strings.TrimSpace(l.text)
	switch {
	case hasAnyPrefix(text, portlessTables):
		n.skip = true
		return true
	case l.fields[0] == "Proto" && slices.Contains(l.fields, "Recv-Q"):
		n.header, n.skip = l.fields, false
		return true
	case isTitle(l):
		n.skip = false
		return current
	case current && n.skip:
		p.listing.Ignored++
		return true
	case current && slices.Contains(portlessRows, l.fields[0]):
		p.listing.Ignored++
		return true
	}
	if _, _, ok := transport(l.fields[0]); !ok || len(l.fields) < 3 || !isNumber(l.fields[1]) || !isNumber(l.fields[2]) {
		return false
	}
	c, err := n.row(l)
	if err != nil {
		p.problem(l.number, l.text, err.Error())
		return true
	}
	p.claim(c)
	return true
}

func (n *netTools) row(l line) (Claim, error) {
	c := Claim{Line: l.number}
	if len(l.fields) < 5 {
		return c, errShort
	}
	name, v6, _ := transport(l.fields[0])
	c.Transport = name
	var err error
	if c.Local, err = endpoint(l.fields[3], wildcardOf(v6)); err != nil {
		return c, err
	}
	if c.Remote, err = peer(l.fields[4], wildcardOf(v6)); err != nil {
		return c, err
	}
	rest := l.fields[5:]
	if len(rest) > 0 {
		if state, known := states[rest[0]]; known {
			c.State, rest = state, rest[1:]
		} else if name == "tcp" {
			return c, errState
		}
	} else if name == "tcp" {
		return c, errState
	}
	if slices.Contains(n.header, "User") && slices.Contains(n.header, "Inode") && len(rest) >= 2 {
		c.User, rest = rest[0], rest[2:]
	}
	for i, field := range rest {
		pid, program, found := strings.Cut(field, "/")
		number, err := strconv.ParseUint(pid, 10, 31)
		if !found || err != nil {
			continue
		}
		c.PID = int(number)
		c.Process = strings.TrimSpace(strings.Join(append([]string{program}, n.program(rest[i+1:])...), " "))
		break
	}
	return c, nil
}

// program are the further words of a program's name; a timer column of -o
// ("off (0.00/0/0)") does not belong to it.
func (n *netTools) program(rest []string) []string {
	if !slices.Contains(n.header, "Timer") || len(rest) < 2 {
		return rest
	}
	return rest[:len(rest)-2]
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
