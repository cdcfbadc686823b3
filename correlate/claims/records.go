package claims

import (
	"encoding/json"
	"net/netip"
	"strings"
)

// records reads sniffid's own JSON lines: sockets ("sniffid ports --format
// json") and ports. Flows, summaries and what is said while a capture or "ports
// --watch" runs are ignored.
type records struct{}

func (records) format() Format { return JSON }

// record has the fields that make a claim.
type record struct {
	Type      string          `json:"type"`
	Transport string          `json:"transport"`
	Addr      string          `json:"addr"`
	Port      uint16          `json:"port"`
	Local     json.RawMessage `json:"local"`
	Remote    json.RawMessage `json:"remote"`
	State     string          `json:"state"`
	NetNS     uint64          `json:"netns"`
	Role      string          `json:"role"`
	Declared  struct {
		Claim struct {
			State string `json:"state"`
			PID   int    `json:"pid"`
		} `json:"claim"`
	} `json:"declared"`
	Observed []struct {
		Protocols []string `json:"protocols"`
	} `json:"observed"`
	Owner struct {
		PID           int       `json:"pid"`
		Name          string    `json:"name"`
		Exe           string    `json:"exe"`
		User          string    `json:"user"`
		Services      []string  `json:"services"`
		Modules       []string  `json:"modules"`
		Unit          string    `json:"unit"`
		SocketUnit    string    `json:"socket_unit"`
		Container     string    `json:"container"`
		ContainerName string    `json:"container_name"`
		Candidates    []Process `json:"candidates"`
		Reason        string    `json:"reason"`
	} `json:"owner"`
}

func (records) read(p *parser, l line, current bool) bool {
	if len(l.fields) == 0 {
		return current
	}
	if !strings.HasPrefix(l.fields[0], "{") {
		return false
	}
	var r record
	if err := json.Unmarshal([]byte(l.text), &r); err != nil {
		p.problem(l.number, l.text, err.Error())
		return true
	}
	var c Claim
	var err error
	switch r.Type {
	case "socket":
		c, err = r.socket()
	case "port":
		c, err = r.port()
	case "flow", "summary", "update", "verdict", "change":
		p.listing.Ignored++
		return true
	default:
		err = errRecord
	}
	if err != nil {
		p.problem(l.number, l.text, err.Error())
		return true
	}
	c.Line = l.number
	r.owned(&c)
	p.claim(c)
	return true
}

// owned copies whose socket it is. Several processes that fit equally are held to
// share it.
func (r *record) owned(c *Claim) {
	o := &r.Owner
	c.PID, c.Process, c.User, c.Services = o.PID, o.Name, o.User, o.Services
	c.Exe, c.Unit, c.SocketUnit, c.Modules = o.Exe, o.Unit, o.SocketUnit, o.Modules
	c.Container, c.ContainerName, c.NetNS, c.Reason = o.Container, o.ContainerName, r.NetNS, o.Reason
	if c.PID == 0 {
		c.PID = r.Declared.Claim.PID
	}
	if c.PID == 0 && len(o.Candidates) > 1 {
		c.PID, c.Process, c.Others, c.Reason = o.Candidates[0].PID, o.Candidates[0].Name, o.Candidates[1:], ""
	}
}

func (r *record) socket() (Claim, error) {
	c := Claim{State: strings.ToUpper(r.State)}
	if state, known := states[c.State]; known {
		c.State = state
	}
	var ok bool
	if c.Transport, _, ok = transport(r.Transport); !ok {
		return c, errRecord
	}
	var err error
	if len(r.Local) == 0 {
		c.Local, err = r.end()
	} else {
		c.Local, err = rawEnd(r.Local)
	}
	if err != nil {
		return c, err
	}
	if len(r.Remote) > 0 && string(r.Remote) != "null" && string(r.Remote) != `""` {
		c.Remote, err = rawEnd(r.Remote)
		if err == nil && c.Remote.Port() == 0 && c.Remote.Addr().IsUnspecified() {
			c.Remote = netip.AddrPort{}
		}
	}
	return c, err
}

// port: what an earlier run saw a server speak is what the port is said to be.
func (r *record) port() (Claim, error) {
	c := Claim{State: r.Declared.Claim.State}
	var ok bool
	if c.Transport, _, ok = transport(r.Transport); !ok {
		return c, errRecord
	}
	if r.Role == "server" {
		if c.State == "" && c.Transport != "udp" {
			c.State = Listening
		}
		if len(r.Observed) > 0 {
			c.Protocols = r.Observed[0].Protocols
		}
	}
	var err error
	c.Local, err = r.end()
	return c, err
}

func (r *record) end() (netip.AddrPort, error) {
	addr, err := address(r.Addr, any6)
	if err != nil || r.Port == 0 {
		return netip.AddrPort{}, errAddress
	}
	return netip.AddrPortFrom(addr, r.Port), nil
}

// rawEnd reads "192.0.2.1:80" or {"addr":"192.0.2.1","port":80}.
func rawEnd(raw json.RawMessage) (netip.AddrPort, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return endpoint(text, any6)
	}
	var end struct {
		Addr string `json:"addr"`
		Port uint16 `json:"port"`
	}
	if err := json.Unmarshal(raw, &end); err != nil {
		return netip.AddrPort{}, errAddress
	}
	addr, err := address(end.Addr, any6)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(addr, end.Port), nil
}
