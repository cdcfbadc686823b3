package signatures

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/dissect"
)

var updateDigest = flag.Bool("update-digest", false, "write digest.bin")

// fakes has every native parser that a file names.
type fakes struct{ dissect.Parser }

func natives(t testing.TB) map[string]func() dissect.Parser {
	t.Helper()
	s, err := Load(Builtin(), nil)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]func() dissect.Parser{}
	for _, f := range s.files {
		if f.Native != "" {
			m[f.Native] = func() dissect.Parser { return fakes{} }
		}
	}
	return m
}

// The digest fits the files, and says the same of them.
func TestDigest(t *testing.T) {
	s, err := Load(Builtin(), natives(t))
	if err != nil {
		t.Fatal(err)
	}
	want, err := writeDigest(s)
	if err != nil {
		t.Fatal(err)
	}
	if *updateDigest {
		if err := os.WriteFile("digest.bin", want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if digest != string(want) {
		t.Fatal("signatures/digest.bin is of other files: make docs writes it")
	}
	got, err := readDigest(string(want), natives(t))
	if err != nil {
		t.Fatal(err)
	}
	ignored := cmp.FilterPath(func(p cmp.Path) bool {
		return p.Last().String() == ".Begins" || p.Last().String() == ".New"
	}, cmp.Ignore())
	empty := cmp.Transformer("sets", func(p []*dissect.ByteSet) []dissect.ByteSet {
		all := make([]dissect.ByteSet, len(p))
		for i, s := range p {
			if s != nil {
				all[i] = *s
			} else {
				all[i].AddRange(0, 255)
			}
		}
		return all
	})
	all := s.Protocols()
	if d := cmp.Diff(all, got, ignored, empty, cmp.Comparer(func(a, b []string) bool { return len(a) == len(b) && (len(a) == 0 || cmp.Equal(a, b)) })); d != "" {
		t.Errorf("(-files +digest):\n%.4000s", d)
	}
	for i := range got {
		if (got[i].Begins == nil) != (all[i].Begins == nil) || got[i].New() == nil {
			t.Errorf("%s is not made alike", got[i].Name)
		}
	}
}

// A digest that is cut or of other files is not used.
func TestDigestMalformed(t *testing.T) {
	m := natives(t)
	for n := range len(digest) {
		if n > 100 && n < len(digest)-100 && n%4999 != 0 {
			continue
		}
		if _, err := readDigest(digest[:n], m); err == nil {
			t.Fatalf("cut to %d bytes of %d, it is read", n, len(digest))
		}
	}
	other := string([]byte{digest[0] ^ 1}) + digest[1:]
	if _, err := readDigest(other, m); err == nil {
		t.Error("of other files, it is read")
	}
	if protocols, err := Protocols(m); err != nil || len(protocols) == 0 {
		t.Errorf("%d protocols, %v", len(protocols), err)
	}
}

func FuzzDigest(f *testing.F) {
	sum, err := checksum()
	if err != nil {
		f.Fatal(err)
	}
	head := digest[:8]
	f.Add(digest[8:200])
	f.Fuzz(func(t *testing.T, rest string) {
		// Whatever it says, it is read or not, and takes no more than it may.
		protocols, err := readDigest(head+rest, nil)
		if err != nil && protocols != nil || sum == 0 {
			t.Errorf("%d protocols, %v", len(protocols), err)
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	m := natives(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Protocols(m); err != nil {
			b.Fatal(err)
		}
	}
}
