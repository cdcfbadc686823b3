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
// The fifty are spread evenly over those that stand on TCP or UDP.
func BenchmarkIdentify(b *testing.B) {
	s := load(b)
	var plain []*signatures.File
	for _, f := range s.Files() {
		if !slices.ContainsFunc(f.Over, func(o string) bool { return o != "tcp" && o != "udp" }) {
			plain = append(plain, f)
		}
	}
	few := make(map[string]bool)
	var flows []*signatures.Example
	for i := range 50 {
		f := plain[i*len(plain)/50]
		few[f.Protocol] = true
		examples, err := f.Examples()
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range examples {
			if e.Pcap == "" {
				flows = append(flows, e)
			}
		}
	}
	var protocols []dissect.Protocol
	for _, p := range s.Protocols() {
		if few[p.Name] {
			p.Above = nil
			protocols = append(protocols, p)
		}
	}
	some, err := dissect.NewEngine(protocols, dissect.Config{})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		n      int
		engine *dissect.Engine
	}{{len(protocols), some}, {len(s.Files()), engine(b, s)}} {
		b.Run(fmt.Sprintf("signatures=%d", c.n), func(b *testing.B) {
			r := signatures.EngineRunner{Engine: c.engine}
			named := 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				out, err := r.Run(flows[i%len(flows)])
				if err != nil {
					b.Fatal(err)
				}
				if i < len(flows) && len(out.Identification.Protocols) > 0 {
					named++
				}
			}
			b.ReportMetric(float64(named)/float64(len(flows)), "named")
		})
	}
}
