package sandbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// insideVariable has the test's second process enter the sandbox and try what it names.
const insideVariable = "SNIFFID_TEST_INSIDE"

// attempts are what is tried inside. They return what happened.
var attempts = map[string]func() error{
	"nothing": func() error { return nil },
	"open": func() error {
		_, err := os.Open("/etc/passwd")
		return err
	},
	"create": func() error { return os.WriteFile(filepath.Join(os.TempDir(), "sniffid-sandbox-test"), nil, 0o600) },
	"self": func() error {
		_, err := os.ReadFile("/proc/self/maps")
		return err
	},
	"socket": func() error {
		_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		return err
	},
	"packet": func() error {
		_, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		return err
	},
	"dial": func() error {
		_, err := net.Dial("tcp", "127.0.0.1:9")
		return err
	},
	"kill":   func() error { return unix.Kill(os.Getppid(), 0) },
	"execve": func() error { return unix.Exec("/bin/true", []string{"true"}, nil) },
	"start":  func() error { return exec.Command("/bin/true").Run() },
	"ptrace": func() error { return unix.PtraceAttach(os.Getppid()) },
	"bpf": func() error {
		_, _, errno := unix.Syscall(unix.SYS_BPF, 0, 0, 0)
		return errno
	},
	"root": func() error { return syscall.Setuid(0) },
	"executable": func() error {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
		return err
	},
	"work": work,
}

// work does what parsing does: much memory, many threads, timers, pipes.
func work() error {
	runtime.GOMAXPROCS(8)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			runtime.LockOSThread() // a thread of its own, which ends with it
			var keep [][]byte
			for i := range 200 {
				keep = append(keep, make([]byte, 10_000+i))
				if i%50 == 0 {
					runtime.GC()
					time.Sleep(time.Millisecond)
				}
			}
			runtime.KeepAlive(keep)
		})
	}
	all.Wait()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	go func() {
		fmt.Fprint(w, "through a pipe")
		w.Close()
	}()
	text, err := io.ReadAll(r)
	if err == nil && string(text) != "through a pipe" {
		err = fmt.Errorf("read %q", text)
	}
	return err
}

func TestMain(m *testing.M) {
	what := os.Getenv(insideVariable)
	if what == "" {
		os.Exit(m.Run())
	}
	s, err := Prepare(Config{User: os.Getenv("SNIFFID_TEST_USER")})
	if err != nil {
		fmt.Println("prepare:", err)
		os.Exit(1)
	}
	began := time.Now()
	report, err := s.Enter()
	took := time.Since(began)
	if err != nil {
		fmt.Println("enter:", err)
		os.Exit(1)
	}
	fmt.Println(report)
	fmt.Println("took:", took)
	fmt.Println("done:", attempts[what]())
	// Until it is told that it was looked at.
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// inside is a process in the sandbox.
type inside struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	report string
	done   string // what came of the attempt; "" if the process ended before it could tell
}

func enter(t *testing.T, what string, edit func(*exec.Cmd)) *inside {
	t.Helper()
	p := &inside{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), insideVariable+"="+what)
	if edit != nil {
		edit(p.cmd)
	}
	var stderr bytes.Buffer
	p.cmd.Stderr = &stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for in := bufio.NewScanner(stdout); p.done == "" && in.Scan(); {
		if done, found := strings.CutPrefix(in.Text(), "done: "); found {
			p.done = done
			continue
		}
		lines = append(lines, in.Text())
	}
	p.report = strings.Join(lines, "\n")
	t.Logf("%s: %s\n%s%s", what, p.done, p.report, &stderr)
	return p
}

func (p *inside) end() error {
	p.stdin.Close()
	return p.cmd.Wait()
}

func TestForbidden(t *testing.T) {
	for what, want := range map[string]string{
		"open": "operation not permitted", "create": "operation not permitted", "self": "operation not permitted",
		"socket": "operation not permitted", "packet": "operation not permitted", "dial": "operation not permitted",
		"kill": "operation not permitted", "executable": "operation not permitted",
		"work": "<nil>", "nothing": "<nil>",
	} {
		p := enter(t, what, nil)
		if !strings.HasSuffix(p.done, want) {
			t.Errorf("%s: %q, want %q", what, p.done, want)
		}
		if err := p.end(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDeadly(t *testing.T) {
	for _, what := range []string{"execve", "ptrace", "bpf", "root", "start"} {
		p := enter(t, what, nil)
		err := p.end()
		if what == "start" && p.done != "" && p.done != "<nil>" {
			continue // no process could be made
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGSYS {
			t.Errorf("%s: %v, %q; want that it ends by SIGSYS", what, err, p.done)
		}
	}
}

// status is what the kernel says of every thread of a process, by the name of the line.
func status(t *testing.T, pid int, line string) []string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) == 0 {
		t.Fatalf("threads of %d: %v", pid, err)
	}
	var all []string
	for _, name := range files {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended
		}
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(string(text)) {
			if value, found := strings.CutPrefix(l, line+":"); found {
				all = append(all, strings.Join(strings.Fields(value), " "))
			}
		}
	}
	return all
}

const noCapability = "0000000000000000"

func TestEveryThread(t *testing.T) {
	p := enter(t, "work", nil)
	want := map[string]string{
		"CapEff": noCapability, "CapPrm": noCapability, "CapInh": noCapability, "CapAmb": noCapability,
		"NoNewPrivs": "1", "Seccomp": "2",
	}
	if os.Geteuid() == 0 {
		want["CapBnd"], want["Groups"] = noCapability, ""
		want["Uid"], want["Gid"] = "65534 65534 65534 65534", "65534 65534 65534 65534"
	}
	for line, value := range want {
		all := status(t, p.cmd.Process.Pid, line)
		if len(all) < 2 {
			t.Errorf("%s of %d threads only", line, len(all))
		}
		for _, got := range all {
			if got != value {
				t.Errorf("%s of a thread is %q, want %q", line, got, value)
			}
		}
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to become another user")
	}
	// A folder that this user can read.
	program := filepath.Join(t.TempDir(), "test")
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(program); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ordinary := func(user string) func(*exec.Cmd) {
		return func(cmd *exec.Cmd) {
			cmd.Path = program
			cmd.Env = append(cmd.Env, "SNIFFID_TEST_USER="+user)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1234, Gid: 1234}}
		}
	}
	p := enter(t, "open", ordinary(""))
	if !strings.HasSuffix(p.done, "operation not permitted") || !strings.Contains(p.report, "bounding set stays") {
		t.Errorf("open: %s; %s", p.done, p.report)
	}
	if got := status(t, p.cmd.Process.Pid, "Uid")[0]; got != "1234 1234 1234 1234" {
		t.Errorf("user %s", got)
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
	p = enter(t, "open", ordinary("daemon"))
	if !strings.Contains(p.report, "become user daemon: only root can") {
		t.Errorf("another user: %s", p.report)
	}
	if p.end() == nil {
		t.Error("it went on")
	}
}

// Root that may not change its user stays, and loses its capabilities all the same.
func TestRestrictedRoot(t *testing.T) {
	if _, err := exec.LookPath("setpriv"); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and setpriv")
	}
	restricted := func(user string) func(*exec.Cmd) {
		return func(cmd *exec.Cmd) {
			program := cmd.Path
			cmd.Path, _ = exec.LookPath("setpriv")
			cmd.Args = []string{"setpriv", "--bounding-set", "-setuid,-setgid,-setpcap", program}
			cmd.Env = append(cmd.Env, "SNIFFID_TEST_USER="+user)
		}
	}
	p := enter(t, "nothing", restricted(""))
	if !strings.Contains(p.report, "user: not in force: become nobody: setgroups: operation not permitted") {
		t.Error(p.report)
	}
	for _, got := range status(t, p.cmd.Process.Pid, "CapEff") {
		if got != noCapability {
			t.Errorf("CapEff %s", got)
		}
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
	p = enter(t, "nothing", restricted("nobody"))
	if !strings.Contains(p.report, "enter: become user nobody: setgroups: operation not permitted") {
		t.Error(p.report)
	}
	if p.end() == nil {
		t.Error("it went on")
	}
}
