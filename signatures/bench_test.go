package signatures_test

import (
	"testing"

	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

// The program loads its signatures at every start.
func BenchmarkLoad(b *testing.B) {
	natives := builtin.All()
	b.ReportAllocs()
	for b.Loop() {
		s, err := signatures.Load(signatures.Builtin(), natives)
		if err != nil {
			b.Fatal(err)
		}
		s.Protocols()
	}
}
