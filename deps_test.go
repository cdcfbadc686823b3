// Package sniffid_test holds the tree to what ARCHITECTURE.md says of it.
package sniffid_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sniffid/sniffid"

// mayImport says which packages of the module a package may import. A name that
// ends in "/..." stands for the packages below it. What is not listed may not be
// imported, and a package that is not listed may not be there.
//
// What matters: dissect sees neither ports nor owners, so they can't decide a
// label; correlate sees neither signatures nor parsers, so an owner can
// contradict a label but not change it; signatures and dissect/proto do not know
// each other, nor does one parser know another.
var mayImport = map[string][]string{
	"capture":          {},
	"capture/pcapfile": {"capture"},
	"capture/live":     {"capture"},

	"dissect/flow":      {},
	"dissect/wire":      {},
	"dissect/fragment":  {},
	"dissect/header":    {"capture"}, // link types
	"dissect":           {"dissect/flow"},
	"dissect/sample":    {"dissect/flow"},
	"dissect/proto/...": {"dissect", "dissect/flow", "dissect/wire"},
	"dissect/builtin":   {"dissect", "dissect/proto/..."},

	"signatures":            {"dissect", "dissect/flow", "signatures/lang", "signatures/machine"},
	"signatures/lang":       {"signatures/lang/regex"},
	"signatures/lang/regex": {},
	"signatures/draft":      {"dissect/flow", "dissect/sample"},
	"signatures/machine":    {"dissect", "dissect/flow", "dissect/wire", "signatures/lang", "signatures/lang/regex"},

	"correlate":           {"dissect/flow", "correlate/..."},
	"correlate/owner":     {"correlate/owner/..."},
	"correlate/owner/...": {},
	"correlate/claims":    {},
	"correlate/registry":  {},

	"internal/pipeline": {
		"capture", "correlate", "correlate/claims", "correlate/owner",
		"dissect", "dissect/flow", "dissect/fragment", "dissect/header", "dissect/sample",
	},
	"internal/report": {"correlate", "correlate/claims", "correlate/owner", "dissect", "dissect/flow", "internal/pipeline"},
	"internal/cli": {
		"capture", "capture/live", "capture/pcapfile", "correlate", "correlate/claims", "correlate/owner",
		"correlate/registry", "dissect", "dissect/builtin", "dissect/flow", "internal/ownerhelper", "internal/pipeline",
		"internal/report", "internal/rotate", "internal/sandbox",
		"signatures", "signatures/draft",
	},
	"internal/sandbox":     {},
	"internal/companion":   {},
	"internal/ownerhelper": {"correlate/owner", "internal/companion"},
	"internal/rotate":      {"internal/companion", "internal/sandbox"},
	"cmd/sniffid":          {"internal/cli"},

	// For tests.
	"": {},
	"internal/conformance": {
		"capture", "capture/pcapfile", "dissect", "dissect/builtin", "dissect/flow", "dissect/header", "internal/pipeline", "signatures",
	},
	"internal/protocolpage": {"dissect/builtin", "signatures"},
	"internal/livetest":     {},
	"internal/ownertest":    {},
	"internal/winetest":     {},
	"internal/winetest/...": {},
	"internal/mutants": {
		"capture", "capture/pcapfile", "dissect", "dissect/builtin", "internal/pipeline", "signatures",
	},
	"internal/load": {
		"capture", "dissect", "dissect/builtin", "dissect/flow", "internal/pipeline", "signatures",
	},
	"internal/speed":       {"capture", "capture/pcapfile", "internal/cli"},
	"internal/testsummary": {},
}

// listed is what the test needs of "go list -json".
type listed struct {
	ImportPath, Dir  string
	Imports, GoFiles []string
	IgnoredGoFiles   []string
	CgoFiles         []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-json", "./...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// short is a package's path within the module.
func short(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}

func matches(pattern, name string) bool {
	if parent, below := strings.CutSuffix(pattern, "/..."); below {
		return strings.HasPrefix(name, parent+"/")
	}
	return pattern == name
}

func allowed(name string) ([]string, bool) {
	if list, ok := mayImport[name]; ok {
		return list, true
	}
	for pattern, list := range mayImport {
		if matches(pattern, name) {
			return list, true
		}
	}
	return nil, false
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		name := short(p.ImportPath)
		list, known := allowed(name)
		if !known {
			t.Errorf("package %s has no place in the import graph: add it to mayImport and to ARCHITECTURE.md", name)
			continue
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module+"/") {
				continue
			}
			if !slices.ContainsFunc(list, func(pattern string) bool { return matches(pattern, short(imported)) }) {
				t.Errorf("%s imports %s, which it may not", name, short(imported))
			}
		}
	}
}

// Files for other systems count too: exactly one file has the package's comment.
func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		files := slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles)
		var commented []string
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Error(err)
				continue
			}
			if f.Doc != nil {
				commented = append(commented, file)
			}
		}
		if len(files) > 0 && len(p.GoFiles)+len(p.CgoFiles) > 0 && len(commented) != 1 {
			t.Errorf("%s: the package comment is in %q, want it in one file", short(p.ImportPath), commented)
		}
	}
}

// maxLines is how long a file of one idea gets at most.
const maxLines = 450

func TestTree(t *testing.T) {
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(filepath.ToSlash(name))
		if d.IsDir() {
			if name != "." && strings.HasPrefix(base, ".") {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, "_test.go"):
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if n := bytes.Count(b, []byte("\n")); n >= maxLines {
				t.Errorf("%s has %d lines; is there more than one idea in it?", name, n)
			}
		case foreign(base):
			t.Errorf("%s: captures of other projects stay with them", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// foreign reports whether a capture is named after the project that it is from.
func foreign(name string) bool {
	for _, origin := range [...]string{"ndpi-", "zeek-", "suri-"} {
		if strings.HasPrefix(name, origin) {
			return true
		}
	}
	return false
}

func TestNoReplace(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct{ Replace []any }
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace) > 0 {
		t.Errorf("go.mod replaces %v", mod.Replace)
	}
}
