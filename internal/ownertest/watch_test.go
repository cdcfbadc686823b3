//go:build linux

package ownertest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// change is a line of "sniffid ports --watch".
type change struct {
	Event   string   `json:"event"`
	Local   string   `json:"local"`
	Owner   owner    `json:"owner"`
	Stopped []string `json:"stopped"`
	Started []string `json:"started"`
	Ended   bool     `json:"ended"`
	Began   bool     `json:"began"`
}

// A service that starts and stops is named with the port that comes and goes; a
// process that belongs to none is said to have begun and ended.
func TestWatch(t *testing.T) {
	asked(t)
	group := unitGroup(t, "sniffid-ownertest.service")
	cmd := sniffid(t, "ports", "--watch", "--interval", "50ms", "--format", "json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Error("sniffid:", err)
		}
	}()
	ready := bufio.NewScanner(stderr)
	for ready.Scan() && !strings.HasPrefix(ready.Text(), "watching") {
	}
	changes := make(chan change, 64)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var c change
			if json.Unmarshal(lines.Bytes(), &c) == nil {
				changes <- c
			}
		}
	}()
	next := func(event string, a *actor, port int) change {
		t.Helper()
		for timeout := time.After(5 * time.Second); ; {
			select {
			case c := <-changes:
				if c.Local == fmt.Sprintf("127.0.0.1:%d", port) {
					if c.Event != event || c.Owner.PID != a.cmd.Process.Pid {
						t.Errorf("%+v, want %s of %d", c, event, a.cmd.Process.Pid)
					}
					return c
				}
			case <-timeout:
				t.Fatalf("nothing is said of port %d, want %s", port, event)
			}
		}
	}

	plain := play(t, nil, serve("tcp", "127.0.0.1", "plain")...)
	port := plain.next(t, "port")[0]
	if c := next("appeared", plain, port); !c.Began || len(c.Started) > 0 {
		t.Errorf("%+v", c)
	}
	plain.end()
	if c := next("gone", plain, port); !c.Ended || len(c.Stopped) > 0 {
		t.Errorf("%+v", c)
	}

	unit := play(t, []string{"sh", "-c", fmt.Sprintf(`mkdir %s && echo $$ > %s/cgroup.procs && exec "$0" "$@"`, group, group)}, serve("tcp", "127.0.0.1", "plain")...)
	port = unit.next(t, "port")[0]
	if c := next("appeared", unit, port); !slices.Equal(c.Started, []string{filepath.Base(group)}) {
		t.Errorf("%+v", c)
	}
	unit.end()
	for range 100 { // as systemd does when a service has stopped
		if os.Remove(group) == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if c := next("gone", unit, port); !c.Ended || !slices.Equal(c.Stopped, []string{filepath.Base(group)}) {
		t.Errorf("%+v", c)
	}
}

// end ends an actor, so that not even its number is left.
func (a *actor) end() {
	a.stdin.Close()
	_, _ = a.cmd.Process.Wait()
}

// unitGroup is where systemd would make the control group of a unit.
func unitGroup(t *testing.T, name string) string {
	t.Helper()
	for _, root := range []string{"/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"} {
		if _, err := os.Stat(filepath.Join(root, "cgroup.procs")); err != nil {
			continue
		}
		group := filepath.Join(root, name)
		t.Cleanup(func() { _ = os.Remove(group) })
		return group
	}
	t.Skip("no control groups as systemd has them are mounted")
	return ""
}

// A process that hides from /proc is found by the witnesses' disagreement.
func TestHiddenProcess(t *testing.T) {
	asked(t)
	if withoutBPF() {
		t.Skip("one witness alone can't disagree")
	}
	a := play(t, nil, serve("tcp", "127.0.0.1", "plain")...)
	port := a.next(t, "port")[0]
	pid := a.next(t, "held")[0]
	program, _ := programs(t)
	doctor := func(before string) string {
		t.Helper()
		cmd := exec.Command("unshare", "--mount", "sh", "-euc", before+`exec "$0" doctor`, program)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	local := fmt.Sprintf("tcp 127.0.0.1:%d: ", port)
	if out := doctor(""); strings.Contains(out, local) {
		t.Errorf("nothing is hidden:\n%s", out)
	}
	out := doctor("mount --bind " + t.TempDir() + " /proc/" + strconv.Itoa(pid) + "; ")
	if !strings.Contains(out, local) || !strings.Contains(out, "BPF programs names PID "+strconv.Itoa(pid)) {
		t.Errorf("%d hides:\n%s", pid, out)
	}
}
