package livetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// variable asks for the live test. What is missing then is a failure: a
	// test that was asked for must not be passed over.
	variable = "SNIFFID_LIVE"
	// limit is how long sniffid may take, from the first byte of the first
	// exchange to its own end.
	limit = time.Second
	// patience is how long a scenario may take, a server's preparation included.
	patience = 60 * time.Second
)

// scenario is one server on one port, and one exchange with it. Its scripts are
// for sh -eu, run in $DIR, and know $DIR, $PORT, $SERVER and $CLIENT; so do its
// files.
type scenario struct {
	name     string            // of the subtest
	packages string            // Debian packages of the server and the client
	programs string            // what must be there, in PATH
	files    map[string]string // settings to write to $DIR; names and $ expanded
	prepare  string            // before the server, in a room like its
	server   string            // stays in the foreground
	ready    string            // what the server's log says when bound is not enough
	late     bool              // the server starts when sniffid captures already
	client   string            // at least one exchange; its status is not looked at

	transport string
	port      uint16

	// protocols are the stack, lowest first, by "/". More may be seen above: what
	// is inside a proxy's connection, if it comes before sniffid has ended.
	protocols  string
	confidence string // certain, unless something else is said
	verdict    string
	// oneWay is a protocol whose server has nothing to say on its port.
	oneWay bool
	// process names the owner: who holds the listening socket, or after a blank
	// who else may hold the connection.
	process string
}

// outcome is what was measured of one scenario.
type outcome struct {
	scenario *scenario
	record   *portRecord
	// The times to the end of sniffid, from the first payload and from when both
	// ends had spoken.
	fromFirst, fromAnswer time.Duration
}

// TestServers runs every scenario, one after the other.
func TestServers(t *testing.T) {
	binary := asked(t)
	// An interrupt fails what is running, so that it cleans up.
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var outcomes []outcome
	for _, s := range scenarios() {
		if ctx.Err() != nil {
			t.Fatal("interrupted")
		}
		t.Run(s.name, func(t *testing.T) {
			if o := s.run(ctx, t, binary); o != nil {
				outcomes = append(outcomes, *o)
			}
		})
	}
	passed := make([]*scenario, len(outcomes))
	for i := range outcomes {
		passed[i] = outcomes[i].scenario
	}
	names := protocolsOf(passed)
	t.Logf("%d scenarios, %d protocols: %s\n%s", len(outcomes), len(names), strings.Join(names, " "), table(outcomes))
}

// asked skips the test unless it was asked for, and returns the binary under
// test.
func asked(t *testing.T) string {
	t.Helper()
	if os.Getenv(variable) == "" {
		t.Skipf("runs real servers, as root; to ask for it: %s=1 (see internal/livetest/README.md)", variable)
	}
	if os.Geteuid() != 0 {
		t.Fatalf("%s is set, but network namespaces need root", variable)
	}
	t.Setenv("PATH", serverPath())
	need(t, "ip ethtool sysctl mount hostname", harness)
	return build(t)
}

// serverPath is where servers are: PATH, and folders that are often missing
// from it.
func serverPath() string {
	postgres, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	return strings.Join(append([]string{os.Getenv("PATH"), "/usr/sbin", "/sbin"}, postgres...), ":")
}

// need fails the test when a program is missing.
func need(t *testing.T, programs, packages string) {
	t.Helper()
	for _, name := range strings.Fields(programs) {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is missing; on Debian: internal/livetest/install.sh, or apt-get install --no-install-recommends %s", name, packages)
		}
	}
}

// run plays the scenario: server, sniffer, client, in this order.
func (s *scenario) run(ctx context.Context, t *testing.T, binary string) *outcome {
	need(t, s.programs, s.packages)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dir := newFolder(t)
	client, server := cable(ctx, t)
	env := s.furnish(t, dir)

	defer func() {
		if t.Failed() {
			t.Log("\n" + dir.logs())
		}
	}()
	if s.prepare != "" {
		p := server.enter(ctx, t, dir, "prepare", s.prepare, env)
		if <-p.done; p.err != nil {
			t.Fatalf("prepare the server: %v", p.err)
		}
	}
	if !s.late {
		s.serve(ctx, t, server, dir, env)
	}
	w := watch(t, client)
	sniffer := sniff(ctx, t, binary, server, s.port)
	if s.late {
		s.serve(ctx, t, server, dir, env)
	}
	asker := client.enter(ctx, t, dir, "client", s.client, env)
	inTime := sniffer.wait(5 * limit)
	if !inTime {
		sniffer.stop()
	}
	o := s.judge(t, w, sniffer, inTime)
	if o != nil {
		o.record.checkPID(t, server)
	}
	if t.Failed() {
		asker.wait(time.Second) // for its log
		w.keep(t, filepath.Join(t.ArtifactDir(), "wire.pcapng"))
		t.Log("what passed is in wire.pcapng, which go test -artifacts leaves\n" + sniffer.said())
	}
	return o
}

// furnish writes the scenario's files and returns the environment of its
// scripts.
func (s *scenario) furnish(t *testing.T, dir folder) []string {
	t.Helper()
	own := map[string]string{
		"DIR": string(dir), "PORT": fmt.Sprint(s.port), "SERVER": serverAddr.String(), "CLIENT": clientAddr.String(),
	}
	for name, text := range s.files {
		dir.write(t, name, os.Expand(text, func(name string) string { return own[name] }))
	}
	dir.write(t, "hosts", fmt.Sprintf("127.0.0.1 localhost\n%s client.example client\n%s server.example server\n", clientAddr, serverAddr))
	dir.write(t, "resolv.conf", fmt.Sprintf("nameserver %s\n", serverAddr))
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + string(dir), "TMPDIR=" + os.TempDir(), "LC_ALL=C"}
	for name, value := range own {
		env = append(env, name+"="+value)
	}
	return env
}

// serve starts the server and waits until it takes requests.
func (s *scenario) serve(ctx context.Context, t *testing.T, n *namespace, dir folder, env []string) {
	t.Helper()
	p := n.enter(ctx, t, dir, "server", s.server, env)
	if !eventually(ctx, func() bool { return p.wait(0) || s.serves(n, dir) }) || p.wait(0) {
		t.Fatalf("nothing waits on %s port %d", s.transport, s.port)
	}
}

// serves reports whether the server takes requests.
func (s *scenario) serves(n *namespace, dir folder) bool {
	if !n.bound(s.transport, s.port) {
		return false
	}
	if s.ready == "" {
		return true
	}
	log, err := os.ReadFile(dir.path("server.log"))
	return err == nil && strings.Contains(string(log), s.ready)
}

// judge compares what sniffid said, and when, with what passed on the wire.
func (s *scenario) judge(t *testing.T, w *witness, sniffer *sniffer, inTime bool) *outcome {
	t.Helper()
	var e exchange
	ctx, cancel := context.WithTimeout(t.Context(), 5*limit) // sniffid may know before the server has answered
	defer cancel()
	if !eventually(ctx, func() bool { e = w.exchange(s.transport, s.port); return !s.complete(e).IsZero() }) {
		t.Errorf("no exchange on %s port %d: first payload of the client %v, of the server %v", s.transport, s.port, e.client, e.server)
		return nil
	}
	r, err := sniffer.port(s.transport, s.port)
	if err != nil {
		t.Error(err)
		return nil
	}
	r.check(t, s)
	o := &outcome{s, r, sniffer.ended.Sub(e.first()), max(0, sniffer.ended.Sub(s.complete(e)))}
	if !inTime || o.fromFirst > limit {
		t.Errorf("sniffid took %v from the first payload on, %v from the answer; want %v at most", o.fromFirst, o.fromAnswer, limit)
	}
	if status := sniffer.cmd.ProcessState.ExitCode(); status != exitStatus[s.verdict] {
		t.Errorf("exit status %d, want %d for a verdict of %s", status, exitStatus[s.verdict], s.verdict)
	}
	return o
}

// complete is when everybody had spoken who does.
func (s *scenario) complete(e exchange) time.Time {
	if s.oneWay {
		return e.first()
	}
	return e.complete()
}

// exitStatus of a run that was asked about a port.
var exitStatus = map[string]int{"unregistered": 0, "mismatch": 1}

// table shows the outcomes as Markdown.
func table(outcomes []outcome) string {
	var b strings.Builder
	b.WriteString("| server | port | seen as | verdict | owner | from the first byte | from the answer |\n")
	b.WriteString("| --- | --- | --- | --- | --- | ---: | ---: |\n")
	for _, o := range outcomes {
		seen := "-"
		if len(o.record.Observed) > 0 {
			seen = strings.Join(o.record.Observed[0].Protocols, " ") + ", " + o.record.Observed[0].Confidence
		}
		fmt.Fprintf(&b, "| %s | %d/%s | %s | %s | %s, %s | %d ms | %d ms |\n", o.scenario.name, o.scenario.port, o.scenario.transport, seen,
			o.record.Verdict, o.record.Owner.Name, o.record.Owner.Quality, o.fromFirst.Milliseconds(), o.fromAnswer.Milliseconds())
	}
	return b.String()
}
