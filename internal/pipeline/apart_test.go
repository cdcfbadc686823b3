package pipeline

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
)

// However many processors there are, the same comes of all captures together, in the
// same order: more flows are open at a time than may be looked into, announcements hold
// for others, and parcels are full.
func TestSideBySide(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "pcaps")
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(filepath.Ext(path), ".pcap") {
			names = append(names, path)
		}
		return err
	})
	if err != nil || len(names) < 100 {
		t.Fatalf("%d captures: %v", len(names), err)
	}
	run := func(processors int) *outcome {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		o := &outcome{}
		p := start(t, Config{MaxSessions: 64, KeepSamples: true}, o)
		for _, name := range names {
			src, err := pcapfile.Open(name)
			if err != nil {
				continue // a test of bad files
			}
			var damage *capture.DamageError
			if err := p.Run(context.Background(), src); err != nil && !errors.As(err, &damage) {
				t.Fatal(name, err)
			}
			src.Close()
		}
		o.finish(p)
		return o
	}
	alone := run(1)
	for _, n := range []int{2, 4, 7} {
		together := run(n)
		if len(alone.flows) != len(together.flows) {
			t.Fatalf("%d processors: %d flows, want %d", n, len(together.flows), len(alone.flows))
		}
		for i := range alone.flows {
			if !reflect.DeepEqual(alone.flows[i], together.flows[i]) {
				t.Errorf("%d processors: flow %d is\n%+v\nwant\n%+v", n, i, together.flows[i], alone.flows[i])
			}
		}
		if !reflect.DeepEqual(alone.ports, together.ports) || alone.summary != together.summary {
			t.Errorf("%d processors: ports or summary differ: %+v, want %+v", n, together.summary, alone.summary)
		}
	}
}
