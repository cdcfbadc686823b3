package dtls

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

type datagram struct {
	from flow.Direction
	data []byte
}

// recorded reads a conversation: lines of a direction and hexadecimal digits.
func recorded(t testing.TB, name string) []datagram {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	var list []datagram
	for line := range strings.Lines(string(text)) {
		who, digits, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || who == "#" {
			continue
		}
		data, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		from := flow.FromClient
		if who == "server" {
			from = flow.FromServer
		}
		list = append(list, datagram{from, data})
	}
	return list
}

func parse(p dissect.Parser, b []byte, from flow.Direction) (dissect.Outcome, *dissect.Report) {
	r := &dissect.Report{Recording: true}
	return p.Parse(&dissect.Message{Data: b, Size: len(b), Ended: true, From: from}, r), r
}

func TestConversations(t *testing.T) {
	common := map[string]string{
		"tls.sni": "www.example.org", "tls.version": "DTLS 1.2",
		"tls.cert.cn": "Example Server", "tls.cert.names": "www.example.org,example.org",
	}
	tests := map[string]struct {
		extra    map[string]string
		declared []string
	}{
		"openssl-dtls12":            {map[string]string{"tls.alpn": "coap", "tls.alpn.offered": "coap"}, []string{"coap"}},
		"openssl-dtls12-fragmented": {nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := New()
			got, answers := map[string]string{}, false
			var declared []string
			for i, d := range recorded(t, name) {
				out, r := parse(p, d.data, d.from)
				if out != dissect.Match || r.Weak || r.Bits < recordBits+endBits {
					t.Fatalf("datagram %d: outcome %d, %+v", i, out, r)
				}
				for _, a := range r.Attributes {
					got[a.Name] = a.Value
				}
				declared = append(declared, r.Declared...)
				answers = answers || r.Answers
			}
			if !strings.HasPrefix(got["tls.handshake.ja4"], "dd2d") || got["tls.cipher"] == "" || !answers {
				t.Errorf("JA4 %q, cipher %q, answers %t", got["tls.handshake.ja4"], got["tls.cipher"], answers)
			}
			for _, name := range []string{"tls.handshake.ja4", "tls.handshake.ja3", "tls.handshake.ja3s"} {
				if got[name] == "" {
					t.Errorf("no %s", name)
				}
				delete(got, name)
			}
			delete(got, "tls.cipher")
			want := map[string]string{}
			for _, m := range []map[string]string{common, tt.extra} {
				for k, v := range m {
					want[k] = v
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("attributes: %s", diff)
			}
			if diff := cmp.Diff(tt.declared, declared); diff != "" {
				t.Errorf("declared: %s", diff)
			}
		})
	}
}

// Fragments that come in another order make the same hello.
func TestShuffled(t *testing.T) {
	list := recorded(t, "openssl-dtls12-fragmented")
	p := New()
	parse(p, list[1].data, flow.FromClient)
	_, r := parse(p, list[0].data, flow.FromClient)
	if len(r.Attributes) == 0 || r.Attributes[0].Value != "www.example.org" {
		t.Errorf("got %+v", r.Attributes)
	}
}

// A datagram that is short never matches; one that the capture cut does once
// the record's header and that of its message are there.
func TestTruncated(t *testing.T) {
	hello := recorded(t, "openssl-dtls12")[0].data
	for i := range hello {
		if out, _ := parse(New(), hello[:i], flow.FromClient); out == dissect.Match {
			t.Fatalf("datagram of %d bytes matches", i)
		}
		var r dissect.Report
		out := New().Parse(&dissect.Message{Data: hello[:i], Size: len(hello), Ended: true}, &r)
		if want := i >= headerLen+12; (out == dissect.Match) != want {
			t.Fatalf("cut to %d bytes: outcome %d", i, out)
		}
	}
}

func TestParse(t *testing.T) {
	const clear, epoch1 = "\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x01", "\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01"
	tests := []struct {
		name string
		from flow.Direction
		in   string
		want dissect.Outcome
	}{
		{"application data", flow.FromClient, "\x17" + epoch1 + "\x00\x08abcdefgh", dissect.Match},
		{"two records", flow.FromClient, "\x17" + epoch1 + "\x00\x02ab" + "\x17" + epoch1 + "\x00\x02ab", dissect.Match},
		{"application data in clear", flow.FromClient, "\x17" + clear + "\x00\x08abcdefgh", dissect.Reject},
		{"a byte too many", flow.FromClient, "\x17" + epoch1 + "\x00\x08abcdefghi", dissect.Reject},
		{"a byte too few", flow.FromClient, "\x17" + epoch1 + "\x00\x08abcdefg", dissect.Reject},
		{"empty record", flow.FromClient, "\x17" + epoch1 + "\x00\x00", dissect.Reject},
		{"alert", flow.FromServer, "\x15" + clear + "\x00\x02\x02\x28", dissect.Match},
		{"alert of no level", flow.FromServer, "\x15" + clear + "\x00\x02\x03\x28", dissect.Reject},
		{"change cipher spec", flow.FromServer, "\x14" + clear + "\x00\x01\x01", dissect.Match},
		{"change of two", flow.FromServer, "\x14" + clear + "\x00\x01\x02", dissect.Reject},
		{"server hello done", flow.FromServer, "\x16" + clear + "\x00\x0c\x0e\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00", dissect.Match},
		{"server hello done from a client", flow.FromClient, "\x16" + clear + "\x00\x0c\x0e\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00", dissect.Reject},
		{"fragment beyond its message", flow.FromServer, "\x16" + clear + "\x00\x0e\x0b\x00\x00\x04\x00\x05\x00\x00\x03\x00\x00\x02ab", dissect.Reject},
		{"encrypted finished", flow.FromClient, "\x16" + epoch1 + "\x00\x08abcdefgh", dissect.Match},
		{"version", flow.FromClient, "\x17\xfe\xf0\x00\x01\x00\x00\x00\x00\x00\x01\x00\x08abcdefgh", dissect.Reject},
		{"TLS", flow.FromClient, "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", dissect.Reject},
		{"DTLS 1.3 of no known conversation", flow.FromClient, "\x2f\x01\x02\x00\x04abcd", dissect.Reject},
	}
	for _, tt := range tests {
		if got, r := parse(New(), []byte(tt.in), tt.from); got != tt.want {
			t.Errorf("%s: outcome %d, %+v", tt.name, got, r)
		}
	}
}

func TestRejectAllocatesNothing(t *testing.T) {
	p := New()
	m := &dissect.Message{Data: []byte("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x01\x00\x0c\x63\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00"), Size: 25}
	var r dissect.Report
	if n := testing.AllocsPerRun(100, func() { r.Reset(); p.Parse(m, &r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	list := recorded(f, "openssl-dtls12-fragmented")
	for i := range list[1:] {
		f.Add(list[i].data, list[i+1].data, uint8(list[i].from)|uint8(list[i+1].from)<<1, uint16(0))
	}
	f.Fuzz(func(t *testing.T, a, b []byte, flags uint8, more uint16) {
		p := New()
		for i, data := range [][]byte{a, b} {
			m := &dissect.Message{Data: data, Size: len(data) + int(more), Ended: true, From: flow.Direction(flags >> i & 1)}
			r := &dissect.Report{Recording: true}
			if p.Parse(m, r) != dissect.Match {
				continue
			}
			if r.Length != m.Size || r.Bits <= 0 || r.Signature == "" || r.Reason == "" {
				t.Fatalf("unfounded match: %+v", r)
			}
			for _, field := range r.Fields {
				if field.Offset < 0 || field.Offset+field.Length > len(data) {
					t.Fatalf("field %+v beyond %d bytes", field, len(data))
				}
			}
		}
	})
}

func BenchmarkApplicationData(b *testing.B) {
	p := New()
	m := &dissect.Message{Data: []byte("\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01\x00\x08abcdefgh"), Size: 21}
	var r dissect.Report
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		if p.Parse(m, &r) != dissect.Match {
			b.Fatal("no match")
		}
	}
}
