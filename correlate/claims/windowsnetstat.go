package claims

import (
	"slices"
	"strconv"
	"strings"
)

// windowsNetstat reads the netstat of Windows, with the modules, services and
// executables of -b and -v.
type windowsNetstat struct {
	open bool // the last row may still get a component, -b
}

func (*windowsNetstat) format() Format { return NetstatWindows }

func (w *windowsNetstat) read(p *parser, l line, current bool) bool {
	if len(l.fields) == 0 {
		w.open = false
		return current
	}
	if isWindowsHeader(l) {
		w.open = false
		return true
	}
	_, _, ok := transport(l.fields[0])
	if !ok || l.fields[0] != strings.ToUpper(l.fields[0]) && !strings.Contains(l.fields[0], "v") {
		return current && w.open && w.component(p.last(), strings.TrimSpace(l.text))
	}
	c, err := windowsRow(l)
	w.open = err == nil
	if err != nil {
		p.problem(l.number, l.text, err.Error())
		return true
	}
	p.claim(c)
	return true
}

// isWindowsHeader: "Proto  Local Address …", "プロトコル  ローカル アドレス …".
func isWindowsHeader(l line) bool {
	return (l.fields[0] == "Proto" || l.fields[0] == "プロトコル") && !slices.Contains(l.fields, "Recv-Q")
}

// windowsRow reads "TCP local foreign state [PID] [offload]" and
// "UDP local foreign [PID]".
func windowsRow(l line) (Claim, error) {
	c := Claim{Line: l.number}
	if len(l.fields) < 3 {
		return c, errShort
	}
	name, v6, _ := transport(l.fields[0])
	c.Transport = name
	var err error
	if c.Local, err = endpoint(l.fields[1], wildcardOf(v6)); err != nil {
		return c, err
	}
	if c.Remote, err = peer(l.fields[2], wildcardOf(c.Local.Addr().Is6())); err != nil {
		return c, err
	}
	rest := l.fields[3:]
	if len(rest) > 0 && strings.Trim(rest[0], "0123456789") != "" {
		state, known := states[strings.ToUpper(rest[0])]
		if !known {
			return c, errState
		}
		c.State, rest = state, rest[1:]
	} else if name == "tcp" {
		return c, errState
	}
	if len(rest) > 0 {
		// The offload state of -t may take the place of the PID.
		pid, err := strconv.ParseUint(rest[0], 10, 32)
		if err == nil {
			c.PID = int(pid)
		} else if !slices.Contains(offloads, rest[0]) {
			return c, errPID
		}
	}
	return c, nil
}

// offloads are the words of netstat -t.
var offloads = []string{"InHost", "Offloaded", "Offloading", "Uploading"}

// noOwner begins what -b says when it does not know.
var noOwner = []string{"Can not obtain ownership", "Cannot obtain ownership", "所有者情報を取得", "所有権情報を取得"}

// component reads a line between the row and the blank line after it: the
// modules of -v, the service of -b, and the executable in brackets, which ends
// the row.
func (w *windowsNetstat) component(c *Claim, text string) bool {
	switch {
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		c.Process = strings.TrimSpace(text[1 : len(text)-1])
		if c.Process == "システム" {
			c.Process = "System"
		}
		w.open = false
	case strings.HasPrefix(text, "--"): // "-- unknown component(s) --", "-- 不明なコンポーネント --"
	case hasAnyPrefix(text, noOwner):
		w.open = false
	case isModule(text):
		if len(c.Modules) < maxList {
			c.Modules = append(c.Modules, text)
		}
	case isWord(text):
		if len(c.Services) < maxList {
			c.Services = append(c.Services, text)
		}
	default:
		return false
	}
	return true
}

// isModule: a path, or the name of a file that can be loaded.
func isModule(text string) bool {
	if strings.ContainsAny(text, `<>|"`) {
		return false
	}
	if strings.Contains(text, `\`) {
		return true
	}
	lower := strings.ToLower(text)
	return slices.ContainsFunc([]string{".exe", ".dll", ".sys", ".ocx", ".drv", ".cpl", ".tsp"}, func(ending string) bool {
		return strings.HasSuffix(lower, ending)
	})
}

// isWord: a service's key name, without spaces.
func isWord(text string) bool {
	return text != "" && !strings.ContainsAny(text, " \t:;,\"'()<>|/*")
}

func hasAnyPrefix(text string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}
