//go:build linux

package winetest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// compiler compiles for Windows.
const compiler = "x86_64-w64-mingw32-gcc"

// patience is how long a program under Wine may take.
const patience = 30 * time.Second

// machine is a Windows of Wine's, with the two programs.
type machine struct {
	sniffid, peer string // for Windows
	native        string // sniffid for this system
	calls         string // file of the calls of wpcap.dll
	env           []string
}

// newMachine builds the programs and the libraries while Wine makes its folder.
// All of Wine ends with the test.
func newMachine(t *testing.T) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{
		sniffid: filepath.Join(dir, "sniffid.exe"), peer: filepath.Join(dir, "peer.exe"),
		native: filepath.Join(dir, "sniffid"), calls: filepath.Join(dir, "calls"),
	}
	prefix, home := filepath.Join(dir, "prefix"), filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	m.env = append(os.Environ(),
		"WINEPREFIX="+prefix, "WINEARCH=win64", "WINEDEBUG=-all", "HOME="+home, "DISPLAY=",
		// Npcap's library is not Wine's own; nothing of menus, .NET and browsers is wanted.
		"WINEDLLOVERRIDES=wpcap=n,b;winemenubuilder.exe,mscoree,mshtml=d",
		"SNIFFID_WPCAP_CALLS="+windowsPath(m.calls))
	t.Cleanup(func() { m.stop(t) })
	boot := m.host(t, "wineboot", "-i")
	// A file, because programs that go on running have it as well.
	said, err := os.Create(filepath.Join(dir, "wineboot"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	boot.Stdout, boot.Stderr = said, said
	if err := boot.Start(); err != nil {
		t.Fatal(err)
	}
	built := errors.Join(
		goBuild(m.sniffid, "windows", "../../cmd/sniffid"),
		goBuild(m.peer, "windows", "./peer"),
		goBuild(m.native, "linux", "../../cmd/sniffid"))
	if err := boot.Wait(); err != nil {
		text, _ := os.ReadFile(said.Name())
		t.Fatalf("wineboot: %v\n%s", err, text)
	}
	if built != nil {
		t.Fatal(built)
	}
	// What Wine started to set itself up would keep the service manager locked
	// for half a minute; the next program starts all that is needed anew.
	m.stop(t)
	libraries(t, filepath.Join(prefix, "drive_c", "windows", "system32"))
	// Services end with the last program that is not one, and beginning again
	// takes a second each time.
	m.play(t, "stay")
	return m
}

// libraries puts what Wine lacks, and what Npcap has, into the system folder.
func libraries(t *testing.T, system string) {
	t.Helper()
	compile(t, filepath.Join(system, "bcryptprimitives.dll"), "bcryptprimitives.c", "-nostartfiles", "-e", "DllMain", "-ladvapi32")
	compile(t, filepath.Join(system, "Npcap", "wpcap.dll"), "wpcap.c")
}

// stop ends all programs of this Wine, and its server.
func (m *machine) stop(t *testing.T) {
	t.Helper()
	_ = m.host(t, "wineserver", "-k").Run() // status 1: nothing ran any more
	if err := m.host(t, "wineserver", "-w").Run(); err != nil {
		t.Error("wineserver does not end:", err)
	}
}

// goBuild builds a program as a release is built.
func goBuild(to, system, pkg string) error {
	cmd := exec.Command("go", "build", "-o", to, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=amd64", "GOOS="+system)
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.New("build " + pkg + ": " + err.Error() + "\n" + string(out))
	}
	return nil
}

// compile makes a library of a source in testdata.
func compile(t *testing.T, to, source string, more ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-O2", "-s", "-Wall", "-Wextra", "-Werror", "-shared", "-o", to, filepath.Join("testdata", source)}, more...)
	if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
		t.Fatalf("compile %s: %v\n%s", source, err, out)
	}
}

// windowsPath is how Windows programs name a file of the host.
func windowsPath(name string) string { return "Z:" + strings.ReplaceAll(name, "/", `\`) }

// host is a command of the host that deals with this Wine.
func (m *machine) host(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	// Not of the test's context: that is done before the clean-up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = m.env
	cmd.WaitDelay = time.Second // others of Wine may have inherited its output
	return cmd
}

// windows is a command of a Windows program.
func (m *machine) windows(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	return m.host(t, "wine", append([]string{program}, args...)...)
}

// result is what a program did.
type result struct {
	stdout, stderr string
	status         int
}

// finish runs a command to its end.
func finish(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// run runs sniffid.exe, which has to end with a status.
func (m *machine) run(t *testing.T, status int, args ...string) result {
	t.Helper()
	r := finish(t, m.windows(t, m.sniffid, args...))
	if r.status != status {
		t.Fatalf("sniffid %s: status %d, want %d\n%s%s", strings.Join(args, " "), r.status, status, r.stdout, r.stderr)
	}
	return r
}
