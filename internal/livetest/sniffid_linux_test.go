package livetest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// portRecord is what the test reads of a JSON record about a port.
type portRecord struct {
	Type      string     `json:"type"`
	Transport string     `json:"transport"`
	Addr      netip.Addr `json:"addr"`
	Port      uint16     `json:"port"`
	Role      string     `json:"role"`
	Observed  []struct {
		Protocols  []string `json:"protocols"`
		Role       string   `json:"role"`
		Confidence string   `json:"confidence"`
	} `json:"observed"`
	Owner struct {
		PID     int    `json:"pid"`
		Name    string `json:"name"`
		Quality string `json:"quality"`
		Reason  string `json:"reason"`
	} `json:"owner"`
	Verdict  string            `json:"verdict"`
	Why      string            `json:"why"`
	Evidence []json.RawMessage `json:"evidence"`
}

// build builds the binary under test, or takes the one that SNIFFID_BINARY names.
func build(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("SNIFFID_BINARY"); name != "" {
		name, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	name := filepath.Join(t.TempDir(), "sniffid")
	cmd := exec.Command("go", "build", "-o", name, "github.com/sniffid/sniffid/cmd/sniffid")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return name
}

// sniffer is a running sniffid.
type sniffer struct {
	*process
	out, log bytes.Buffer // what it said; for reading after done
}

// sniff starts the binary at the server's end of the cable, in the server's
// network namespace but with everything else the machine's own, as `ip netns
// exec` would, and waits until it captures.
func sniff(ctx context.Context, t *testing.T, binary string, n *namespace, port uint16) *sniffer {
	t.Helper()
	return sniffWith(ctx, t, binary, n, "--port", strconv.Itoa(int(port)), "--until-verdict")
}

// sniffWith is sniff with other flags.
func sniffWith(ctx context.Context, t *testing.T, binary string, n *namespace, flags ...string) *sniffer {
	t.Helper()
	s := &sniffer{}
	words := append([]string{"-euc", `mount -t sysfs sysfs /sys; exec "$0" "$@"`, binary, "-i", device, "--format", "json"}, flags...)
	cmd := exec.Command("sh", words...)
	cmd.Stdout, cmd.Stderr = &s.out, &s.log
	s.process = n.start(ctx, t, cmd, syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS})
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if !eventually(ctx, n.capturing) {
		s.kill()
		<-s.done
		t.Fatalf("sniffid does not capture: %v\n%s", s.err, &s.log)
	}
	return s
}

// stop makes the sniffer say what it knows so far.
func (s *sniffer) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	if !s.wait(3 * time.Second) {
		s.kill()
		<-s.done
	}
}

// port finds the record about the server's port.
func (s *sniffer) port(transport string, port uint16) (*portRecord, error) {
	lines := bufio.NewScanner(bytes.NewReader(s.out.Bytes()))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r portRecord
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("record %q: %w", lines.Text(), err)
		}
		if r.Type == "port" && r.Transport == transport && r.Addr == serverAddr && r.Port == port {
			return &r, nil
		}
	}
	return nil, fmt.Errorf("no record of %s port %d", transport, port)
}

// said is all output, for a failure's message.
func (s *sniffer) said() string {
	return fmt.Sprintf("--- sniffid %v\n%s%s", s.err, &s.out, &s.log)
}

// check compares the record with what the scenario wants.
func (r *portRecord) check(t *testing.T, s *scenario) {
	t.Helper()
	if len(r.Observed) == 0 || !strings.HasPrefix(strings.Join(r.Observed[0].Protocols, "/")+"/", s.protocols+"/") {
		t.Errorf("observed %+v, want %s", r.Observed, s.protocols)
	}
	if want := cmp.Or(s.confidence, "certain"); len(r.Observed) > 0 && r.Observed[0].Confidence != want {
		t.Errorf("confidence %s, want %s", r.Observed[0].Confidence, want)
	}
	if r.Role != "server" {
		t.Errorf("role %q, want server", r.Role)
	}
	if r.Verdict != s.verdict {
		t.Errorf("verdict %q (%s), want %q", r.Verdict, r.Why, s.verdict)
	}
	if r.Why == "" || len(r.Evidence) == 0 {
		t.Errorf("why %q, %d pieces of evidence: want both", r.Why, len(r.Evidence))
	}
	name, _, _ := strings.Cut(r.Owner.Name, " ") // some servers add arguments
	if !slices.Contains(strings.Fields(s.process), name) || r.Owner.Quality == "" {
		t.Errorf("owner %+v, want one of %s", r.Owner, s.process)
	}
}

// checkPID verifies that the owner's number is that of a process of that name
// in the namespace. A process that has ended since can't be verified.
func (r *portRecord) checkPID(t *testing.T, n *namespace) {
	t.Helper()
	if r.Owner.PID == 0 {
		t.Error("the owner has no PID")
		return
	}
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", r.Owner.PID))
	if err != nil {
		return
	}
	if name := strings.TrimSpace(string(comm)); !strings.HasPrefix(r.Owner.Name, name) {
		t.Errorf("PID %d is %s, not %s", r.Owner.PID, name, r.Owner.Name)
	}
	got, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", r.Owner.PID))
	want, _ := os.Readlink(fmt.Sprintf("/proc/self/task/%d/ns/net", n.tid))
	if got != "" && got != want { // a zombie is in none
		t.Errorf("PID %d is in network namespace %s, the server in %s", r.Owner.PID, got, want)
	}
}
