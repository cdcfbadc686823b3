package cli

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/internal/pipeline"
)

func TestWatch(t *testing.T) {
	answered := func(port uint16, layers ...dissect.Confidence) *pipeline.Flow {
		f := &pipeline.Flow{Transport: "tcp", Server: pipeline.End{Port: port}}
		for _, c := range layers {
			f.Answer.Protocols = append(f.Answer.Protocols, "some")
			f.Answer.Evidence = append(f.Answer.Evidence, dissect.Evidence{Protocol: "some", Confidence: c})
		}
		return f
	}
	refused := &pipeline.Flow{Transport: "tcp", Server: pipeline.End{Port: 80}, State: "refused"}
	tests := []struct {
		name    string
		ports   string // "" = none asked
		until   bool
		updates []*pipeline.Flow
		want    bool
	}{
		{"not asked to", "80", false, []*pipeline.Flow{answered(80, dissect.Certain)}, false},
		{"certain", "80", true, []*pipeline.Flow{answered(80, dissect.Certain)}, true},
		{"certain, and more declared inside", "80", true, []*pipeline.Flow{answered(80, dissect.Certain, dissect.Declared)}, true},
		{"certain below, likely above", "80", true, []*pipeline.Flow{answered(80, dissect.Certain, dissect.Likely)}, false},
		{"only expected", "80", true, []*pipeline.Flow{answered(80, dissect.Expected)}, false},
		{"refused", "80", true, []*pipeline.Flow{refused}, true},
		{"another port", "80", true, []*pipeline.Flow{answered(81, dissect.Certain)}, false},
		{"another transport", "udp/80", true, []*pipeline.Flow{answered(80, dissect.Certain)}, false},
		{"one of two", "80,81", true, []*pipeline.Flow{answered(81, dissect.Certain)}, false},
		{"both of two", "80,81", true, []*pipeline.Flow{answered(81, dissect.Certain), answered(80, dissect.Certain)}, true},
		{"no port asked", "", true, []*pipeline.Flow{answered(81, dissect.Certain)}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := &options{untilVerdict: tt.until}
			if tt.ports != "" {
				var err error
				if o.portSet, err = parsePorts([]string{tt.ports}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Test(t, func(t *testing.T) {
				done := false
				w := newWatch(o, func() { done = true })
				for _, f := range tt.updates {
					w.update(f)
				}
				if done {
					t.Error("done before what is inside could show")
				}
				time.Sleep(innerTime + 1)
				synctest.Wait()
				if done != tt.want {
					t.Errorf("done %t, want %t", done, tt.want)
				}
				if w.timer != nil {
					w.timer.Stop()
				}
			})
		})
	}
}
