//go:build linux

package main

import (
	"testing"
)

// Nearly all examples can be sent, each on a port of its own.
func TestTemplates(t *testing.T) {
	templates, err := examples()
	if err != nil {
		t.Fatal(err)
	}
	if len(templates) < 650 {
		t.Errorf("%d templates only", len(templates))
	}
	ports := map[uint16]bool{downloadPort: true}
	for i := range templates {
		if ports[templates[i].port] {
			t.Errorf("port %d twice", templates[i].port)
		}
		ports[templates[i].port] = true
	}
}

// What is found out about a run, and what makes it fail.
func TestJudge(t *testing.T) {
	samples := func(last uint64) []sample {
		all := make([]sample, 40)
		for i := range all {
			all[i] = sample{rss: 100 << 20, files: 10, thread: 10}
			if i > 30 {
				all[i].rss = last << 20
			}
		}
		return all
	}
	good := func() *sniffid {
		return &sniffid{
			samples: samples(105), summary: summary{Packets: 990, Dropped: 10},
			flows: map[uint16]map[string]uint64{20000: {"dns": 3, "": 1}}, ports: map[uint16]string{20000: "dns", downloadPort: "http"},
		}
	}
	templates, sent := []template{{port: 20000, stack: "dns"}}, &tally{packets: 1000}
	if r := judge(good(), templates, sent, 1); !r.met() {
		t.Errorf("%+v", r)
	}
	for name, spoil := range map[string]func(s *sniffid){
		"memory": func(s *sniffid) { s.samples = samples(200) },
		"descriptors": func(s *sniffid) {
			s.samples[35].files, s.samples[36].files, s.samples[37].files = 90, 90, 90
			s.samples[38].files, s.samples[39].files = 90, 90
		},
		"lost":     func(s *sniffid) { s.summary.Dropped = 0 },
		"failures": func(s *sniffid) { s.summary.Failures = 1 },
		"name":     func(s *sniffid) { s.ports[20000] = "http" },
	} {
		s := good()
		spoil(s)
		if judge(s, templates, sent, 1).met() {
			t.Errorf("%s: not seen", name)
		}
	}
}
