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

// With fifty thousand sockets on the machine, and new flows all the time, sniffid
// takes less than a twentieth of a core.
func TestManySockets(t *testing.T) {
	asked(t)
	// A twentieth is the aim; what noise may add to it is no failure.
	const processes, each, aim, most = 3, 17000, 0.05, 0.08
	for range processes {
		play(t, nil, "many", strconv.Itoa(each)).next(t, "held")
	}
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	w := watch(t)
	time.Sleep(time.Second) // its start is over
	flows, share := 0, 0.0
	for range attempts {
		begin, before := time.Now(), processorTime(t, w.cmd.Process.Pid)
		for tick := time.NewTicker(10 * time.Millisecond); time.Since(begin) < 10*time.Second; flows++ {
			<-tick.C
			c, err := net.Dial("udp", server.LocalAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.Write([]byte("?"))
			c.Close()
		}
		elapsed, cpu := time.Since(begin), processorTime(t, w.cmd.Process.Pid)-before
		share = float64(cpu) / float64(elapsed)
		t.Logf("%d sockets, %d new flows in all, %.1f s: %d ms of processor time, %.1f %% of a core (aim: %.0f %%)",
			processes*each, flows, elapsed.Seconds(), cpu.Milliseconds(), 100*share, 100*aim)
		if share < most || withoutBPF() {
			break
		}
	}
	seen := w.flows(t)
	if share >= most && !withoutBPF() {
		t.Errorf("%.1f %% of a core, want less than %.0f %%", 100*share, 100*most)
	}
	if len(seen) < flows*9/10 {
		t.Errorf("%d flows of %d were seen", len(seen), flows)
	}
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
