//go:build linux

package winetest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loopback is what Npcap calls the loopback device.
const loopback = `\Device\NPF_Loopback`

// TestWindows runs everything on one machine: to make one takes longer than all
// the rest.
func TestWindows(t *testing.T) {
	asked(t)
	m := newMachine(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, *machine)
	}{
		{"start", testStart},
		{"files", testFiles},
		{"devices", testDevices},
		{"capture", testCapture},
		{"interrupt", testInterrupt},
		{"sockets", testSockets},
		{"service", testService},
		{"doctor", testDoctor},
		{"packages", testPackages},
	} {
		t.Run(part.name, func(t *testing.T) {
			if err := os.WriteFile(m.calls, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			part.test(t, m)
		})
	}
}

func testStart(t *testing.T, m *machine) {
	if out := m.run(t, 0, "version").stdout; !strings.HasPrefix(out, "sniffid ") || !strings.Contains(out, "windows/amd64") {
		t.Errorf("version: %q", out)
	}
	help := m.run(t, 0, "--help").stdout
	if native := finish(t, exec.Command(m.native, "--help")).stdout; help != native {
		t.Errorf("--help differs from this system's (-):\n%s", cmp.Diff(native, help))
	}
	if r := m.run(t, 2, "--nosuch"); r.stdout != "" || !strings.Contains(r.stderr, "nosuch") {
		t.Errorf("a wrong flag: %+v", r)
	}
	if calls := m.called(t); len(calls) > 0 {
		t.Errorf("wpcap.dll is used without need: %q", calls)
	}
}

// Files are read as they are elsewhere, to the letter.
func testFiles(t *testing.T, m *machine) {
	const capture = "../../testdata/pcaps/phantom/netstat-2888.pcap"
	question := []string{"-r", capture, "--port", "2888", "--claims", "../../testdata/claims/netstat-an.xp.txt"}
	for _, tt := range []struct {
		name   string
		status int
		args   []string
		has    string
	}{
		{"text", 1, question, "phantom"},
		{"json", 1, append(slices.Clone(question), "--format", "json"), `"verdict":"phantom"`},
		{"explained", 0, []string{"explain", "-r", capture}, "smb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := m.run(t, tt.status, tt.args...)
			native := finish(t, exec.Command(m.native, tt.args...))
			if native.status != tt.status {
				t.Errorf("status %d, and %d on this system", tt.status, native.status)
			}
			if !strings.Contains(r.stdout, tt.has) {
				t.Errorf("it does not say %q", tt.has)
			}
			if diff := cmp.Diff(native.stdout, r.stdout); diff != "" {
				t.Errorf("differs from this system's (-):\n%s", diff)
			}
		})
	}
	t.Run("filter", func(t *testing.T) {
		r := m.run(t, 0, "-r", capture, "--format", "json", "tcp port 139 and host 192.168.0.111")
		one(t, r.stdout, "flow", func(r *record) bool { return slices.Equal(r.Protocols, []string{"nbss", "smb"}) })
		if all := records(t, m.run(t, 0, "-r", capture, "--format", "json", "tcp port 138").stdout, "flow"); len(all) > 0 {
			t.Errorf("flows pass a filter that they do not fit: %+v", all)
		}
		m.run(t, 2, "-r", capture, "tcp prot 139")
		if m.count(t, "open_dead") != 3 {
			t.Errorf("calls %q", m.called(t))
		}
		m.balanced(t)
	})
}

func testDevices(t *testing.T, m *machine) {
	text := m.run(t, 0, "-D").stdout
	if !regexp.MustCompile(`(?m)^[0-9]+\.\\Device\\NPF_Loopback \(.*loopback.*\) \[Up, Loopback\] .*\b127\.0\.0\.1\b`).MatchString(text) {
		t.Errorf("-D does not list the loopback:\n%s", text)
	}
	out := m.run(t, 0, "-D", "--format", "json").stdout
	d := one(t, out, "interface", func(r *record) bool { return r.Loopback })
	if d.Name != loopback || !d.Up || !slices.Contains(d.Addresses, "127.0.0.1") || !slices.Contains(d.Addresses, "::1") {
		t.Errorf("the loopback: %+v", d)
	}
	for _, d := range records(t, out, "interface") {
		if !d.Loopback && !regexp.MustCompile(`^\\Device\\NPF_\{[0-9A-F-]{36}\}$`).MatchString(d.Name) {
			t.Errorf("not a name of Npcap's: %+v", d)
		}
	}
	m.balanced(t)
}

func testDoctor(t *testing.T, m *machine) {
	out := m.run(t, 0, "doctor").stdout
	for _, want := range []string{
		`(?m)^ok +signatures +[0-9]+ protocols`,
		`(?m)^ok +interfaces +[0-9]+ can be captured on`,
		`(?m) capture +`, // nothing is routed here
		`(?m)^ok +owners +[0-9]+ sockets, read in .* by readings of the socket tables \(no events of the kernel: `,
		`(?m)^ok +registry +`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("it does not say %q", want)
		}
	}
	for _, word := range []string{"sudo", "setcap", "root"} {
		if strings.Contains(out, word) {
			t.Errorf("it says %q on Windows", word)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	m.balanced(t)
}

// testPackages runs the tests that are for Windows alone. The others call nothing
// of Windows, and some of them want what Wine 8 lacks: package net asks for a
// socket option with UDP that it does not know.
func testPackages(t *testing.T, m *machine) {
	for _, dir := range [...]string{"capture/live", "correlate/owner", "correlate/owner/etw", "internal/sandbox"} {
		t.Run(dir, func(t *testing.T) {
			pkg := filepath.Join("..", "..", filepath.FromSlash(dir))
			names := windowsTests(t, pkg)
			cmd := m.host(t, "go", "test", "-count=1", "-v", "-exec", "wine", "-run", "^("+strings.Join(names, "|")+")$", pkg)
			cmd.Env = append(cmd.Env, "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "HOME="+os.Getenv("HOME"))
			r := finish(t, cmd)
			if r.status != 0 {
				t.Errorf("status %d", r.status)
			}
			for _, name := range names {
				if !strings.Contains(r.stdout, "--- PASS: "+name+" ") {
					t.Errorf("%s did not pass", name)
				}
			}
			if t.Failed() {
				t.Log(r.stdout + r.stderr)
			}
		})
	}
}

// windowsTests names the tests in a folder's files for Windows.
func windowsTests(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_windows_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			names = append(names, string(found[1]))
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s has no tests for Windows", dir)
	}
	return names
}

// called are the calls of wpcap.dll in this part.
func (m *machine) called(t *testing.T) []string {
	t.Helper()
	f, err := os.Open(m.calls)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []string
	for in := bufio.NewScanner(f); in.Scan(); {
		calls = append(calls, in.Text())
	}
	return calls
}

func (m *machine) count(t *testing.T, call string) int {
	t.Helper()
	n := 0
	for _, c := range m.called(t) {
		if c == call {
			n++
		}
	}
	return n
}

// balanced checks that what wpcap.dll gave was given back to it.
func (m *machine) balanced(t *testing.T) {
	t.Helper()
	for _, pair := range [][2]string{{"findalldevs", "freealldevs"}, {"create", "close"}, {"compile", "freecode"}} {
		if got, back := m.count(t, pair[0]), m.count(t, pair[1]); got != back {
			t.Errorf("wpcap.dll: %s %d times, %s %d times", pair[0], got, pair[1], back)
		}
	}
}

// listen listens on the loopback's port for the length of the test.
func listen(t *testing.T, port int) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
