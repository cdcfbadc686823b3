package signatures_test

import (
	"strconv"
	"testing"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

func load(t testing.TB) *signatures.Set {
	t.Helper()
	s, err := signatures.Load(signatures.Builtin(), builtin.All())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func engine(t testing.TB, s *signatures.Set) *dissect.Engine {
	t.Helper()
	e, err := dissect.NewEngine(s.Protocols(), dissect.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Every example is recognised as it says by the engine with all protocols, and
// so it is when every stream comes in segments of one byte.
func TestExamples(t *testing.T) {
	s := load(t)
	e := engine(t, s)
	for _, f := range s.Files() {
		t.Run(f.Protocol, func(t *testing.T) {
			for _, cut := range []int{0, 1} {
				t.Run("cut="+strconv.Itoa(cut), func(t *testing.T) {
					failures, err := f.RunExamples(signatures.EngineRunner{Engine: e, Cut: cut})
					if err != nil {
						t.Fatal(err)
					}
					for _, f := range failures {
						t.Error(f)
					}
				})
			}
		})
	}
}
