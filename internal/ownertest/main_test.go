//go:build linux

// Package ownertest measures whether sockets are given to the right processes: it
// starts processes that hold and use sockets in all the ways there are, and
// compares what sniffid says of them with what they say themselves. README.md
// tells how to run it.
package ownertest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// variable asks for these tests: "1", or "nobpf" for what is reached where BPF
// programs may not be loaded.
const variable = "SNIFFID_OWNERS"

// acting has this program play an actor.
const acting = "SNIFFID_OWNERS_ACTOR"

// inside marks the run in the network namespace that the tests are in.
const inside = "SNIFFID_OWNERS_INSIDE"

func TestMain(m *testing.M) {
	if os.Getenv(acting) != "" {
		fmt.Fprintln(os.Stderr, goActor())
		os.Exit(1)
	}
	if os.Getenv(variable) == "" || os.Getenv(inside) != "" || os.Geteuid() != 0 {
		os.Exit(m.Run())
	}
	// All in a network namespace of its own, so that nothing else is seen.
	cmd := exec.Command("sh", append([]string{"-euc", `ip link set lo up; exec "$0" "$@"`}, os.Args...)...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "in a network namespace:", err)
		os.Exit(1)
	}
}

// asked skips the test unless it was asked for.
func asked(t testing.TB) {
	t.Helper()
	if os.Getenv(variable) == "" {
		t.Skipf("starts processes and captures, as root; to ask for it: %s=1 (see internal/ownertest/README.md)", variable)
	}
	if os.Geteuid() != 0 {
		t.Fatalf("%s is set, but capturing needs root", variable)
	}
}

// withoutBPF says that sniffid has to do without BPF programs.
func withoutBPF() bool { return os.Getenv(variable) == "nobpf" }

// build makes a program once.
var build = sync.OnceValues(func() (b struct{ sniffid, actor string }, err error) {
	dir, err := os.MkdirTemp("", "ownertest")
	if err != nil {
		return b, err
	}
	b.sniffid, b.actor = filepath.Join(dir, "sniffid"), filepath.Join(dir, "actor")
	if given := os.Getenv("SNIFFID_BINARY"); given != "" {
		b.sniffid = given
	} else if out, err := exec.Command("go", "build", "-o", b.sniffid, "../../cmd/sniffid").CombinedOutput(); err != nil {
		return b, fmt.Errorf("build sniffid: %w\n%s", err, out)
	}
	if out, err := exec.Command("gcc", "-O2", "-Wall", "-static", "-pthread", "-o", b.actor, "testdata/actor.c").CombinedOutput(); err != nil {
		return b, fmt.Errorf("build the actor: %w\n%s", err, out)
	}
	return b, nil
})

func programs(t testing.TB) (sniffid, actor string) {
	t.Helper()
	b, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return b.sniffid, b.actor
}

// actor is a running process, and what it says.
type actor struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines chan []string // words
}

// play starts the actor, perhaps by another program that executes it; without
// arguments it is that program alone, or the actor in Go.
func play(t testing.TB, before []string, args ...string) *actor {
	t.Helper()
	_, program := programs(t)
	words := slices.Concat(before, []string{program}, args)
	switch {
	case len(args) == 0 && len(before) == 0:
		words = []string{os.Args[0]}
	case len(args) == 0:
		words = before
	}
	a := &actor{cmd: exec.Command(words[0], words[1:]...), lines: make(chan []string, 1024)}
	a.cmd.Stderr = os.Stderr
	if len(args) == 0 {
		a.cmd.Env = append(os.Environ(), acting+"=go")
	}
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
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(a.lines)
		for in := bufio.NewScanner(stdout); in.Scan(); {
			a.lines <- strings.Fields(in.Text())
		}
	}()
	t.Cleanup(func() {
		a.stdin.Close()
		<-done // all who have its output have ended
		_ = a.cmd.Wait()
	})
	return a
}

// next waits for a line that begins with a word, and returns the numbers that
// follow.
func (a *actor) next(t testing.TB, word string) []int {
	t.Helper()
	timeout := time.After(5 * time.Second)
	for {
		select {
		case words, more := <-a.lines:
			if !more {
				t.Fatalf("the actor ended without %q", word)
			}
			if words[0] != word {
				continue
			}
			var numbers []int
			for _, w := range words[1:] {
				n, err := strconv.Atoi(w)
				if err != nil {
					t.Fatal(err)
				}
				numbers = append(numbers, n)
			}
			return numbers
		case <-timeout:
			t.Fatalf("the actor does not say %q", word)
		}
	}
}

// sniffid is a command of the program under test, with what it may do.
func sniffid(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	program, _ := programs(t)
	words := append([]string{program}, args...)
	if withoutBPF() {
		words = append([]string{"setpriv", "--bounding-set", "-bpf,-perfmon,-sys_admin"}, words...)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// capturing waits until somebody captures in this namespace.
func capturing(ctx context.Context) bool {
	for ctx.Err() == nil {
		text, err := os.ReadFile("/proc/thread-self/net/packet")
		for line := range bytes.Lines(text) {
			// The socket is bound to an interface, and runs.
			if f := bytes.Fields(line); err == nil && len(f) > 5 && string(f[4]) != "0" && string(f[5]) == "1" {
				return true
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

// testPID is the number of this process.
func testPID() int { return os.Getpid() }

// child is the first child of a process, whichever of its threads has started it.
func child(t testing.TB, pid int) int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range lists {
		text, _ := os.ReadFile(name) // the thread may have ended
		if first, _, found := strings.Cut(string(text), " "); found {
			n, err := strconv.Atoi(first)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("it has no child")
	return 0
}
