//go:build linux

package ownertest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"
)

// owner is what a record says about the process behind a socket.
type owner struct {
	PID        int    `json:"pid"`
	Name       string `json:"name"`
	Exe        string `json:"exe"`
	User       string `json:"user"`
	Unit       string `json:"unit"`
	Quality    string `json:"quality"`
	Reason     string `json:"reason"`
	Candidates []struct {
		PID int `json:"pid"`
	} `json:"candidates"`
}

// end is one end of a flow.
type end struct {
	Addr  string `json:"addr"`
	Port  int    `json:"port"`
	Owner owner  `json:"owner"`
}

// flow is a flow record; a row of the socket table has local instead.
type flow struct {
	Type      string `json:"type"`
	Transport string `json:"transport"`
	Client    end    `json:"client"`
	Server    end    `json:"server"`
	Local     string `json:"local"`
	State     string `json:"state"`
	NetNS     uint64 `json:"netns"`
	Owner     owner  `json:"owner"`
}

// watcher is a running capture.
type watcher struct {
	cmd *exec.Cmd
	out bytes.Buffer
}

// watch captures on the loopback of the test's namespace.
func watch(t testing.TB) *watcher {
	t.Helper()
	w := &watcher{cmd: sniffid(t, "-i", "lo", "--format", "json", "-q")}
	w.cmd.Stdout, w.cmd.Stderr = &w.out, os.Stderr
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if !capturing(ctx) {
		_ = w.cmd.Process.Kill()
		_ = w.cmd.Wait()
		t.Fatal("sniffid does not capture")
	}
	return w
}

// flows ends the capture.
func (w *watcher) flows(t testing.TB) []flow {
	t.Helper()
	_ = w.cmd.Process.Signal(os.Interrupt)
	if err := w.cmd.Wait(); err != nil {
		t.Error("sniffid:", err)
	}
	return records(t, w.out.Bytes(), "flow")
}

func records(t testing.TB, out []byte, kind string) []flow {
	t.Helper()
	var all []flow
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var f flow
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Fatalf("%v in %s", err, lines.Bytes())
		}
		if f.Type == kind {
			all = append(all, f)
		}
	}
	return all
}

// table lists the sockets.
func table(t testing.TB) []flow {
	t.Helper()
	cmd := sniffid(t, "ports", "--format", "json")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("sniffid ports:", err)
	}
	return records(t, out, "socket")
}
