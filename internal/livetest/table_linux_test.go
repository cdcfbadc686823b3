package livetest

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// harness are the packages of what the test itself runs.
const harness = "mount hostname iproute2 ethtool procps"

// leastProtocols is how many different protocols the scenarios have to show.
const leastProtocols = 90

// protocolsOf are the different protocols, sorted.
func protocolsOf(list []*scenario) []string {
	var names []string
	for _, s := range list {
		names = append(names, strings.Split(s.protocols, "/")...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestScenarios verifies what can be verified without root or servers: no two
// scenarios are the same, each says what it wants, and install.sh installs what
// they need and nothing else.
func TestScenarios(t *testing.T) {
	packages := strings.Fields(harness)
	seen := make(map[string]bool)
	for _, s := range scenarios() {
		packages = append(packages, strings.Fields(s.packages)...)
		if seen[s.name] {
			t.Errorf("two scenarios are called %s", s.name)
		}
		seen[s.name] = true
		if _, ok := exitStatus[s.verdict]; !ok {
			t.Errorf("%s: verdict %q", s.name, s.verdict)
		}
		for field, text := range map[string]string{
			"programs": s.programs, "server": s.server, "client": s.client, "protocols": s.protocols, "process": s.process,
		} {
			if text == "" {
				t.Errorf("%s: no %s", s.name, field)
			}
		}
		if s.transport != "tcp" && s.transport != "udp" || s.port == 0 {
			t.Errorf("%s: port %s/%d", s.name, s.transport, s.port)
		}
	}
	if n := len(protocolsOf(scenarios())); n < leastProtocols {
		t.Errorf("%d different protocols, want %d at least", n, leastProtocols)
	}
	slices.Sort(packages)
	if diff := cmp.Diff(slices.Compact(packages), installed(t)); diff != "" {
		t.Errorf("packages of the scenarios and of install.sh (-scenarios +install.sh):\n%s", diff)
	}
}

// installed reads the list of packages in install.sh.
func installed(t *testing.T) []string {
	t.Helper()
	script, err := os.ReadFile("install.sh")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(script), "packages='")
	list, _, _ = strings.Cut(list, "'")
	packages := strings.Fields(list)
	slices.Sort(packages)
	return packages
}
