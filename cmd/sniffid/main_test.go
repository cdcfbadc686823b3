package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program passes its arguments, its output and its exit status through.
func TestProgram(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "sniffid.exe") // a name that every system runs
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	out, err := exec.Command(binary, "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "sniffid ") {
		t.Errorf("version: %q, %v", out, err)
	}
	var exit *exec.ExitError
	if _, err := exec.Command(binary, "--no-such-flag").Output(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("unknown flag: %v, want exit status 2", err)
	}
}
