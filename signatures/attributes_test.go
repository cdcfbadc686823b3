package signatures

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const attributesPage = "../docs/attributes.md"

var (
	inLayout = regexp.MustCompile(`(?:->|\battr) +([a-zA-Z0-9_]+\.[a-zA-Z0-9_.]*[a-zA-Z0-9_])`)
	inParser = regexp.MustCompile(`(?:ttribute\(|attribute = |field[A-Z][A-Za-z]+: +)"([a-z0-9_]+\.[a-zA-Z0-9_.]*[a-zA-Z0-9_])"`)
)

// The page has every attribute of every signature and parser.
func TestAttributes(t *testing.T) {
	var page bytes.Buffer
	page.WriteString(attributesHead)
	all := attributes(t)
	for _, protocol := range slices.Sorted(maps.Keys(all)) {
		names := slices.Sorted(maps.Keys(all[protocol]))
		fmt.Fprintf(&page, "| %s | `%s` |\n", protocol, strings.Join(names, "` `"))
	}
	if *update {
		if err := os.WriteFile(attributesPage, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(attributesPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == page.String() {
		return
	}
	for protocol, names := range all {
		for name := range names {
			if !bytes.Contains(got, []byte("`"+name+"`")) {
				t.Errorf("%s: %s is not in docs/attributes.md", protocol, name)
			}
		}
	}
	t.Error("docs/attributes.md is not up to date; go test ./signatures -run TestAttributes -update writes it")
}

const attributesHead = `# Attributes

What is read from messages beside the protocol's name, with Wireshark's field names where it has the field. A value is there when its
message was captured whole and in clear; several values of one name are joined by ", ".
Written by ` + "`go test ./signatures -run TestAttributes -update`" + `.

| protocol | attributes |
| --- | --- |
`

func attributes(t *testing.T) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	add := func(protocol string, found [][][]byte) {
		for _, m := range found {
			if all[protocol] == nil {
				all[protocol] = map[string]bool{}
			}
			all[protocol][string(m[1])] = true
		}
	}
	s, err := Load(Builtin(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.files {
		for line := range bytes.Lines(f.source) {
			code, _, _ := bytes.Cut(line, []byte(" #"))
			add(f.Protocol, inLayout.FindAllSubmatch(code, -1))
		}
	}
	for _, dir := range []string{"../dissect/proto", "../dissect/wire"} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			protocol := filepath.Base(filepath.Dir(path))
			switch {
			case filepath.Base(path) == "ntlmssp.go":
				protocol = "ntlmssp" // within what authenticates with it
			case filepath.Base(path) == "gssapi.go":
				protocol = "kerberos"
			case protocol == "wire":
				protocol = "tls" // and what else has its handshake
			}
			add(protocol, inParser.FindAllSubmatch(source, -1))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
