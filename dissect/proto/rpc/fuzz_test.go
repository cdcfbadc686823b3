package rpc

import (
	"testing"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

func FuzzParse(f *testing.F) {
	f.Add(callOf(1, nfs, 3, 7, sysAuth("box", 1)), replyTo(1, 0), callOf(2, transient, 1, 1, noAuth), false)
	f.Add(callOf(1, programPortmap, 2, procGetPort, noAuth, mount, 3, ipTCP, 0), replyTo(1, 635), []byte{}, false)
	f.Add(recordOf(callOf(1, programPortmap, 2, procDump, noAuth)), recordOf(replyTo(1, 1, mount, 1, ipUDP, 635, 0), 30), recordOf(replyTo(1)), true)
	f.Add(recordOf(callOf(1, programPortmap, 4, procGetAddr, noAuth, mount, 3, "tcp", "", "")), recordOf(replyTo(1, "::.8.1")), []byte{0x80}, true)
	f.Add(recordOf(callOf(1, nfs, 3, 7, noAuth), 12, 20), recordOf(words(1, 1, 1, 0, 2, 2)), recordOf(callOf(2, nfs, 3, 7, noAuth)), true)
	f.Fuzz(func(t *testing.T, a, b, c []byte, open bool) {
		p := New()
		for i, data := range [][]byte{a, b, c} {
			r := dissect.Report{Recording: true}
			m := datagram(flow.Direction(i%2), data)
			if open {
				m = stream(flow.Direction(i%2), data)
			}
			switch o := p.Parse(m, &r); {
			case o == dissect.NeedMore && (!open || r.Need <= len(data)):
				t.Fatalf("needs %d of %d bytes", r.Need, len(data))
			case o == dissect.Match:
				check(t, m, &r)
			}
		}
	})
}

func check(t *testing.T, m *dissect.Message, r *dissect.Report) {
	t.Helper()
	n := len(m.Data)
	switch {
	case r.Length <= 0 || !m.Open && r.Length != n || r.EvidenceLength > n || len(r.Expectations) > maxAnnounced || len(r.Layers) > 2:
		t.Fatalf("%+v of %d bytes", r, n)
	case r.Bits < callBits && r.Signature != "rpc.fragment":
		t.Fatalf("%+v verified too little", r)
	case r.Incomplete && (!m.Open || r.Need <= n):
		t.Fatalf("%+v of %d bytes is incomplete", r, n)
	}
	for _, x := range r.Fields {
		if x.Offset+x.Length > n {
			t.Fatalf("field %+v of %d bytes", x, n)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	m := stream(client, recordOf(callOf(1, nfs, 3, 7, sysAuth("box"), make([]byte, 1000))))
	p, r := New(), new(dissect.Report)
	for b.Loop() {
		r.Reset()
		p.Parse(m, r)
	}
}

func BenchmarkReject(b *testing.B) {
	m := datagram(client, callOf(1, nfs, 3, 7, words(8, 0)))
	p, r := New(), new(dissect.Report)
	for b.Loop() {
		p.Parse(m, r)
	}
}
