package sniffid_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What .ci/release makes can be checked as docs/releases.md says, and a change is seen.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program; not with -short")
	}
	for _, program := range []string{"ssh-keygen", "git", "bash", "sha256sum"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("needs", program, ":", err)
		}
	}
	dir := t.TempDir()
	tree, key := filepath.Join(dir, "tree"), filepath.Join(dir, "key")
	run := func(dir, stdin, name string, args ...string) error {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		t.Logf("%s: %s", name, bytes.TrimSpace(out))
		return err
	}
	if err := run(".", "", "git", "clone", "-q", ".", tree); err != nil {
		t.Skip("needs a git checkout:", err)
	}
	// The script as it is now, and the toolchain at hand: this is not about theirs.
	script, err := os.ReadFile(".ci/release")
	if err != nil {
		t.Fatal(err)
	}
	script = bytes.Replace(script, []byte("GOTOOLCHAIN=$("), []byte("GOTOOLCHAIN=local; : $("), 1)
	if err := os.WriteFile(filepath.Join(tree, ".ci", "release"), script, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, "", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key); err != nil {
		t.Fatal(err)
	}
	if err := run(tree, "", "bash", ".ci/release", key, "windows/amd64"); err != nil {
		t.Fatal(err)
	}

	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	dist := filepath.Join(tree, "dist")
	if err := os.WriteFile(filepath.Join(dist, "signers"), append([]byte("maintainers@sniffid "), public...), 0o644); err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	verify := func(sums string) error {
		return run(dist, sums, "ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "maintainers@sniffid", "-n", "sniffid-release", "-s", "SHA256SUMS.sig")
	}
	check := func() error { return run(dist, "", "sha256sum", "--check", "--ignore-missing", "SHA256SUMS") }
	if err := verify(string(sums)); err != nil {
		t.Error("the signature is not good:", err)
	}
	if err := check(); err != nil {
		t.Error("the sums are not those of the files:", err)
	}
	if verify(strings.ToUpper(string(sums))) == nil {
		t.Error("the signature is good for other sums")
	}
	archive := filepath.Join(dist, "sniffid-windows-amd64.tar.gz")
	b, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(archive, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if check() == nil {
		t.Error("a changed archive is not seen")
	}
}
