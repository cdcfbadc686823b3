package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummarize(t *testing.T) {
	tests := []struct {
		name, in, want string
		failed         bool
	}{
		{
			name: "passing tests are counted, what they wrote is not shown",
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`,
			want: "ok  \tp\t0.1s\n2 tests ran in 1 packages: 1 passed, 0 failed, 1 skipped\n",
		},
		{
			name: "failing tests are shown",
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"p_test.go:1: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
`,
			want:   "p_test.go:1: wrong\nFAIL\tp\t0.1s\n1 tests ran in 1 packages: 0 passed, 1 failed, 0 skipped\n",
			failed: true,
		},
		{
			name: "a package that panics fails without a test",
			in: `{"Action":"output","Package":"p","Output":"panic: nil map\n"}
{"Action":"fail","Package":"p"}
`,
			want:   "panic: nil map\n0 tests ran in 1 packages: 0 passed, 0 failed, 0 skipped\n",
			failed: true,
		},
		{
			name: "what does not compile fails",
			in: `{"ImportPath":"p","Action":"build-output","Output":"p.go:1:1: syntax error\n"}
{"ImportPath":"p","Action":"build-fail"}
`,
			want:   "p.go:1:1: syntax error\n0 tests ran in 0 packages: 0 passed, 0 failed, 0 skipped\n",
			failed: true,
		},
		{
			name:   "nothing ran",
			want:   "0 tests ran in 0 packages: 0 passed, 0 failed, 0 skipped\n",
			failed: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			failed, err := summarize(strings.NewReader(tt.in), &out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if failed != tt.failed {
				t.Errorf("failed %t, want %t", failed, tt.failed)
			}
		})
	}
}
