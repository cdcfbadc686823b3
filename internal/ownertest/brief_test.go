//go:build linux

package ownertest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// briefRuns and briefProcesses say how often, and how many processes each time.
const (
	briefRuns      = 5
	briefProcesses = 100
	briefPause     = 5 * time.Millisecond
)

// tally counts the owners that are right, wrong and missing.
type tally struct {
	right, wrong int
	missing      map[string]int
}

func (c *tally) count(o owner, truth []int) {
	switch {
	case slices.Contains(truth, o.PID):
		c.right++
	case o.PID != 0:
		c.wrong++
	default:
		if c.missing == nil {
			c.missing = map[string]int{}
		}
		c.missing[o.Reason]++
	}
}

// Processes that live for about a millisecond, each with one datagram or one TCP
// request, as client and as server: all are named, none wrongly.
func TestBrief(t *testing.T) {
	asked(t)
	for _, role := range []string{"client", "server"} {
		for _, transport := range []string{"udp", "tcp"} {
			for _, family := range []string{"4", "6"} {
				t.Run(role+" "+transport+family, func(t *testing.T) {
					var sum tally
					for range briefRuns {
						brief(t, &sum, role, transport, family)
					}
					t.Logf("%d of %d named, %d wrong, missing %v", sum.right, briefRuns*briefProcesses, sum.wrong, sum.missing)
					if sum.wrong > 0 || sum.missing[""] > 0 {
						t.Errorf("%d wrong, %d missing without reason", sum.wrong, sum.missing[""])
					}
					if !withoutBPF() && sum.right != briefRuns*briefProcesses {
						t.Errorf("%d of %d are named", sum.right, briefRuns*briefProcesses)
					}
				})
			}
		}
	}
}

// truth is which processes had a port of their own.
type truth struct {
	mu   sync.Mutex
	pids map[int][]int
}

func (h *truth) is(port, pid int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pids[port] = append(h.pids[port], pid)
}

func brief(t *testing.T, sum *tally, role, transport, family string) {
	t.Helper()
	h := &truth{pids: map[int][]int{}}
	loopback := map[string]string{"4": "127.0.0.1", "6": "::1"}[family]
	w := watch(t)
	if role == "client" {
		briefClients(t, h, transport, family, loopback)
	} else {
		briefServers(t, h, transport, family, loopback)
	}
	time.Sleep(100 * time.Millisecond)
	seen := map[int][]owner{}
	for _, f := range w.flows(t) {
		e := f.Client
		if role == "server" {
			e = f.Server
		}
		if f.Transport == transport && h.pids[e.Port] != nil {
			seen[e.Port] = append(seen[e.Port], e.Owner)
		}
	}
	for port, pids := range h.pids {
		if len(seen[port]) == 0 {
			t.Errorf("no flow of port %d was seen", port)
			continue
		}
		// A port that two processes had may be one flow or two.
		for i := range pids {
			sum.count(seen[port][min(i, len(seen[port])-1)], pids)
		}
	}
}

// briefClients talk to a server of the test's own.
func briefClients(t *testing.T, h *truth, transport, family, loopback string) {
	t.Helper()
	var port int
	var served sync.WaitGroup
	served.Add(briefProcesses)
	if transport == "udp" {
		server, err := net.ListenPacket("udp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		port = server.LocalAddr().(*net.UDPAddr).Port
		go func() {
			b := make([]byte, 64)
			for {
				n, from, err := server.ReadFrom(b)
				if err != nil {
					return
				}
				pid, _ := strconv.Atoi(string(b[:n]))
				h.is(from.(*net.UDPAddr).Port, pid)
				served.Done()
			}
		}()
	} else {
		server, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		port = server.Addr().(*net.TCPAddr).Port
		go func() {
			b := make([]byte, 64)
			for {
				c, err := server.Accept()
				if err != nil {
					return
				}
				n, _ := c.Read(b)
				pid, _ := strconv.Atoi(string(b[:n]))
				h.is(c.RemoteAddr().(*net.TCPAddr).Port, pid)
				_, _ = c.Write([]byte("ok"))
				c.Close()
				served.Done()
			}
		}()
	}
	_, program := programs(t)
	for range briefProcesses {
		cmd := exec.Command(program, "brief", transport, family, strconv.Itoa(port))
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(briefPause)
	}
	served.Wait()
}

// The unit of a process that has ended is known, as long as the unit is there.
func TestBriefUnit(t *testing.T) {
	asked(t)
	if withoutBPF() {
		t.Skip("nothing is remembered of processes that have ended")
	}
	const unified = "/sys/fs/cgroup/unified"
	group := "/sys/fs/cgroup/sniffid-ownertest.service"
	if _, err := os.Stat(unified); err == nil {
		group = unified + "/sniffid-ownertest.service"
	} else if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err != nil {
		t.Skip("version 2 of the control groups is not mounted")
	}
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(group) })
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	port := server.LocalAddr().(*net.UDPAddr).Port
	_, program := programs(t)
	w := watch(t)
	cmd := exec.Command("sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, group, program, "brief", "udp", "4", strconv.Itoa(port))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	time.Sleep(50 * time.Millisecond)
	for _, f := range w.flows(t) {
		if f.Server.Port == port {
			if o := f.Client.Owner; o.PID != cmd.Process.Pid || o.Unit != "sniffid-ownertest.service" {
				t.Errorf("the client is %+v", o)
			}
			return
		}
	}
	t.Error("no such flow was seen")
}

// briefServers are asked by the test.
func briefServers(t *testing.T, h *truth, transport, family, loopback string) {
	t.Helper()
	_, program := programs(t)
	for range briefProcesses {
		cmd := exec.Command(program, "once", transport, family)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var port int
		if _, err := fmt.Fscanf(out, "port %d\n", &port); err != nil {
			t.Fatal(err)
		}
		h.is(port, cmd.Process.Pid)
		c, err := net.Dial(transport, net.JoinHostPort(loopback, strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 16)
		if _, err := c.Write([]byte("?")); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(b); err != nil || !strings.HasPrefix(string(b[:n]), "ok") {
			t.Fatalf("%q, %v", b[:n], err)
		}
		c.Close()
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(briefPause)
	}
}
