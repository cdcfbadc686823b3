package signatures

import (
	"os"
	"testing"
	"time"
)

func TestBuiltin(t *testing.T) {
	begin := time.Now()
	s, err := Load(os.DirFS("."), nil)
	t.Log(time.Since(begin))
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, f := range s.Files() {
		for _, m := range f.Messages {
			t.Logf("%s.%s: %d bits, %d rows, min %d", f.Protocol, m.Name, m.Bits(), len(m.Layout.Rows), m.Layout.Min)
		}
	}
}
