package report

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/correlate/owner"
)

// candidatesShown is the number of processes that the table names when several
// fit a row.
const candidatesShown = 3

// maxAncestors bounds the chain of those who started a process.
const maxAncestors = 16

// ownerCell names the process of a row, or says in words why there is none.
func (o SocketOptions) ownerCell(who *owner.Owner) cell {
	if who.Known() {
		return plain(processText(who.PID, cmp.Or(who.Name, who.Exe)))
	}
	text := reasonText(who)
	if who.Reason == owner.NoPermission {
		if o.Elevate != "" {
			text += ": " + o.Elevate
		}
		return cell{text, yellow}
	}
	return cell{text, dim}
}

// reasonText says why a socket has no owner.
func reasonText(who *owner.Owner) string {
	switch who.Reason {
	case "":
		return "not known"
	case owner.NotLocal:
		return "not of this machine"
	case owner.Exited:
		return "no process holds it"
	case owner.NoPermission:
		return "no permission"
	case owner.Kernel:
		return "kernel"
	case owner.OtherNetNS:
		return "in another network namespace"
	case owner.Forwarded:
		return "forwarded"
	case owner.Ambiguous:
		return labelledList("ambiguous", processes(who.Candidates, candidatesShown))
	case owner.Offline:
		return "not in the listing"
	case owner.LookupsEnded:
		return "owner look-ups have ended"
	}
	return clean(string(who.Reason))
}

func labelledList(label, list string) string {
	if list == "" {
		return label
	}
	return label + ": " + list
}

// processes lists the first few processes, and how many there are besides.
func processes(list []owner.Process, most int) string {
	var parts []string
	for i := range list {
		if i == most {
			parts = append(parts, "+"+strconv.Itoa(len(list)-most))
			break
		}
		parts = append(parts, processText(list[i].PID, list[i].Name))
	}
	return strings.Join(parts, ", ")
}

// processText is a process's number and name, as far as they are known.
func processText(pid int, name string) string {
	if pid == 0 {
		return clean(name)
	}
	return strings.TrimSpace(strconv.Itoa(pid) + " " + clean(name))
}

// ancestors is the chain of those who started a process, the nearest first.
func ancestors(p *owner.Process) string {
	var parts []string
	for range maxAncestors {
		if p == nil {
			break
		}
		parts = append(parts, processText(p.PID, p.Name))
		p = p.Parent
	}
	return strings.Join(parts, ", by ")
}

// serviceText is what the system calls the owner: its Windows services, or its
// systemd unit with the unit that bound the socket. The unit that an engine makes
// for a container only repeats the container's id, and is left out.
func serviceText(o *owner.Owner) string {
	if len(o.Services) > 0 {
		return some(o.Services, ", ")
	}
	unit := o.Unit
	if o.Container != "" && strings.Contains(unit, o.Container) {
		unit = ""
	}
	switch {
	case o.SocketUnit == "":
		return clean(unit)
	case unit == "":
		return clean(o.SocketUnit)
	}
	return clean(unit + " (" + o.SocketUnit + ")")
}

// containerText is a container's name, or the beginning of its id.
func containerText(o *owner.Owner) string {
	return clean(cmp.Or(o.ContainerName, owner.ShortID(o.Container)))
}

// containerDetails are a container's engine and whole id.
func containerDetails(o *owner.Owner) string {
	return clean(strings.TrimSpace(o.Runtime + " " + o.Container))
}
