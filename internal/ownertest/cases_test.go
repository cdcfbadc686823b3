//go:build linux

package ownertest

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ownership is a way to hold and use a socket.
type ownership struct {
	name string
	// before is what starts the actor.
	before []string
	args   []string // of the actor; the port is 0
	held   int      // how many processes say that they hold the socket
	// dial is where the test connects to; "" is the address served. port is that
	// which it shall have.
	dial string
	// user and comm are what the server's process runs as and is called, where
	// that matters.
	user, comm string
	// elsewhere says that the socket is in another network namespace, where the
	// test can't reach it.
	elsewhere bool
}

func serve(transport, address, how string) []string {
	return []string{"serve", transport, address, "0", how}
}

func ownerships() []ownership {
	other := []string{"unshare", "--net", "sh", "-c", `ip link set lo up; exec "$0" "$@"`}
	return []ownership{
		{name: "one process, TCP", args: serve("tcp", "127.0.0.1", "plain"), held: 1},
		{name: "one process, UDP", args: serve("udp", "127.0.0.1", "plain"), held: 1},
		{name: "one process, TCP over IPv6", args: serve("tcp", "::1", "plain"), held: 1},
		{name: "one process, UDP over IPv6", args: serve("udp", "::1", "plain"), held: 1},
		{name: "wildcard of IPv4", args: serve("tcp", "0.0.0.0", "plain"), held: 1, dial: "127.0.0.1"},
		{name: "wildcard of IPv6 that takes IPv4, TCP", args: serve("tcp", "::", "plain"), held: 1, dial: "127.0.0.1"},
		{name: "wildcard of IPv6 that takes IPv4, UDP", args: serve("udp", "::", "plain"), held: 1, dial: "127.0.0.1"},
		{name: "another address of the loopback", args: serve("tcp", "127.0.0.2", "plain"), held: 1},
		{name: "workers after a fork, TCP", args: serve("tcp", "127.0.0.1", "fork"), held: 3},
		{name: "workers after a fork, UDP", args: serve("udp", "127.0.0.1", "fork"), held: 3},
		{name: "a child whose parent has ended", args: serve("tcp", "127.0.0.1", "orphan"), held: 1},
		{name: "a program executed with the listener", args: serve("tcp", "127.0.0.1", "activate"), held: 2},
		{name: "a program executed for each connection", args: serve("tcp", "127.0.0.1", "inetd"), held: 1},
		{name: "a descriptor passed on", args: serve("tcp", "127.0.0.1", "pass"), held: 1},
		{name: "a descriptor passed on and kept", args: serve("tcp", "127.0.0.1", "share"), held: 2},
		{name: "a thread", args: serve("tcp", "127.0.0.1", "thread"), held: 1},
		{name: "a listener of Go, MPTCP", held: 1},
		{name: "another user", args: serve("tcp", "127.0.0.1", "nobody"), held: 1, user: "nobody"},
		{name: "another name", args: serve("tcp", "127.0.0.1", "renamed"), held: 1, comm: "other-name"},
		{name: "another process namespace", before: []string{"unshare", "--pid", "--fork"}, args: serve("tcp", "127.0.0.1", "plain"), held: 1},
		{name: "another network namespace", before: other, args: serve("tcp", "127.0.0.1", "plain"), held: 1, elsewhere: true},
	}
}

// Every way to hold a socket, with sniffid started after the processes and before
// them: the one that served is named, and nobody else ever is.
func TestOwnership(t *testing.T) {
	asked(t)
	var lines []string
	for _, o := range ownerships() {
		for _, first := range []bool{false, true} {
			name := o.name
			if first {
				name += ", sniffid first"
			}
			t.Run(name, func(t *testing.T) {
				lines = append(lines, fmt.Sprintf("| %s | %s |", name, o.play(t, first)))
			})
		}
	}
	t.Log("\n| case | listener | flow |\n| --- | --- | --- |\n" + strings.Join(lines, "\n"))
}

// play plays a case, and says what sniffid said.
func (o *ownership) play(t *testing.T, first bool) string {
	t.Helper()
	var w *watcher
	if first {
		w = watch(t)
	}
	a := play(t, o.before, o.args...)
	port := a.next(t, "port")[0]
	var holders []int
	for range o.held {
		holders = append(holders, o.global(t, a, a.next(t, "held")[0]))
	}
	time.Sleep(50 * time.Millisecond) // those who pass descriptors on have ended
	transport, address := "tcp", "127.0.0.1"
	if len(o.args) > 0 {
		transport, address = o.args[1], o.args[2]
	}

	listed := o.listed(t, transport, address, port, holders)
	if o.elsewhere {
		if w != nil {
			w.flows(t)
		}
		return listed + " | |"
	}
	if w == nil {
		w = watch(t)
	}
	if o.dial != "" {
		address = o.dial
	}
	c, err := net.Dial(transport, net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("?")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 16)); n != 2 {
		t.Fatal("no answer:", err)
	}
	told := a.next(t, "served")
	pid := o.global(t, a, told[1])
	time.Sleep(50 * time.Millisecond)
	for _, f := range w.flows(t) {
		if f.Transport != transport || f.Server.Port != port || f.Client.Port != told[0] {
			continue
		}
		right := []int{pid}
		if f.Server.Owner.Quality == "listener" {
			right = holders // more is not said
		}
		o.judge(t, "the flow's server", f.Server.Owner, right, first)
		o.judge(t, "the flow's client", f.Client.Owner, []int{testPID()}, true)
		if f.Server.Owner.PID == 0 {
			// Without BPF: there is a reason, judge has seen to that.
		} else if o.user != "" && f.Server.Owner.User != o.user || o.comm != "" && f.Server.Owner.Name != o.comm {
			t.Errorf("served by %q of %q, want %q of %q", f.Server.Owner.Name, f.Server.Owner.User, o.comm, o.user)
		}
		return listed + " | " + said(f.Server.Owner, right) + " |"
	}
	t.Error("no such flow was seen")
	return listed + " | none |"
}

// global is a process's number here; an actor in another process namespace does
// not know it.
func (o *ownership) global(t *testing.T, a *actor, pid int) int {
	t.Helper()
	if !slices.Contains(o.before, "--pid") {
		return pid
	}
	return child(t, a.cmd.Process.Pid)
}

// listed checks the socket table's rows of the listener.
func (o *ownership) listed(t *testing.T, transport, address string, port int, holders []int) string {
	t.Helper()
	local := net.JoinHostPort(address, strconv.Itoa(port))
	for _, row := range table(t) {
		if row.Transport != transport || row.Local != local || transport == "tcp" && row.State != "LISTENING" {
			continue
		}
		if o.elsewhere == (row.NetNS == 0) {
			t.Errorf("the listener's namespace is %d", row.NetNS)
		}
		o.judge(t, "the listener", row.Owner, holders, false)
		return said(row.Owner, holders)
	}
	if o.elsewhere && withoutBPF() {
		return "not seen"
	}
	t.Errorf("no listener at %s", local)
	return "none"
}

// judge fails the test for an owner that is wrong, or missing without reason; and
// where it must be known, for one that is missing.
func (o *ownership) judge(t *testing.T, what string, got owner, right []int, must bool) {
	t.Helper()
	switch {
	case got.PID != 0 && !slices.Contains(right, got.PID):
		t.Errorf("%s is PID %d %s (%s), want one of %v", what, got.PID, got.Name, got.Quality, right)
	case got.PID != 0 && got.Quality == "":
		t.Errorf("%s: an owner without quality", what)
	case got.PID == 0 && got.Reason == "":
		t.Errorf("%s has no owner, and no reason", what)
	case got.PID == 0 && got.Reason == "ambiguous":
		for _, c := range got.Candidates {
			if len(right) > 1 && !slices.Contains(right, c.PID) {
				t.Errorf("%s: candidate %d is none of %v", what, c.PID, right)
			}
		}
	case got.PID == 0 && must && !withoutBPF():
		t.Errorf("%s is not known: %s", what, got.Reason)
	}
}

// said is a cell of the table.
func said(o owner, right []int) string {
	switch {
	case slices.Contains(right, o.PID):
		return "right (" + o.Quality + ")"
	case o.PID != 0:
		return "WRONG"
	}
	return o.Reason
}
