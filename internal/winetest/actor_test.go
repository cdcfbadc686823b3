//go:build linux

package winetest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// actor is a running peer.
type actor struct {
	cmd   *exec.Cmd
	stdin io.Closer
	// pid is Windows' number of the process, local the end that it opened.
	pid   int
	local string
}

// play starts a peer and waits until it is ready. It ends with the test, or when
// its input is closed.
func (m *machine) play(t *testing.T, args ...string) *actor {
	t.Helper()
	a := &actor{cmd: m.windows(t, m.peer, args...)}
	var stderr bytes.Buffer
	a.cmd.Stderr = &stderr
	stdin, err := a.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	a.stdin = stdin
	stdout, err := a.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.end(t) })
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		lines <- line
	}()
	select {
	case line := <-lines:
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != "ready" {
			a.end(t)
			t.Fatalf("peer %s is not ready: %q\n%s", strings.Join(args, " "), line, &stderr)
		}
		if a.pid, err = strconv.Atoi(words[1]); err != nil {
			t.Fatal(err)
		}
		a.local = words[2]
	case <-time.After(patience):
		t.Fatalf("peer %s says nothing", strings.Join(args, " "))
	}
	return a
}

// end has the peer end in good order.
func (a *actor) end(t *testing.T) {
	t.Helper()
	if a.cmd.ProcessState != nil {
		return
	}
	a.stdin.Close()
	if err := a.cmd.Wait(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Errorf("%s: %v", a.cmd, err)
	}
}

// watch captures with sniffid.exe while something is done, and returns what it
// said. It has to end by itself, with a status.
func (m *machine) watch(t *testing.T, status int, do func(), args ...string) result {
	t.Helper()
	args = append([]string{"-i", loopback, "--format", "json", "--duration", "20s"}, args...)
	cmd := m.windows(t, m.sniffid, args...)
	done := make(chan result, 1)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		done <- result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	awaitCapture(t)
	do()
	r := <-done
	if r.status != status {
		t.Fatalf("sniffid %s: status %d, want %d\n%s%s", strings.Join(args, " "), r.status, status, r.stdout, r.stderr)
	}
	return r
}
