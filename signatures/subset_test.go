package signatures

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clean removes what may differ: the place of a value that is not there.
func clean(n *node) *node {
	if n.kind == scalar && n.text == "" && n.style == plain {
		n.line, n.col = 0, 0
	}
	for _, i := range n.items {
		clean(i)
	}
	return n
}

func compareReaders(t *testing.T, name, src string) (read bool) {
	t.Helper()
	fast := readSubset(src)
	if fast == nil {
		return false
	}
	general, err := readGeneral(name, []byte(src))
	if err != nil {
		t.Errorf("%s: read, although %v", name, err)
		return true
	}
	if diff := cmp.Diff(clean(general), clean(fast), cmp.AllowUnexported(node{})); diff != "" {
		t.Errorf("%s: general reader (-), subset (+):\n%s", name, diff)
	}
	return true
}

// Both readers agree on every file.
func TestSubsetAgrees(t *testing.T) {
	total, read := 0, 0
	err := fs.WalkDir(Builtin(), ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		src, err := fs.ReadFile(Builtin(), p)
		if err != nil {
			return err
		}
		head, tail := split(src)
		for _, part := range []string{string(src), string(head), string(tail)} {
			total++
			if compareReaders(t, p, part) {
				read++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d parts are in the subset", read, total)
	if read < total*9/10 {
		t.Errorf("only %d of %d parts are in the subset", read, total)
	}
}

func TestSubset(t *testing.T) {
	tests := []struct {
		name, src string
		read      bool
	}{
		{"mapping", "a: b\nc: 1\n", true},
		{"nested", "a:\n  b: c\n  d:\n    e: f\ng: h\n", true},
		{"list", "a:\n  - b\n  - c\nd: e\n", true},
		{"list at the key's indentation", "a:\n- b\n- c\nd: e\n", true},
		{"list of mappings", "a:\n  - b: 1\n    c: 2\n  - b: 3\n", true},
		{"flow", "a: [b, c d, 'e, f']\ng: {h: i, j: \"k\\n\"}\n", true},
		{"flow over lines", "a: [b,\n  c]\nd: {e: f,\n    g: h}\n", true},
		{"nested flow", "a: [{b: c}, [d]]\n", true},
		{"literal", "a: |\n  b # c\n    d\n\n  e\nf: g\n", true},
		{"folded", "a: >\n  b\n  c\nd: e\n", true},
		{"comments", "# x\na: b # c\n# d\n  # e\nf: 'g' # h\n", true},
		{"quotes", "a: 'it''s'\nb: \"\\\"x\\\" \\\\\"\n", true},
		{"null", "a:\nb: c\n", true},
		{"colon in a value", "a: b:c\nd: {e: f:g}\n", true},
		{"numbers stay text", "a: 0x10\nb: 007\nc: 1e3\nd: true\n", true},
		{"keep", "a: |+\n  b\n\n", false},
		{"folded with a break", "a: >\n  b\n\n  c\n", false},
		{"multi-line plain", "a: b\n  c\n", false},
		{"anchor", "a: &b c\n", false},
		{"tab", "a:\tb\n", false},
		{"two documents", "a: b\n---\nc: d\n", false},
		{"mapping in a value", "a: b: c\n", false},
		{"unclosed", "a: [b\n", false},
		{"bad indentation", "a:\n    b: c\n  d: e\n", false},
		{"escape", "a: \"\\u00e9\"\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := compareReaders(t, tt.name, tt.src); got != tt.read {
				t.Errorf("read = %v, want %v", got, tt.read)
			}
		})
	}
}

// What the subset's reader reads, the general one reads too and the same.
func FuzzSubset(f *testing.F) {
	for _, s := range []string{"a: b\n", "a:\n  - b: [c, {d: e}]\n", "a: |\n  b\n", "a: >\n  b\n  c\n", "'a': \"b\"\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) { readSubset(src) })
}
