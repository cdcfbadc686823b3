package owner

import "github.com/sniffid/sniffid/correlate/owner/wintable"

// kernelPID is "System", in whose name the kernel holds sockets.
const kernelPID = 4

// windowsRows turns rows of the Windows tables into rows of the index. services
// names the services that a socket may belong to, modules the files that it was
// made by, urls the prefixes reserved for the ports that the kernel listens on. A
// socket of PID 0 is in TIME_WAIT or the like: nobody holds it.
func windowsRows(table []wintable.Row, services, modules func(*wintable.Row) []string, urls map[uint16][]string) []row {
	rows := make([]row, len(table))
	for i := range table {
		w, r := &table[i], &rows[i]
		*r = row{transport: w.Transport, local: w.Local, remote: w.Remote, state: w.State, reason: Exited}
		if w.PID == 0 {
			continue
		}
		r.pids, r.reason = []int{w.PID}, ""
		r.services, r.modules = services(w), modules(w)
		if w.PID == kernelPID && w.Transport == "tcp" && w.State == "LISTENING" {
			r.urls = urls[w.Local.Port()]
		}
		if !w.Created.IsZero() {
			r.created = uint64(w.Created.UnixMilli())
		}
	}
	return rows
}
