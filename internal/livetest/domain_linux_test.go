package livetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// domainPatience is how long the domain may take, from its making on.
const domainPatience = 3 * time.Minute

// flowRecord is what the test reads of a JSON record about a flow.
type flowRecord struct {
	Type       string   `json:"type"`
	Transport  string   `json:"transport"`
	Client     flowEnd  `json:"client"`
	Server     flowEnd  `json:"server"`
	Protocols  []string `json:"protocols"`
	Confidence string   `json:"confidence"`
	// Attributes tell about payload that nobody knows, too.
	Attributes map[string]string `json:"attributes"`
}

type flowEnd struct {
	Addr  string `json:"addr"`
	Port  uint16 `json:"port"`
	Owner struct {
		PID  int    `json:"pid"`
		Name string `json:"name"`
	} `json:"owner"`
}

func (f *flowRecord) String() string {
	return fmt.Sprintf("%s %s:%d > %s:%d (%s %s, server %s)", f.Transport, f.Client.Addr, f.Client.Port, f.Server.Addr, f.Server.Port,
		strings.Join(f.Protocols, "/"), f.Confidence, f.Server.Owner.Name)
}

// TestDomain watches a domain while a member and a second controller join and
// use it: every flow is named, every RPC interface too, in the live capture and
// from what it wrote.
func TestDomain(t *testing.T) {
	binary := asked(t)
	s := domainScenario()
	need(t, s.programs, s.packages)
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, domainPatience)
	defer cancel()
	dir := newFolder(t)
	client, server := cable(ctx, t)
	env := s.furnish(t, dir)
	dir.write(t, "hosts", fmt.Sprintf("127.0.0.1 localhost\n%s client.example.test client\n%s server.example.test server\n", clientAddr, serverAddr))
	defer func() {
		if t.Failed() {
			t.Log("\n" + dir.logs())
		}
	}()

	if p := server.enter(ctx, t, dir, "prepare", s.prepare, env); !finished(p) {
		t.Fatalf("make the domain: %v", p.err)
	}
	p := server.enter(ctx, t, dir, "server", s.server, env)
	ready := func() bool {
		return p.wait(0) || !slices.ContainsFunc([]uint16{88, 135, 389, 445, 464, 636}, func(port uint16) bool { return !server.bound("tcp", port) })
	}
	if !eventually(ctx, ready) || p.wait(0) {
		t.Fatal("the controller does not listen")
	}
	file := filepath.Join(t.ArtifactDir(), "domain.pcapng")
	sniffer := sniffWith(ctx, t, binary, server, "-w", file)
	asker := client.enter(ctx, t, dir, "client", s.client, env)
	if !finished(asker) {
		t.Errorf("the client: %v", asker.err)
	}
	time.Sleep(limit) // for what was sent last
	sniffer.stop()
	live := readFlows(t, &sniffer.out)
	checkDomain(t, live)
	checkOwners(t, live)

	// What was captured says the same when it is read.
	out, err := exec.CommandContext(ctx, binary, "-r", file, "--format", "json").Output()
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	checkDomain(t, readFlows(t, bytes.NewReader(out)))
	if t.Failed() {
		t.Logf("%s", &sniffer.log)
	}
}

// finished reports whether the process ends, and well.
func finished(p *process) bool {
	<-p.done
	return p.err == nil
}

// readFlows reads the records about flows with payload.
func readFlows(t *testing.T, r io.Reader) []*flowRecord {
	t.Helper()
	var flows []*flowRecord
	for d := json.NewDecoder(r); ; {
		f := new(flowRecord)
		if err := d.Decode(f); err == io.EOF {
			return flows
		} else if err != nil {
			t.Fatal(err)
		}
		if f.Type == "flow" && (f.Transport == "tcp" || f.Transport == "udp") && (len(f.Protocols) > 0 || len(f.Attributes) > 0) {
			flows = append(flows, f)
		}
	}
}

// checkDomain verifies that every flow is named, those over TCP for certain,
// and every interface that is called over DCE/RPC.
func checkDomain(t *testing.T, flows []*flowRecord) {
	t.Helper()
	seen := make(map[string]bool)
	for _, f := range flows {
		for _, p := range f.Protocols {
			seen[p] = true
		}
		switch {
		case len(f.Protocols) == 0:
			t.Errorf("nothing known of %v: %v", f, f.Attributes)
		case f.Transport == "tcp" && f.Confidence != "certain":
			t.Errorf("not certain: %v", f)
		case f.Protocols[len(f.Protocols)-1] == "dcerpc":
			t.Errorf("no interface: %v", f)
		}
	}
	for _, p := range strings.Fields(domainProtocols + " " + domainInterfaces) {
		if !seen[p] {
			t.Errorf("%s was not seen in %d flows", p, len(flows))
		}
	}
	t.Logf("%d flows", len(flows))
}

// checkOwners verifies that whoever listens on the controller is found.
func checkOwners(t *testing.T, flows []*flowRecord) {
	t.Helper()
	for _, f := range flows {
		if f.Transport != "tcp" || netip.MustParseAddr(f.Server.Addr) != serverAddr {
			continue
		}
		if f.Server.Owner.PID == 0 || !domainProcess(f.Server.Owner.Name) {
			t.Errorf("owner %+v: %v", f.Server.Owner, f)
		}
	}
}

// domainProcess reports whether a process of Samba has that name: its tasks
// have their own.
func domainProcess(name string) bool {
	name, _, _ = strings.Cut(name, "[")
	name, _, _ = strings.Cut(name, "(")
	return slices.Contains(strings.Fields("samba smbd rpc ldap kdc dns"), name)
}
