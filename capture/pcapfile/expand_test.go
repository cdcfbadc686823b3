package pcapfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	good := header(le, magicMicro, 4, 0, 1)
	for name, content := range map[string][]byte{
		"b/trace":         good,
		"b/trace.txt":     []byte("hello"),
		"a.pcap":          nil, // damaged, but named as one
		"c.PCAPNG.gz":     nil,
		"d/e/f.bin":       gzipped(good),
		"d/readme":        []byte("# captures"),
		"plain/notes.txt": []byte("nothing here"),
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		os.MkdirAll(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	notes := filepath.Join(dir, "plain", "notes.txt")
	got, err := Expand([]string{"-", notes, dir})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"-", notes}
	for _, name := range []string{"a.pcap", "b/trace", "c.PCAPNG.gz", "d/e/f.bin"} {
		want = append(want, filepath.Join(dir, filepath.FromSlash(name)))
	}
	diff(t, want, got)
	if _, err := Expand([]string{filepath.Join(dir, "plain")}); !errors.Is(err, ErrNotCapture) {
		t.Errorf("folder without captures: %v", err)
	}
	if _, err := Expand([]string{filepath.Join(dir, "none")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing path: %v", err)
	}
}

// TestExpandLinks: links to files are followed, dead ones and those to folders
// are not.
func TestExpandLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	capture := filepath.Join(elsewhere, "capture")
	if err := os.WriteFile(capture, header(le, magicMicro, 4, 0, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"a": capture, "b": filepath.Join(elsewhere, "none"), "c": elsewhere, "d": dir} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip("needs symbolic links:", err)
		}
	}
	got, err := Expand([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, []string{filepath.Join(dir, "a")}, got)
}
