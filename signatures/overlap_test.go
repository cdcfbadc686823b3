package signatures_test

import (
	"slices"
	"testing"

	"github.com/sniffid/sniffid/signatures"
)

func TestOverlaps(t *testing.T) {
	s := load(t)
	tests := []struct {
		protocol, message string
		with, without     string
	}{
		// Every LLMNR query is laid out as a DNS query.
		{"llmnr", "llmnr.query", "dns.query", "ntp.client"},
		{"ssh", "ssh.identification", "", "smtp.banner"},
		{"smb2", "smb2.encrypted", "", "smb2.compressed"}, // its own do not count
	}
	for _, tt := range tests {
		f := s.File(tt.protocol)
		if f == nil {
			t.Fatalf("no %s", tt.protocol)
		}
		overlaps := s.Overlaps(f, tt.message)
		has := func(name string) bool {
			return slices.ContainsFunc(overlaps, func(o signatures.Overlap) bool { return o.Signature == name })
		}
		if tt.with != "" && !has(tt.with) {
			t.Errorf("%s does not overlap with %s, only with %v", tt.message, tt.with, overlaps)
		}
		if has(tt.without) {
			t.Errorf("%s overlaps with %s", tt.message, tt.without)
		}
		for _, o := range overlaps {
			if o.Share <= 0 || o.Share > 1 {
				t.Errorf("%s: share %v", o.Signature, o.Share)
			}
		}
	}
}
