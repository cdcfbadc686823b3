package owner

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/correlate/owner/wintable"
)

// A socket's services are its own, and whoever has the number of a process that
// is gone does not inherit its sockets.
func TestWindowsRows(t *testing.T) {
	started := time.Date(2026, 8, 5, 12, 0, 0, 0, time.UTC)
	table := []wintable.Row{
		{Transport: "tcp", Local: end("10.0.0.1:135"), State: "LISTENING", PID: 20, Created: started.Add(time.Minute), Tag: 1},
		{Transport: "udp", Local: end("0.0.0.0:5353"), PID: 20, Created: started.Add(-creationSlack * time.Millisecond), Tag: 2},
		{Transport: "udp", Local: end("[::]:5353"), PID: 20},
		{Transport: "tcp", Local: end("10.0.0.1:50001"), Remote: end("10.0.0.2:443"), State: "ESTABLISHED", PID: 20, Created: started.Add(-time.Hour)},
		{Transport: "tcp", Local: end("10.0.0.1:50002"), Remote: end("10.0.0.2:443"), State: "TIME_WAIT"},
		{Transport: "tcp", Local: end("0.0.0.0:445"), State: "LISTENING", PID: 4},
		{Transport: "tcp", Local: end("0.0.0.0:5985"), State: "LISTENING", PID: 4},
	}
	services := func(w *wintable.Row) []string {
		if w.PID != 20 {
			return nil
		}
		return [][]string{{"Dnscache", "RpcSs"}, {"RpcSs"}, {"Dnscache"}}[w.Tag]
	}
	modules := func(w *wintable.Row) []string {
		if w.Tag == 1 {
			return []string{"rpcss.dll"}
		}
		return nil
	}
	urls := map[uint16][]string{5985: {"http://+:5985/wsman/"}, 135: {"http://+:135/"}}
	source := fake()
	source.read = func(context.Context) ([]row, error) { return windowsRows(table, services, modules, urls), nil }
	source.processes = newProcesses(func(pid int) (description, bool) {
		return description{owner: Owner{Name: "svchost.exe", Modules: []string{"ntdll.dll", "rpcss.dll"}}, created: uint64(started.UnixMilli())}, true
	}, func(int) uint64 { return uint64(started.UnixMilli()) })
	both := []string{"ntdll.dll", "rpcss.dll"}
	tests := []struct {
		transport, local, remote string
		want                     Owner
	}{
		{"tcp", "10.0.0.1:135", "10.0.0.2:1", Owner{
			PID: 20, Name: "svchost.exe", Services: []string{"RpcSs"}, Modules: []string{"rpcss.dll", "ntdll.dll"}, Quality: Listener,
		}},
		{"udp", "10.0.0.1:5353", "", Owner{PID: 20, Name: "svchost.exe", Services: []string{"Dnscache"}, Modules: both, Quality: Snapshot}},
		{"udp", "[2001:db8::1]:5353", "", Owner{PID: 20, Name: "svchost.exe", Services: []string{"Dnscache", "RpcSs"}, Modules: both, Quality: Snapshot}},
		{"tcp", "10.0.0.1:50001", "10.0.0.2:443", Owner{Reason: Exited}},
		{"tcp", "10.0.0.1:50002", "10.0.0.2:443", Owner{Reason: Exited}},
		{"tcp", "10.0.0.1:445", "", Owner{PID: 4, Name: "svchost.exe", Modules: both, Quality: Listener}},
		{"tcp", "10.0.0.1:5985", "", Owner{PID: 4, Name: "svchost.exe", Modules: both, URLs: []string{"http://+:5985/wsman/"}, Quality: Listener}},
	}
	for _, tt := range tests {
		got := source.Lookup(Query{Transport: tt.transport, Local: end(tt.local), Remote: end(tt.remote)})
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s %s\n%s", tt.transport, tt.local, d)
		}
	}
	if sockets := source.Snapshot(); len(sockets) != len(table) {
		t.Errorf("%d sockets", len(sockets))
	}
}

func TestUnion(t *testing.T) {
	shared := make([]string, 1, 4)
	shared[0] = "a"
	for _, tt := range []struct{ a, b, want []string }{
		{nil, nil, nil},
		{nil, shared, shared},
		{shared, nil, shared},
		{shared, []string{"b", "a"}, []string{"a", "b"}},
		{shared, []string{"c"}, []string{"a", "c"}},
	} {
		if got := union(tt.a, tt.b); !slices.Equal(got, tt.want) {
			t.Errorf("%v and %v: %v", tt.a, tt.b, got)
		}
	}
	if spare := shared[:2]; spare[1] != "" {
		t.Errorf("the first list's memory is written to: %v", spare)
	}
}
