package wire

import (
	"errors"
	"strings"
	"testing"
)

func TestRows(t *testing.T) {
	var got []string
	err := Rows("t.tsv", "# comment\n\na\tb\nc\td\n", 2, func(row []string) error {
		got = append(got, strings.Join(row, "+"))
		return nil
	})
	if err != nil || strings.Join(got, " ") != "a+b c+d" {
		t.Errorf("got %v, %v", got, err)
	}
	bad := errors.New("bad")
	tests := map[string]error{"a\tb\nc\n": nil, "a\tb\tc\n": nil, "#\na\tb\n": bad}
	for table, cause := range tests {
		err := Rows("t.tsv", table, 2, func([]string) error { return cause })
		if err == nil || cause != nil && !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), "t.tsv:") {
			t.Errorf("%q: %v", table, err)
		}
	}
}
