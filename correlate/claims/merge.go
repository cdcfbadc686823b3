package claims

import "strings"

// Merge joins listings in the order given: rows that have a process id get the
// process's name, account and services from process listings. A name that two
// process listings contradict is left out, and so are the services of a process
// whose name contradicts the row's own: the id was reused between listings. A row
// whose process no process listing has names one that is gone.
func Merge(listings ...*Listing) *Listing {
	merged := &Listing{}
	for _, l := range listings {
		if l == nil {
			continue
		}
		if merged.Name == "" {
			merged.Name, merged.Format = l.Name, l.Format
		}
		merged.Claims = append(merged.Claims, l.Claims...)
		merged.Processes = append(merged.Processes, l.Processes...)
		merged.Problems = append(merged.Problems, l.Problems...)
		merged.Ignored += l.Ignored
	}
	byPID, contradicted := processesByPID(merged.Processes)
	for i := range merged.Claims {
		c := &merged.Claims[i]
		process, found := byPID[c.PID]
		if !found && c.PID != 0 && c.Process == "" && !contradicted[c.PID] && len(byPID) > 0 {
			c.Reason = exited
		}
		if !found || c.PID == 0 || c.Process != "" && !sameProgram(c.Process, process.Name) {
			continue
		}
		if c.Process == "" {
			c.Process = process.Name
		}
		if len(c.Services) == 0 {
			c.Services = process.Services
		}
		if c.User == "" {
			c.User = process.User
		}
	}
	return merged
}

// exited is package owner's word for a process that is gone.
const exited = "exited"

// processesByPID joins the rows of each process; those that contradict each other
// are left out.
func processesByPID(rows []Process) (byPID map[int]Process, contradicted map[int]bool) {
	byPID, contradicted = map[int]Process{}, map[int]bool{}
	for _, row := range rows {
		known, found := byPID[row.PID]
		switch {
		case !found:
			byPID[row.PID] = row
		case !sameProgram(known.Name, row.Name):
			contradicted[row.PID] = true
		default:
			if len(known.Services) == 0 {
				known.Services = row.Services
			}
			if known.User == "" {
				known.User = row.User
			}
			byPID[row.PID] = known
		}
	}
	for pid := range contradicted {
		delete(byPID, pid)
	}
	return byPID, contradicted
}

// sameProgram compares names as Windows does, and allows for the 25 cells to
// which tasklist cuts them.
func sameProgram(a, b string) bool {
	const cut = 25
	if len(a) > cut && len(b) == cut {
		a = a[:cut]
	}
	if len(b) > cut && len(a) == cut {
		b = b[:cut]
	}
	return strings.EqualFold(a, b)
}
