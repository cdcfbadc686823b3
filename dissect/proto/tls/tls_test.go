package tls

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

func TestConversations(t *testing.T) {
	cert := serverCertificate(t)
	versions := map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	for name, version := range versions {
		for _, step := range []int{1, 7, 1 << 20} {
			t.Run(fmt.Sprintf("%s by %d", name, step), func(t *testing.T) {
				turns := converse(t,
					&tls.Config{
						InsecureSkipVerify: true, ServerName: "www.example.org",
						NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS10,
					},
					&tls.Config{
						Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"},
						MinVersion: version, MaxVersion: version,
					})
				got := listen(New(), turns, step)
				if got.rejected || !got.answers {
					t.Fatalf("rejected %t, answers %t, after %q", got.rejected, got.answers, got.signatures)
				}
				want := map[string]string{
					"tls.sni": "www.example.org", "tls.alpn.offered": "h2,http/1.1", "tls.version": name,
				}
				if version < tls.VersionTLS13 {
					want["tls.alpn"] = "http/1.1"
					want["tls.cert.cn"] = "Example Server"
					want["tls.cert.names"] = "www.example.org,example.org"
					if diff := cmp.Diff([]string{"http"}, got.declared); diff != "" {
						t.Errorf("declared: %s", diff)
					}
				} else if len(got.declared) > 0 {
					t.Errorf("two protocols were offered, and %q is declared", got.declared)
				}
				for _, hidden := range []string{"tls.handshake.ja4", "tls.handshake.ja3", "tls.handshake.ja3s", "tls.cipher"} {
					if got.attributes[hidden] == "" {
						t.Errorf("no %s", hidden)
					}
					delete(got.attributes, hidden)
				}
				if diff := cmp.Diff(want, got.attributes); diff != "" {
					t.Errorf("attributes: %s", diff)
				}
			})
		}
	}
}

func TestSoleProtocol(t *testing.T) {
	cert := serverCertificate(t)
	turns := converse(t,
		&tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}},
		&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}})
	got := listen(New(), turns, 1<<20)
	if diff := cmp.Diff([]string{"http2"}, got.declared); diff != "" {
		t.Errorf("declared: %s", diff)
	}
	if alone := listen(New(), turns[:1], 1<<20); len(alone.declared) > 0 {
		t.Errorf("an offer alone declares %q", alone.declared)
	}
}

func TestResumption(t *testing.T) {
	cert := serverCertificate(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client := &tls.Config{
			InsecureSkipVerify: true, ServerName: "a", MaxVersion: version,
			ClientSessionCache: tls.NewLRUClientSessionCache(1),
		}
		server := &tls.Config{Certificates: []tls.Certificate{cert}}
		if got := listen(New(), converse(t, client, server), 1<<20); got.attributes["tls.resumed"] != "" {
			t.Errorf("%#x: first session is called resumed", version)
		}
		if got := listen(New(), converse(t, client, server), 1<<20); got.attributes["tls.resumed"] != "true" {
			t.Errorf("%#x: second session is not called resumed", version)
		}
	}
}

func TestHelloRetryRequest(t *testing.T) {
	cert := serverCertificate(t)
	turns := converse(t,
		&tls.Config{InsecureSkipVerify: true, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP384}, NextProtos: []string{"imap"}},
		&tls.Config{Certificates: []tls.Certificate{cert}, CurvePreferences: []tls.CurveID{tls.CurveP384}, NextProtos: []string{"imap"}})
	got := listen(New(), turns, 3)
	seen := map[string]int{}
	for _, s := range got.signatures {
		seen[s]++
	}
	if seen["client tls.client-hello"] != 2 || seen["server tls.hello-retry-request"] != 1 || seen["server tls.server-hello"] != 1 {
		t.Errorf("got %q", got.signatures)
	}
	if diff := cmp.Diff([]string{"imap"}, got.declared); diff != "" {
		t.Errorf("declared: %s", diff)
	}
}

func TestRefusal(t *testing.T) {
	turns := converse(t,
		&tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12},
		&tls.Config{Certificates: []tls.Certificate{serverCertificate(t)}, MinVersion: tls.VersionTLS13})
	got := listen(New(), turns, 1<<20)
	if !got.answers || got.attributes["tls.alert"] != "protocol_version" {
		t.Errorf("answers %t, attributes %v", got.answers, got.attributes)
	}
}

// refragment cuts the fragments of all records in clear into pieces of n bytes,
// each in a record of its own.
func refragment(b []byte, n int) []byte {
	var out []byte
	for len(b) > headerLen {
		end := headerLen + int(binary.BigEndian.Uint16(b[3:]))
		head, fragment := b[:3], b[headerLen:end]
		for len(fragment) > 0 {
			k := min(n, len(fragment))
			out = append(out, head...)
			out = binary.BigEndian.AppendUint16(out, uint16(k))
			out = append(out, fragment[:k]...)
			fragment = fragment[k:]
		}
		b = b[end:]
	}
	return out
}

func TestFragmentedHandshake(t *testing.T) {
	turns := converse(t,
		&tls.Config{InsecureSkipVerify: true, ServerName: "www.example.org", MaxVersion: tls.VersionTLS12},
		&tls.Config{Certificates: []tls.Certificate{serverCertificate(t)}})
	for _, n := range []int{1, 3, 5, 64} {
		pieces := []turn{
			{flow.FromClient, refragment(turns[0].data, n)},
			{flow.FromServer, refragment(turns[1].data, n)},
		}
		got := listen(New(), pieces, 100)
		if got.attributes["tls.sni"] != "www.example.org" || got.attributes["tls.cert.cn"] != "Example Server" || !got.answers {
			t.Errorf("by %d: got %v, rejected %t", n, got.attributes, got.rejected)
		}
	}
}

// Every strict prefix of a conversation's first message is undecided or a match
// that wants more: never a refusal.
func TestTruncated(t *testing.T) {
	turns := converse(t, &tls.Config{InsecureSkipVerify: true},
		&tls.Config{Certificates: []tls.Certificate{serverCertificate(t)}})
	for _, turn := range turns[:2] {
		n := headerLen + int(binary.BigEndian.Uint16(turn.data[3:]))
		for i := 1; i < n; i++ {
			var r dissect.Report
			m := dissect.Message{Data: turn.data[:i], Size: i, Open: true, First: true, From: turn.from}
			switch New().Parse(&m, &r) {
			case dissect.Reject:
				t.Fatalf("%s: %d of %d bytes are rejected", turn.from, i, n)
			case dissect.Match:
				if !r.Incomplete || r.Length != n {
					t.Fatalf("%s: %d of %d bytes are a whole match of %d", turn.from, i, n, r.Length)
				}
			case dissect.NeedMore:
				if r.Need <= i {
					t.Fatalf("%s: at %d bytes it needs %d", turn.from, i, r.Need)
				}
			}
		}
	}
}

const hello2 = "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" +
	"\x00\x00\x39\x00\x00\x38\x00\x00\x35\x07\x00\xc0\x00\x00\x33\x00\x00\x32\x00\x00\x2f" +
	"0123456789abcdef"

const draftHello = "\x16\x03\x01\x00\x2e\x02\x00\x00\x2a\x7f\x12" +
	"0123456789abcdef0123456789abcdef" + "\x13\x01\x00\x04\x00\x33\x00\x00"

func TestParse(t *testing.T) {
	data := "\x17\x03\x03\x00\x10" + "0123456789abcdef"
	tests := []struct {
		name  string
		from  flow.Direction
		first bool
		in    string
		want  dissect.Outcome
		weak  bool
	}{
		{"application data", flow.FromServer, false, data + "\x17", dissect.Match, true},
		{"application data of exact length", flow.FromServer, false, data, dissect.Match, false},
		{"application data of TLS 1.0", flow.FromServer, false, "\x17\x03\x01" + data[3:], dissect.Match, true},
		{"application data that is cut", flow.FromServer, false, data[:12], dissect.NeedMore, false},
		{"long application data", flow.FromServer, false, "\x17\x03\x03\x20\x00" + data, dissect.Match, true},
		{"encrypted alert", flow.FromServer, false, "\x15\x03\x03\x00\x1a" + data + data, dissect.Match, true},
		{"alert", flow.FromServer, true, "\x15\x03\x01\x00\x02\x02\x46", dissect.Match, false},
		{"alert of no level", flow.FromServer, true, "\x15\x03\x01\x00\x02\x03\x46", dissect.Reject, false},
		{"unknown alert", flow.FromServer, true, "\x15\x03\x01\x00\x02\x02\xf6", dissect.Reject, false},
		{"change cipher spec", flow.FromClient, false, "\x14\x03\x03\x00\x01\x01", dissect.Match, false},
		{"change of two bytes", flow.FromClient, false, "\x14\x03\x03\x00\x02\x01\x01", dissect.Reject, false},
		{"empty record", flow.FromClient, false, "\x17\x03\x03\x00\x00", dissect.Reject, false},
		{"overlong record", flow.FromClient, false, "\x17\x03\x03\x48\x01", dissect.Reject, false},
		{"version 4", flow.FromClient, false, "\x17\x04\x00\x00\x10", dissect.Reject, false},
		{"content type 25", flow.FromClient, false, "\x19\x03\x03\x00\x10", dissect.Reject, false},
		{"client sends server hello", flow.FromClient, true, "\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03", dissect.NeedMore, false},
		{"server begins with certificate", flow.FromServer, true, "\x16\x03\x03\x00\x30\x0b\x00\x00\x2c\x00\x00", dissect.Match, true},
		{"hello of version 4", flow.FromClient, true, "\x16\x03\x03\x00\x30\x01\x00\x00\x2c\x04\x03", dissect.Reject, false},
		{"malformed hello", flow.FromClient, true, "\x16\x03\x01\x00\x0a\x01\x00\x00\x06\x03\x03abcd", dissect.Match, false},
		{"malformed hello that does not fill its record", flow.FromClient, true, "\x16\x03\x01\x00\x0b\x01\x00\x00\x06\x03\x03abcde", dissect.Reject, false},
		{"server hello of TLS 1.3 draft 18", flow.FromServer, true, draftHello, dissect.Match, false},
		{"alert too long to be one", flow.FromServer, false, "\x15\x03\x03\x01\x00" + data, dissect.Reject, false},
		{"encrypted finished", flow.FromClient, false, "\x16\x03\x03\x00\x28" + string(make([]byte, 41)), dissect.Match, true},
		{"SSL 2.0 hello", flow.FromClient, true, hello2, dissect.Match, false},
		{"SSL 2.0 hello later", flow.FromClient, false, hello2, dissect.Reject, false},
		{"SSL 2.0 hello, odd lengths", flow.FromClient, true, "\x80\x2f" + hello2[2:] + "g", dissect.Reject, false},
		{"HTTP", flow.FromClient, true, "GET / HTTP/1.1\r\n", dissect.Reject, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r dissect.Report
			m := dissect.Message{Data: []byte(tt.in), Size: len(tt.in), Open: true, First: tt.first, From: tt.from}
			if got := New().Parse(&m, &r); got != tt.want || got == dissect.Match && r.Weak != tt.weak {
				t.Errorf("got %d, weak %t, %s", got, r.Weak, r.Signature)
			}
		})
	}
}

func TestRejectAllocatesNothing(t *testing.T) {
	p := New()
	var r dissect.Report
	m := dissect.Message{Data: []byte("\x16\x03\x01\x00\x30\x05\x00\x00\x2cabcdef"), Open: true, First: true}
	if n := testing.AllocsPerRun(100, func() { r.Reset(); p.Parse(&m, &r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, turn := range converse(f, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12},
		&tls.Config{Certificates: []tls.Certificate{serverCertificate(f)}}) {
		f.Add(turn.data, uint8(turn.from), uint16(20))
	}
	f.Add([]byte(hello2), uint8(0), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, flags uint8, cut uint16) {
		p := New()
		from := flow.Direction(flags & 1)
		for first := true; len(data) > 0; first = false {
			r := dissect.Report{Recording: true}
			m := dissect.Message{Data: data, Size: len(data), Open: flags&2 == 0, First: first, From: from}
			out := p.Parse(&m, &r)
			if out != dissect.Match {
				break
			}
			if r.Bits <= 0 || r.Signature == "" || r.Reason == "" || r.Length < 0 {
				t.Fatalf("unfounded match: %+v", r)
			}
			if !m.Open && r.Length > m.Size {
				t.Fatalf("length %d of a message of %d", r.Length, m.Size)
			}
			for _, field := range r.Fields {
				if field.Offset < 0 || field.Offset+field.Length > len(data) {
					t.Fatalf("field %+v beyond %d bytes", field, len(data))
				}
			}
			if r.Length == 0 || r.Length > len(data) {
				break
			}
			data = data[r.Length:]
			from ^= flow.Direction(cut & 1)
			cut >>= 1
		}
	})
}

func BenchmarkClientHello(b *testing.B) {
	turns := converse(b, &tls.Config{InsecureSkipVerify: true, ServerName: "www.example.org"},
		&tls.Config{Certificates: []tls.Certificate{serverCertificate(b)}})
	m := dissect.Message{Data: turns[0].data, Size: len(turns[0].data), Open: true, First: true}
	var r dissect.Report
	b.SetBytes(int64(len(m.Data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		if New().Parse(&m, &r) != dissect.Match {
			b.Fatal("no match")
		}
	}
}

func BenchmarkApplicationData(b *testing.B) {
	m := dissect.Message{Data: []byte("\x17\x03\x03\x00\x10" + "0123456789abcdef"), Size: 21, Open: true}
	p := New()
	var r dissect.Report
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		p.Parse(&m, &r)
	}
}
