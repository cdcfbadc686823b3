package builtin_test

import (
	"testing"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

// Every parser is bound by a signature file, and every file finds its parser.
func TestBound(t *testing.T) {
	natives := builtin.All()
	set, err := signatures.Load(signatures.Builtin(), natives)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range set.Files() {
		delete(natives, f.Native)
	}
	for name := range natives {
		t.Errorf("no signature file is bound to the parser %q", name)
	}
}

// Each call makes a parser for one conversation: two share no state.
func TestParsersAreSeparate(t *testing.T) {
	for name, make := range builtin.All() {
		a, b := make(), make()
		if a == nil || b == nil {
			t.Errorf("%s: no parser", name)
			continue
		}
		var r dissect.Report
		m := dissect.Message{Context: new(dissect.Context)}
		if out := a.Parse(&m, &r); out == dissect.Match {
			t.Errorf("%s: no bytes match", name)
		}
		if a == b {
			t.Errorf("%s: two conversations share a parser", name)
		}
	}
}
