package owner

import (
	"context"
	"time"

	"github.com/sniffid/sniffid/correlate/owner/wintable"
)

// windowsReader reads the socket tables, and once for each reading the table of
// services: which of them holds a socket is known from the socket's tag, or
// because its process hosts no other.
type windowsReader struct {
	sockets *iphlpapi
	tags    tags
	modules bool // are asked for

	urls  map[uint16][]string // reserved with HTTP.sys, by port
	until time.Time           // when they are read again
}

// rememberURLs is how long reservations are remembered: they are made when programs
// are installed.
const rememberURLs = time.Minute

// newReader returns the function that reads the socket tables.
func newReader(c Config) func(context.Context) ([]row, error) {
	r := &windowsReader{sockets: newIphlpapi(), tags: newTags(), modules: c.Modules}
	return r.read
}

func (r *windowsReader) read(ctx context.Context) ([]row, error) {
	table, err := r.sockets.rows()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// Without services, or with some of them, the processes are known all the same.
	services, _ := readServices()
	hosts := wintable.NewHosts(services)
	type tagged struct {
		pid int
		tag uint32
	}
	names := map[tagged]string{}
	named := func(pid int, tag uint32) string {
		name, known := names[tagged{pid, tag}]
		if !known {
			name = r.tags.name(pid, tag)
			names[tagged{pid, tag}] = name
		}
		return name
	}
	module := func(w *wintable.Row) string {
		name, _ := r.sockets.module(w)
		return name
	}
	if now := time.Now(); !now.Before(r.until) {
		r.urls, r.until = wintable.ByPort(readReservations()), now.Add(rememberURLs)
	}
	return windowsRows(table, func(w *wintable.Row) []string { return hosts.Of(w, named, module) }, r.files, r.urls), nil
}

// files returns the file of the module that made a socket, as netstat -b names
// it. The kernel has none.
func (r *windowsReader) files(w *wintable.Row) []string {
	if !r.modules || w.PID == systemPID {
		return nil
	}
	if _, path := r.sockets.module(w); path != "" {
		return []string{path}
	}
	return nil
}
