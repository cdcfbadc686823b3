//go:build linux

package winetest

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// variable asks for these tests.
const variable = "SNIFFID_WINE"

// inside marks the run in the namespaces that the tests are in.
const inside = "SNIFFID_WINE_INSIDE"

// setUp makes the namespaces a machine of its own: with a loopback, and with
// processes that can be looked up.
const setUp = `mount -t proc proc /proc; ip link set lo up; exec "$0" "$@"`

// TestMain runs the tests in namespaces of their own: sniffid sees no other
// traffic and no other sockets, and whatever Wine starts ends with the tests.
func TestMain(m *testing.M) {
	if os.Getenv(variable) == "" || os.Getenv(inside) != "" || os.Geteuid() != 0 {
		os.Exit(m.Run())
	}
	cmd := exec.Command("sh", append([]string{"-euc", setUp}, os.Args...)...)
	cmd.Env = append(os.Environ(), inside+"=1", "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		// What is mounted here is not mounted elsewhere.
		Unshareflags: syscall.CLONE_NEWNS,
		Pdeathsig:    syscall.SIGKILL,
	}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "in namespaces of their own:", err)
		os.Exit(1)
	}
}

// asked skips the test unless it was asked for.
func asked(t *testing.T) {
	t.Helper()
	if os.Getenv(variable) == "" {
		t.Skipf("runs the Windows program under Wine, as root; to ask for it: %s=1, or make wine (see internal/winetest/README.md)", variable)
	}
	if os.Geteuid() != 0 {
		t.Fatalf("%s is set, but capturing needs root", variable)
	}
	for _, program := range [...]string{"wine", "wineboot", "wineserver", compiler} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is set, but %v: on Debian, apt-get install wine wine64 gcc-mingw-w64-x86-64-win32", variable, err)
		}
	}
}
