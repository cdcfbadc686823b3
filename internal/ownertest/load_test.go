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
	"testing"
	"time"

	own "github.com/sniffid/sniffid/correlate/owner"
)

// attempts is how often a figure is measured that noise may spoil.
const attempts = 3

// The programs that follow sockets slow traffic on loopback down by a tenth at
// most: requests and answers between two processes, with the programs and without,
// in turn.
func TestTrafficLoad(t *testing.T) {
	asked(t)
	if withoutBPF() {
		t.Skip("there are no programs")
	}
	// A tenth is the aim; what noise may add to it is no failure.
	const rounds, requests, aim, most = 25, 10000, 1.10, 1.20
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			ratio := 0.0
			for range attempts {
				a, b := trafficLoad(t, transport, rounds, requests)
				ratio = float64(a) / float64(b)
				t.Logf("%d ns for a request and its answer, %d ns without the programs: %.3f times (aim: %.2f at most)", a, b, ratio, aim)
				if ratio <= most {
					return
				}
			}
			t.Errorf("%.3f times, want %.2f at most", ratio, most)
		})
	}
}

// trafficLoad is how long a request and its answer take with the programs and
// without, in nanoseconds.
func trafficLoad(t *testing.T, transport string, rounds, requests int) (with, without int) {
	t.Helper()
	var a, b []int
	for range rounds {
		b = append(b, requestResponse(t, transport, requests))
		m, err := own.Open(own.Config{})
		if err != nil {
			t.Fatal(err)
		}
		a = append(a, requestResponse(t, transport, requests))
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(a)
	slices.Sort(b)
	return a[rounds/2] / requests, b[rounds/2] / requests
}

// requestResponse is how long so many requests took, in nanoseconds.
func requestResponse(t *testing.T, transport string, requests int) int {
	t.Helper()
	_, program := programs(t)
	// On one processor, so that waking another one up, which takes far longer and
	// never as long, is not what is measured.
	one := []string{"taskset", "-c", "0"}
	server := play(t, one, "echo", transport)
	port := server.next(t, "port")[0]
	out, err := exec.Command(one[0], one[1], one[2], program, "ask", transport, strconv.Itoa(port), strconv.Itoa(requests)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var took int
	if _, err := fmt.Sscanf(string(out), "took %d", &took); err != nil {
		t.Fatal(err)
	}
	return took
}

// With new flows all the time, sniffid takes about as much with fifty thousand sockets
// on the machine as with a few. The aim is a twentieth of a core, which is told: how
// much of one it is depends on the machine.
func TestManySockets(t *testing.T) {
	asked(t)
	const processes, each, most = 3, 17000, 1.5
	few, _ := newFlows(t, "a few")
	for range processes {
		play(t, nil, "many", strconv.Itoa(each)).next(t, "held")
	}
	for range attempts {
		many, complete := newFlows(t, strconv.Itoa(processes*each))
		if !complete {
			return
		}
		if withoutBPF() || many < most*few {
			return
		}
	}
	t.Errorf("more than %.1f times the processor time, with %d sockets", most, processes*each)
}

// newFlows captures while there are new flows, a hundred a second, and returns what part
// of a core that took; complete says that nearly all were seen.
func newFlows(t *testing.T, sockets string) (share float64, complete bool) {
	t.Helper()
	const aim = 0.05
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	w := watch(t)
	time.Sleep(time.Second) // its start is over
	parser, helper := w.cmd.Process.Pid, child(t, w.cmd.Process.Pid)
	both := func() time.Duration { return processorTime(t, parser) + processorTime(t, helper) }
	flows := 0
	begin, before := time.Now(), both()
	for tick := time.NewTicker(10 * time.Millisecond); time.Since(begin) < 10*time.Second; flows++ {
		<-tick.C
		c, err := net.Dial("udp", server.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte("?"))
		c.Close()
	}
	elapsed, cpu := time.Since(begin), both()-before
	share = float64(cpu) / float64(elapsed)
	t.Logf("%s sockets, %d new flows, %.1f s: %d ms of processor time, %.1f %% of a core (aim: %.0f %%)",
		sockets, flows, elapsed.Seconds(), cpu.Milliseconds(), 100*share, 100*aim)
	seen := w.flows(t)
	if len(seen) < flows*9/10 {
		t.Errorf("%d flows of %d were seen", len(seen), flows)
		return share, false
	}
	return share, true
}

// processorTime is what a process has used so far.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	var ticks int
	for _, f := range fields[11:13] { // utime and stime (proc_pid_stat(5))
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
