package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"

	"github.com/sniffid/sniffid/correlate/owner"
)

// savedTable is a source that reads its tables from a file: sockets as JSON
// lines, and services likewise, a line "--" between one reading and the next. The
// last one stays.
type savedTable struct {
	mu       sync.Mutex
	readings [][]owner.Socket
	current  []owner.Socket
	services [][]owner.Service
	running  []owner.Service
	locals   map[netip.Addr]bool
}

var _ owner.Machine = (*savedTable)(nil)

func openSavedTable(name string) (*savedTable, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t := &savedTable{readings: [][]owner.Socket{nil}, services: [][]owner.Service{nil}, locals: map[netip.Addr]bool{}}
	for line := range strings.Lines(string(data)) {
		last := len(t.readings) - 1
		switch line = strings.TrimSpace(line); line {
		case "":
		case "--":
			t.readings = append(t.readings, nil)
			t.services = append(t.services, nil)
		default:
			if strings.HasPrefix(line, `{"Name"`) {
				var s owner.Service
				if err := json.Unmarshal([]byte(line), &s); err != nil {
					return nil, fmt.Errorf("%s: %w: %s", name, err, line)
				}
				t.services[last] = append(t.services[last], s)
				continue
			}
			var s owner.Socket
			if err := json.Unmarshal([]byte(line), &s); err != nil {
				return nil, fmt.Errorf("%s: %w: %s", name, err, line)
			}
			t.readings[last] = append(t.readings[last], s)
			if s.NetNS == 0 {
				t.locals[s.Local.Addr()] = true
			}
		}
	}
	return t, nil
}

func (t *savedTable) Refresh(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.readings) > 0 {
		t.current, t.running = t.readings[0], t.services[0]
		t.readings, t.services = t.readings[1:], t.services[1:]
	}
	return ctx.Err()
}

func (t *savedTable) Snapshot() []owner.Socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]owner.Socket(nil), t.current...)
}

// settle adds the services of the current reading, and the processes that they
// and its sockets are of.
func (t *savedTable) settle(r *owner.Reading, _ context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Services, r.Processes = map[owner.Service]bool{}, map[int]bool{1: true}
	for _, s := range t.running {
		r.Services[s] = true
		r.Processes[s.PID] = true
	}
	for i := range t.current {
		r.Processes[t.current[i].Owner.PID] = true
	}
}

func (t *savedTable) Local(addr netip.Addr) bool { return addr.IsLoopback() || t.locals[addr] }

func (*savedTable) Lookup(owner.Query) owner.Owner { return owner.Owner{Reason: owner.Offline} }
func (*savedTable) Method() string                 { return "a file" }
func (*savedTable) Close() error                   { return nil }

// runAt executes a command line on a machine whose socket tables are in a file.
func runAt(table, elevate string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t, err := openSavedTable(table)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitCannot
	}
	env := &environment{
		stdin: stdin, stdout: stdout, stderr: stderr, elevate: elevate,
		owners: func(owner.Config) owner.Machine { return t }, settle: t.settle,
	}
	return env.run(args)
}
