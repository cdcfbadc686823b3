package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/capture/live"
)

// program builds sniffid where every user may run it.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sniffid-sandbox")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "sniffid")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", name, "../../cmd/sniffid").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return name, os.Chmod(dir, 0o755)
})

func built(t *testing.T) string {
	t.Helper()
	name, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// confined is a running sniffid.
type confined struct {
	*exec.Cmd
	out, err bytes.Buffer
}

func start(t *testing.T, cmd *exec.Cmd) *confined {
	t.Helper()
	c := &confined{Cmd: cmd}
	if cmd.Stdout == nil {
		cmd.Stdout = &c.out
	}
	cmd.Stderr = &c.err
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return c
}

// startCapture starts sniffid on the loopback of a network namespace of its own, perhaps
// by another program.
func startCapture(t *testing.T, through []string, args ...string) *confined {
	t.Helper()
	return start(t, captureCommand(t, through, args...))
}

func captureCommand(t *testing.T, through []string, args ...string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to make a network namespace and capture")
	}
	if _, err := live.Interfaces(); errors.Is(err, live.ErrNoLibrary) {
		t.Skip("needs libpcap")
	}
	words := append([]string{"-euc", `ip link set lo up; exec "$0" "$@"`}, through...)
	if len(through) == 0 {
		words = append(words, built(t))
	}
	cmd := exec.Command("sh", append(words, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	return cmd
}

// threads are what the kernel says of every thread, by the names of the lines.
func threads(t *testing.T, pid int) []map[string]string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		lines := map[string]string{}
		for l := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(l, ":")
			lines[key] = strings.Join(strings.Fields(value), " ")
		}
		all = append(all, lines)
	}
	return all
}

// entered waits until a process is in the sandbox, and makes sure that every thread is.
func (c *confined) entered(t *testing.T, want map[string]string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if all := threads(t, c.Process.Pid); len(all) > 0 && all[0]["Seccomp"] == "2" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not enter the sandbox:", c.err.String())
		}
	}
	all := threads(t, c.Process.Pid)
	if len(all) < 3 {
		t.Errorf("%d threads only", len(all))
	}
	for line, value := range map[string]string{"CapEff": zero, "CapPrm": zero, "CapInh": zero, "CapAmb": zero, "NoNewPrivs": "1", "Seccomp": "2"} {
		want[line] = value
	}
	for line, value := range want {
		for _, one := range all {
			if one[line] != value {
				t.Errorf("%s of thread %s is %q, want %q", line, one["Pid"], one[line], value)
			}
		}
	}
}

const (
	zero   = "0000000000000000"
	nobody = "65534 65534 65534 65534"
)

// root is what a process that was root's has become.
func root() map[string]string {
	return map[string]string{"CapBnd": zero, "Uid": nobody, "Gid": nobody, "Groups": ""}
}

// within calls f in the network namespace of a process.
func within(t *testing.T, pid int, f func() error) {
	t.Helper()
	if err := inNamespace(pid, f); err != nil {
		t.Fatal(err)
	}
}

func inNamespace(pid int, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
		if err == nil {
			defer ns.Close()
			err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// talk has a conversation over loopback, of which this process has both ends.
func talk() error { return talkFor(0) }

// talkFor keeps the sockets of a conversation for so long.
func talkFor(d time.Duration) error { return converse(func(int) {}, d) }

// converse is talkFor that calls asking with the client's port before its request.
func converse(asking func(port int), d time.Duration) error {
	l, err := net.Listen("tcp4", "127.0.0.1:8080")
	if err != nil {
		return err
	}
	defer l.Close()
	// Made in this namespace, both sockets stay in it.
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: 8080, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	client := os.NewFile(uintptr(fd), "client")
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		return err
	}
	defer server.Close()
	name, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	asking(name.(*unix.SockaddrInet4).Port)
	for _, say := range []struct {
		from io.Writer
		to   io.Reader
		text string
	}{
		{client, server, "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n"},
		{server, client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	} {
		if _, err := io.WriteString(say.from, say.text); err != nil {
			return err
		}
		if _, err := io.ReadFull(say.to, make([]byte, len(say.text))); err != nil {
			return err
		}
	}
	time.Sleep(d)
	return nil
}

// capturing waits until somebody captures in the network namespace of a process.
func capturing(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/packet", pid))
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 5 && f[4] != "0" && f[5] == "1" {
				return
			}
		}
	}
	t.Fatal("nobody captures")
}

// flowRecord is what the tests read of a record.
type flowRecord struct {
	Type      string   `json:"type"`
	Protocols []string `json:"protocols"`
	Client    struct {
		Port  int
		Owner ownerRecord
	}
	Server struct{ Owner ownerRecord }
}

type ownerRecord struct {
	PID    int    `json:"pid"`
	Reason string `json:"reason"`
}

// end interrupts a capture, and returns its flows.
func (c *confined) end(t *testing.T) []flowRecord {
	t.Helper()
	time.Sleep(300 * time.Millisecond) // the last packets
	_ = c.Process.Signal(os.Interrupt)
	if err := c.Wait(); err != nil {
		t.Errorf("%v: %s", err, &c.err)
	}
	var flows []flowRecord
	for line := range bytes.Lines(c.out.Bytes()) {
		var f flowRecord
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		if f.Type == "flow" {
			flows = append(flows, f)
		}
	}
	return flows
}

// helper is the process that looks up owners for another one.
func helper(t *testing.T, pid int) int {
	t.Helper()
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, name := range lists {
		text, _ := os.ReadFile(name)
		if first, _, found := strings.Cut(string(text), " "); found {
			child, err := strconv.Atoi(first)
			if err != nil {
				t.Fatal(err)
			}
			return child
		}
	}
	t.Fatal("it has no child")
	return 0
}

func TestLiveConfined(t *testing.T) {
	written := filepath.Join(t.TempDir(), "out.pcapng")
	c := startCapture(t, nil, "-i", "lo", "--format", "json", "-w", written)
	c.entered(t, root())
	capturing(t, c.Process.Pid)
	helperPID := helper(t, c.Process.Pid)
	within(t, c.Process.Pid, talk)
	c.entered(t, root()) // the threads that have come meanwhile, too
	flows := c.end(t)
	if len(flows) != 1 || len(flows[0].Protocols) == 0 || flows[0].Protocols[0] != "http" {
		t.Fatalf("flows: %+v", flows)
	}
	for _, o := range []ownerRecord{flows[0].Client.Owner, flows[0].Server.Owner} {
		if o.PID != os.Getpid() {
			t.Errorf("owner %+v, want PID %d", o, os.Getpid())
		}
	}
	if !strings.Contains(c.err.String(), "0 dropped by the interface") || strings.Contains(c.err.String(), "level=") {
		t.Error(c.err.String())
	}
	if info, err := os.Stat(written); err != nil || info.Size() < 500 {
		t.Error("nothing written:", err)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", helperPID)); err == nil {
		t.Error("the process that looks up owners goes on")
	}
}

func TestHelperKilled(t *testing.T) {
	c := startCapture(t, nil, "-i", "lo", "--format", "json")
	c.entered(t, root())
	capturing(t, c.Process.Pid)
	if err := unix.Kill(helper(t, c.Process.Pid), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, c.Process.Pid, talk)
	flows := c.end(t)
	if len(flows) != 1 || len(flows[0].Protocols) == 0 || flows[0].Protocols[0] != "http" {
		t.Fatalf("flows: %+v", flows)
	}
	for _, o := range []ownerRecord{flows[0].Client.Owner, flows[0].Server.Owner} {
		if o.PID != 0 || o.Reason != "lookups-ended" {
			t.Errorf("owner %+v", o)
		}
	}
	if n := strings.Count(c.err.String(), "owner look-ups have ended, and the capture goes on"); n != 1 {
		t.Errorf("said %d times: %s", n, &c.err)
	}
}

// The parser killed, the other process ends.
func TestParserKilled(t *testing.T) {
	c := startCapture(t, nil, "-i", "lo")
	c.entered(t, root())
	child := helper(t, c.Process.Pid)
	_ = c.Process.Kill()
	_ = c.Wait()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		if err != nil || bytes.Contains(text, []byte(") Z ")) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the process that looks up owners goes on")
		}
	}
}

// An ordinary user, by the capabilities of the file.
func TestFileCapabilities(t *testing.T) {
	text, err := os.ReadFile(built(t))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(filepath.Dir(built(t)), "capable")
	if err := os.WriteFile(name, text, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("setcap", "cap_net_raw,cap_net_admin+ep", name).CombinedOutput(); err != nil {
		t.Skipf("needs setcap and a file system that keeps it: %v: %s", err, out)
	}
	c := startCapture(t, []string{"setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups", name}, "-i", "lo", "--format", "json")
	c.entered(t, map[string]string{"Uid": "1234 1234 1234 1234"})
	capturing(t, c.Process.Pid)
	within(t, c.Process.Pid, talk)
	flows := c.end(t)
	if len(flows) != 1 || len(flows[0].Protocols) == 0 || flows[0].Protocols[0] != "http" {
		t.Fatalf("flows: %+v; %s", flows, &c.err)
	}
	// The process is another user's, and its sockets are gone soon.
	if o := flows[0].Server.Owner; o.PID != 0 || o.Reason != "no-permission" && o.Reason != "exited" {
		t.Errorf("owner %+v", o)
	}
}

// As systemd starts what docs/sniffid@.service describes: an ordinary user with ambient
// capabilities, who can't gain others.
func TestService(t *testing.T) {
	unit, err := os.ReadFile("../../docs/sniffid@.service")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(unit), "AmbientCapabilities=")
	list, _, _ = strings.Cut(list, "\n")
	if !found || !strings.Contains(string(unit), "NoNewPrivileges=yes") {
		t.Fatal("the unit has changed")
	}
	var caps []string
	for _, name := range strings.Fields(list) {
		caps = append(caps, "+"+strings.TrimPrefix(strings.ToLower(name), "cap_"))
	}
	all := strings.Join(caps, ",")
	c := startCapture(t, []string{
		"setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups", "--inh-caps", all, "--ambient-caps", all, "--no-new-privs", built(t),
	}, "-i", "lo", "--format", "json")
	c.entered(t, map[string]string{"Uid": "1234 1234 1234 1234"})
	capturing(t, c.Process.Pid)
	// Without BPF an owner is found while the socket is there.
	within(t, c.Process.Pid, func() error { return talkFor(time.Second) })
	flows := c.end(t)
	if len(flows) != 1 || len(flows[0].Protocols) == 0 || flows[0].Protocols[0] != "http" {
		t.Fatalf("flows: %+v; %s", flows, &c.err)
	}
	if o := flows[0].Server.Owner; o.PID != os.Getpid() {
		t.Errorf("owner %+v, want PID %d", o, os.Getpid())
	}
}

// Interfaces that come up later are not captured on; that is said.
func TestAnyConfined(t *testing.T) {
	c := startCapture(t, nil, "-i", "any", "--format", "json")
	c.entered(t, root())
	capturing(t, c.Process.Pid)
	within(t, c.Process.Pid, func() error {
		if out, err := exec.Command("ip", "link", "add", "late0", "type", "veth", "peer", "name", "late1").CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return talk()
	})
	flows := c.end(t)
	if len(flows) != 1 {
		t.Errorf("flows: %+v", flows)
	}
	if n := strings.Count(c.err.String(), "interfaces have changed"); n != 1 {
		t.Errorf("said %d times: %s", n, &c.err)
	}
}

func TestFileConfined(t *testing.T) {
	pcap, err := os.ReadFile("../../testdata/pcaps/dns/udp.pcap")
	if err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"-", fifo} {
		for _, user := range []string{"", "daemon", "ordinary"} {
			if user != "" && os.Geteuid() != 0 {
				continue
			}
			want := map[string]string{}
			args := []string{"-r", from}
			cmd := exec.Command(built(t))
			switch {
			case user == "ordinary":
				if from == fifo {
					continue // it is root's
				}
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1234, Gid: 1234}}
				want["Uid"] = "1234 1234 1234 1234"
			case user == "daemon":
				args = append(args, "-Z", user)
				want = map[string]string{"CapBnd": zero, "Uid": "1 1 1 1", "Groups": ""}
			case os.Geteuid() == 0:
				want = root()
			}
			cmd.Args = append(cmd.Args, args...)
			var in io.WriteCloser
			if from == "-" {
				if in, err = cmd.StdinPipe(); err != nil {
					t.Fatal(err)
				}
			}
			c := start(t, cmd)
			if from == fifo {
				if in, err = os.OpenFile(fifo, os.O_WRONLY, 0); err != nil {
					t.Fatal(err)
				}
			}
			c.entered(t, want)
			if _, err := in.Write(pcap[:100]); err != nil {
				t.Fatal(err)
			}
			c.entered(t, want)
			if _, err := in.Write(pcap[100:]); err != nil {
				t.Fatal(err)
			}
			in.Close()
			if err := c.Wait(); err != nil || !strings.Contains(c.out.String(), "dns") || c.err.Len() > 0 {
				t.Errorf("%s, %s: %v\n%s%s", from, user, err, &c.out, &c.err)
			}
		}
	}
}
