package lang_test

import (
	"testing"

	"github.com/sniffid/sniffid/signatures/lang"
)

func TestFollows(t *testing.T) {
	tests := map[string]bool{
		"x u8 == 1":                                            false,
		"require seen(a)":                                      true,
		"x u8 == 1\nrequire x == 1 and seen(a)":                true,
		"require seen(a) or seen(b)":                           true,
		"x u8 == 1\nrequire x == 1 or seen(a)":                 false,
		"reject seen(a)\nx u8 == 1":                            false,
		"x u8 == 1\nwhen x == 1:\n    require seen(a)":         false,
		"remember 1 as a\nx u8 == 1\nrequire not seen(a)":      false,
		"x u8 == 1\noptional:\n    require seen(a)\ny u8 == 2": false,
	}
	for text, want := range tests {
		prog, err := compile(lang.Env{Open: true}, text, "c u8\nremember c as a\nremember c as b")
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got := prog.Layouts[0].Follows(); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
