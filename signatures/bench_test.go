package signatures_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/sniffid/sniffid/dissect"
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

// Identifying a flow must not cost more because of the many protocols that it
// does not speak: the same flows, before fifty signatures and before all.
// The fifty are of the commonest families, the flows are their examples that
// both name alike.
func BenchmarkIdentify(b *testing.B) {
	s := load(b)
	const n = 50
	var plain []*signatures.File
	for _, family := range []string{"windows", "hosts", "names", "mail", "remote"} {
		for _, f := range s.Files() {
			if f.Family == family && len(plain) < n && slices.ContainsFunc(f.Over, func(o string) bool { return o == "tcp" || o == "udp" }) {
				plain = append(plain, f)
			}
		}
	}
	few := make(map[string]bool)
	var flows []*signatures.Example
	for _, f := range plain {
		few[f.Protocol] = true
		examples, err := f.Examples()
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range examples {
			if e.Pcap == "" && !e.Counter {
				flows = append(flows, e)
			}
		}
	}
	// with makes an engine of the fifty and so many more.
	with := func(more int) *dissect.Engine {
		var protocols []dissect.Protocol
		for _, p := range s.Protocols() {
			if !few[p.Name] {
				if more == 0 {
					continue
				}
				more--
			}
			p.Above = nil
			protocols = append(protocols, p)
		}
		e, err := dissect.NewEngine(protocols, dissect.Config{})
		if err != nil {
			b.Fatal(err)
		}
		return e
	}
	some, all := with(0), engine(b, s)
	flows = slices.DeleteFunc(flows, func(e *signatures.Example) bool {
		x, errX := signatures.EngineRunner{Engine: some}.Run(e)
		y, errY := signatures.EngineRunner{Engine: all}.Run(e)
		return errX != nil || errY != nil || len(x.Identification.Protocols) == 0 || !slices.Equal(x.Identification.Protocols, y.Identification.Protocols)
	})
	for _, c := range []struct {
		n      int
		engine *dissect.Engine
	}{{n, some}, {300, with(250)}, {len(s.Files()), all}} {
		b.Run(fmt.Sprintf("signatures=%d", c.n), func(b *testing.B) {
			r := signatures.EngineRunner{Engine: c.engine}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := r.Run(flows[i%len(flows)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
