package sniffid_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// inProgram is the heading below which the modules are that are linked in.
const inProgram = "## In the program"

// The page about dependencies names every module of go.mod, and tells those that are
// linked in, on whatever system, from those that are not.
func TestDependencies(t *testing.T) {
	page, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	_, linked, found := strings.Cut(string(page), inProgram)
	linked, other, more := strings.Cut(linked, "\n## ")
	if !found || !more {
		t.Fatal("docs/dependencies.md has lost its headings")
	}
	compare(t, "linked in", modules(linked), linkedModules(t))

	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct{ Require []struct{ Path string } }
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	var required []string
	for _, r := range mod.Require {
		required = append(required, r.Path)
	}
	slices.Sort(required)
	compare(t, "required", slices.Sorted(slices.Values(append(modules(linked), modules(other)...))), required)
}

// modules are the names in the first column of a table, sorted.
func modules(table string) (names []string) {
	for line := range strings.Lines(table) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " ")
		if strings.HasPrefix(line, "| ") && strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// linkedModules are those of the packages that the program is built of.
func linkedModules(t *testing.T) (names []string) {
	t.Helper()
	for _, system := range []string{"linux", "windows", "darwin", "freebsd"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/sniffid")
		cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED="+cgo(system))
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v", system, err)
		}
		names = append(names, strings.Fields(string(out))...)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == module })
}

func cgo(system string) string {
	if system == runtime.GOOS {
		return "1"
	}
	return "0"
}

func compare(t *testing.T, what string, page, truth []string) {
	t.Helper()
	for _, name := range truth {
		if !slices.Contains(page, name) {
			t.Errorf("%s is %s, and docs/dependencies.md does not say so", name, what)
		}
	}
	for _, name := range page {
		if !slices.Contains(truth, name) {
			t.Errorf("docs/dependencies.md has %s, which is not %s", name, what)
		}
	}
}
