package claims

import (
	"slices"
	"strconv"
	"strings"
)

// socketStatistics reads ss: "[netid] state recv-q send-q local peer [process]".
type socketStatistics struct {
	// first is the index of the table's first claim. Without a Netid column a
	// table is of one transport, which its states show: UNCONN is a datagram
	// socket's.
	first   int
	noNetid bool
}

func (*socketStatistics) format() Format { return SS }

// portlessNetids are the kinds of sockets without ports, ss(8).
var portlessNetids = []string{
	"nl", "u_str", "u_seq", "u_dgr", "p_raw", "p_dgr", "raw", "icmp6", "v_str", "v_dgr", "ti_rd", "ti_sq", "ti_dg", "ti_st",
	"tipc", "xdp", "mptcp", "dccp", "???",
}

func (s *socketStatistics) read(p *parser, l line, current bool) bool {
	if len(l.fields) == 0 {
		return current
	}
	switch {
	case l.fields[0] == "Netid" && len(l.fields) > 1 && l.fields[1] == "State":
		s.noNetid = false
		return true
	case l.fields[0] == "State" && len(l.fields) > 1 && l.fields[1] == "Recv-Q":
		s.noNetid, s.first = true, len(p.listing.Claims)
		return true
	case current && slices.Contains(portlessNetids, l.fields[0]):
		p.listing.Ignored++
		return true
	case current && (l.text[0] == ' ' || l.text[0] == '\t'):
		// Details of -i, -m and -o; narrow terminals get the processes here.
		if c := p.last(); c != nil && strings.Contains(l.text, "users:((") {
			processes(c, l.text)
		}
		return true
	}
	fields, name := l.fields, ""
	if base, _, ok := transport(fields[0]); ok && len(fields) > 1 {
		fields, name = fields[1:], base
	} else if !current || !s.noNetid {
		return false
	}
	state, known := states[fields[0]]
	if !known || len(fields) < 3 || !isNumber(fields[1]) || !isNumber(fields[2]) {
		return false
	}
	c, err := s.row(p, l, fields, name, state)
	if err != nil {
		p.problem(l.number, l.text, err.Error())
		return true
	}
	p.claim(c)
	return true
}

func (s *socketStatistics) row(p *parser, l line, fields []string, name, state string) (Claim, error) {
	c := Claim{Transport: name, State: state, Line: l.number}
	if len(fields) < 5 {
		return c, errShort
	}
	if name == "" {
		c.Transport = s.transport(p, fields[0])
	}
	// ss writes "*" for a socket that takes both families.
	var err error
	if c.Local, err = endpoint(fields[3], any6); err != nil {
		return c, err
	}
	if c.Remote, err = peer(fields[4], any6); err != nil {
		return c, err
	}
	processes(&c, l.text)
	return c, nil
}

// transport of a table without Netid, corrected for the rows before when a
// datagram socket shows up among open ones.
func (s *socketStatistics) transport(p *parser, state string) string {
	rows := p.listing.Claims[s.first:]
	if state != "UNCONN" {
		if len(rows) > 0 {
			return rows[0].Transport
		}
		return "tcp"
	}
	for i := range rows {
		rows[i].Transport = "udp"
	}
	return "udp"
}

// processes reads `users:(("sshd",pid=812,fd=3),("systemd",pid=1,fd=40))`, and
// `uid:1000` of -e.
func processes(c *Claim, text string) {
	if _, after, found := strings.Cut(text, " uid:"); found {
		c.User, _, _ = strings.Cut(after, " ")
	}
	_, list, found := strings.Cut(text, "users:((")
	for found && len(c.Others) < maxList {
		var entry string
		entry, list, found = strings.Cut(list, "),(")
		name, numbers, ok := strings.Cut(strings.TrimPrefix(entry, `"`), `",pid=`)
		if !ok {
			break
		}
		digits, _, _ := strings.Cut(numbers, ",")
		pid, err := strconv.ParseUint(digits, 10, 31)
		switch {
		case err != nil:
		case c.PID == 0:
			c.PID, c.Process = int(pid), name
		case int(pid) != c.PID && !slices.ContainsFunc(c.Others, func(o Process) bool { return o.PID == int(pid) }):
			c.Others = append(c.Others, Process{PID: int(pid), Name: name})
		}
	}
}
