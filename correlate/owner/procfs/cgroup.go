package procfs

import "strings"

// Cgroup is what the control groups of a process say about it.
type Cgroup struct {
	// Unit is the systemd unit as "systemctl status PID" names it, in systemd's
	// own spelling ("dev-disk-by\x2dlabel.swap"): a service, scope, mount or the
	// like. It is "" for the scope that a container engine makes for a container.
	// Under a user's manager it is that manager's unit.
	Unit string
	// Manager is the user's manager that Unit belongs to, "user@1000.service"; ""
	// where Unit is the system's.
	Manager string
	// Slice is the innermost slice that Unit is in, "system.slice".
	Slice string
	// UserID is the user whose slice it is in, "1000"; also around containers that
	// a user runs without root.
	UserID string
	// Container is the container's id, or its name where the engine has no ids
	// (LXC, systemd-nspawn); the innermost where they are nested.
	Container string
	// Runtime is the container's engine: "docker", "podman", "containerd",
	// "cri-o", "lxc", "systemd-nspawn", "ecs"; "" where the path does not tell.
	Runtime string
	// Helper says that the process works for the container without being in it:
	// conmon, the monitor of LXC, systemd-nspawn itself.
	Helper bool
	// Inside is the unit of the container's own systemd.
	Inside string
	// Pod is the uid of the Kubernetes pod.
	Pod string
}

// ParseCgroup reads the text of /proc/PID/cgroup (cgroups(7)). Lines are
// "hierarchy:controllers:path". Units are looked for where systemd keeps its own
// groups, in version 2's line ("0::path") and in version 1's "name=systemd";
// containers and pods there and, where those have none, in the lines of the
// controllers.
func ParseCgroup(text string) Cgroup {
	var best Cgroup
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, path, found := strings.Cut(rest, ":")
		if !found || path == "" || path == "/" {
			continue
		}
		c := parsePath(strings.TrimSuffix(path, deletedMark))
		if controllers != "" && controllers != "name=systemd" {
			c.Unit, c.Manager, c.Slice, c.UserID, c.Inside = "", "", "", "", ""
		}
		best.fill(&c)
	}
	return best
}

// fill takes from other what c does not have: all of the unit, all of the
// container.
func (c *Cgroup) fill(other *Cgroup) {
	if c.Unit == "" && c.Slice == "" {
		c.Unit, c.Manager, c.Slice, c.UserID = other.Unit, other.Manager, other.Slice, other.UserID
	}
	if c.Container == "" || c.Container == other.Container && c.Inside == "" {
		c.Container, c.Runtime, c.Helper, c.Inside = other.Container, other.Runtime, other.Helper, other.Inside
	}
	if c.Pod == "" {
		c.Pod = other.Pod
	}
}

// parsePath reads the path of one control group, from the outside inwards.
func parsePath(path string) Cgroup {
	var c Cgroup
	var before string // the element before
	kubernetes := false
	for element := range strings.SplitSeq(path, "/") {
		// A path that begins above the reader's own group has "..".
		if element == "" || element == "." || element == ".." {
			continue
		}
		kubernetes = kubernetes || strings.Contains(element, "kubepods")
		if uid := podUID(element, kubernetes); uid != "" {
			c.Pod = uid
		}
		if k, ok := containerOf(element, before); ok {
			c.Container, c.Runtime, c.Helper, c.Inside = k.id, k.runtime, k.helper, ""
			if k.unit && c.Unit == "" {
				c.Unit = element
			}
		} else {
			c.element(element, before)
		}
		before = element
	}
	if c.Runtime == "" && c.Container != "" && strings.HasPrefix(path, "/ecs/") {
		c.Runtime = "ecs"
	}
	return c
}

// element takes an element that is no container's.
func (c *Cgroup) element(element, before string) {
	// systemd puts "_" before names that the kernel has a use for.
	name := strings.TrimPrefix(element, "_")
	switch {
	case strings.HasSuffix(name, ".slice"):
		if c.Container != "" {
			break // the container's own
		}
		if c.Unit == "" || isManager(c.Unit) {
			c.Slice = name
		}
		if id, ok := strings.CutPrefix(strings.TrimSuffix(name, ".slice"), "user-"); ok && c.UserID == "" && isDecimal(id) {
			c.UserID = id
		}
	case c.Runtime == "systemd-nspawn" && element == "supervisor":
		c.Helper = true
	case element == "payload" && machineOf(before) != "":
		// systemd-nspawn, started by hand: its scope is named after the machine.
		machine := machineOf(before)
		c.Container, c.Runtime, c.Helper, c.Inside = machine, "systemd-nspawn", false, ""
	case !isUnit(name):
	case c.Container != "":
		if c.Inside == "" || isManager(c.Inside) {
			c.Inside = name
		}
	case c.Unit == "":
		c.Unit = name
	case c.Manager == "" && isManager(c.Unit):
		c.Unit, c.Manager = name, c.Unit
	}
}

// isUnit reports whether systemd makes control groups for units of the name's
// type (systemd.resource-control(5)); slices are dealt with apart.
func isUnit(name string) bool {
	at := strings.LastIndexByte(name, '.')
	if at < 1 {
		return false
	}
	switch name[at:] {
	case ".service", ".scope", ".socket", ".mount", ".swap":
		return true
	}
	return false
}

// isManager reports whether a unit is a user's manager (user@.service(5)).
func isManager(unit string) bool {
	id, ok := strings.CutPrefix(strings.TrimSuffix(unit, ".service"), "user@")
	return ok && isDecimal(id)
}

func isDecimal(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// machineOf is the machine that a scope of systemd-machined is named after.
func machineOf(scope string) string {
	name, ok := strings.CutPrefix(scope, "machine-")
	if name, ok2 := strings.CutSuffix(name, ".scope"); ok && ok2 {
		return unescape(name)
	}
	return ""
}

// unescape undoes systemd's escapes (systemd.unit(5), "string escaping for
// inclusion in unit names") but those of controls: "-" for "/" stays, for machines'
// names have no slash.
func unescape(name string) string {
	if !strings.Contains(name, `\x`) {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if i+3 < len(name) && name[i] == '\\' && name[i+1] == 'x' {
			high, ok := hexDigit(name[i+2])
			low, ok2 := hexDigit(name[i+3])
			if c := high<<4 | low; ok && ok2 && c > ' ' && c != 0x7f { // no name has others
				b.WriteByte(c)
				i += 3
				continue
			}
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
