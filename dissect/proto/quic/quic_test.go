package quic

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/wire"
)

// vector reads a file of hexadecimal digits with # comments.
func vector(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			digits.WriteString(strings.TrimSpace(line))
		}
	}
	return unhex(t, digits.String())
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sampleID is the connection id of the samples in RFC 9001 and RFC 9369.
const sampleID = "\x83\x94\xc8\xf0\x3e\x51\x57\x08"

func parse(p dissect.Parser, b []byte, from flow.Direction) (dissect.Outcome, *dissect.Report) {
	r := &dissect.Report{Recording: true}
	return p.Parse(&dissect.Message{Data: b, Size: len(b), Ended: true, From: from}, r), r
}

func attributes(r *dissect.Report) map[string]string {
	m := map[string]string{}
	for _, a := range r.Attributes {
		m[a.Name] = a.Value
	}
	return m
}

// The samples of RFC 9001 §A.2 to §A.4 and RFC 9369 §A.2 to §A.4.
func TestSamples(t *testing.T) {
	for rfc, sample := range map[string]struct{ name, retry string }{
		"rfc9001": {"1", "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"},
		"rfc9369": {"2", "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6"},
	} {
		t.Run(rfc, func(t *testing.T) {
			p := New()
			out, r := parse(p, vector(t, rfc+"-a2-client-initial"), flow.FromClient)
			if out != dissect.Match || !r.Verified || r.Weak {
				t.Fatalf("client: outcome %d, %+v", out, r)
			}
			a := attributes(r)
			if a["quic.version"] != sample.name || a["tls.sni"] != "example.com" || !strings.HasPrefix(a["tls.handshake.ja4"], "q13d") {
				t.Errorf("client: attributes %v", a)
			}
			if out, r := parse(p, unhex(t, sample.retry), flow.FromServer); out != dissect.Match || !r.Verified || !r.Answers {
				t.Errorf("retry: outcome %d, %+v", out, r)
			}
			out, r = parse(p, vector(t, rfc+"-a3-server-initial"), flow.FromServer)
			if out != dissect.Match || !r.Verified || !r.Answers {
				t.Fatalf("server: outcome %d, %+v", out, r)
			}
			if a := attributes(r); a["tls.version"] != "1.3" || a["tls.cipher"] != "TLS_AES_128_GCM_SHA256" {
				t.Errorf("server: attributes %v", a)
			}
		})
	}
}

func TestDamagedRetry(t *testing.T) {
	p := New()
	parse(p, vector(t, "rfc9001-a2-client-initial"), flow.FromClient)
	b := unhex(t, "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496bb")
	if out, r := parse(p, b, flow.FromServer); out != dissect.Match || r.Verified || !r.Weak {
		t.Errorf("outcome %d, %+v", out, r)
	}
}

// seal makes a protected packet: the reverse of keys.open.
func seal(t testing.TB, v version, id []byte, from flow.Direction, head []byte, number byte, payload []byte) []byte {
	t.Helper()
	k, err := v.initialKeys(id, from)
	if err != nil {
		t.Fatal(err)
	}
	n := 1 + len(payload) + tagLen
	b := append(bytes.Clone(head), byte(0x40|n>>8), byte(n), number)
	nonce := bytes.Clone(k.nonce)
	nonce[nonceLen-1] ^= number
	b = k.sealed.Seal(b, nonce, payload, b)
	at := len(head) + 2
	var mask [16]byte
	k.header.Encrypt(mask[:], b[at+4:at+4+sampleLen])
	b[0] ^= mask[0] & 0x0f
	b[at] ^= mask[1]
	return b
}

// longHead is a long header up to the length field.
func longHead(v version, kind byte, to, from string, token string) []byte {
	b := []byte{formLong | fixedBit | (kind-v.shift)&3<<4}
	b = binary.BigEndian.AppendUint32(b, v.number)
	b = append(append(b, byte(len(to))), to...)
	b = append(append(b, byte(len(from))), from...)
	if kind == initial {
		b = append(append(b, byte(len(token))), token...)
	}
	return b
}

func cryptoFrame(offset int, data []byte) []byte {
	b := []byte{frameCrypto, byte(0x40 | offset>>8), byte(offset), byte(0x40 | len(data)>>8), byte(len(data))}
	return append(b, data...)
}

// hello makes a ClientHello with crypto/tls.
func hello(t testing.TB, protocols ...string) []byte {
	t.Helper()
	a, b := net.Pipe()
	go func() {
		tls.Client(a, &tls.Config{ServerName: "www.example.org", NextProtos: protocols, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519}}).Handshake()
		a.Close()
	}()
	head := make([]byte, 5)
	if _, err := io.ReadFull(b, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(b, body); err != nil {
		t.Fatal(err)
	}
	b.Close()
	return body
}

// serverHelloOf is a ServerHello that chooses TLS_AES_128_GCM_SHA256.
func serverHelloOf() []byte {
	body := append([]byte("\x03\x03"), make([]byte, 32)...)
	body = append(body, "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04"...)
	return append([]byte{serverHello, 0, 0, byte(len(body))}, body...)
}

func pad(b []byte, n int) []byte { return append(b, make([]byte, n-len(b))...) }

// A hello that comes shuffled, in pieces and over two datagrams.
func TestShuffledHello(t *testing.T) {
	v, _ := lookup(version1)
	ch := hello(t, "h3")
	a, b, c := len(ch)/4, len(ch)/2, 3*len(ch)/4
	one := append([]byte{framePing}, cryptoFrame(c, ch[c:])...)
	one = append(one, framePadding, framePadding)
	one = append(one, cryptoFrame(a, ch[a:b])...)
	two := append([]byte{frameACK, 0, 0, 0, 0}, cryptoFrame(b-3, ch[b-3:c])...)
	two = append(two, cryptoFrame(0, ch[:a])...)
	head := longHead(v, initial, sampleID, "", "")

	p := New()
	out, r := parse(p, seal(t, v, []byte(sampleID), flow.FromClient, head, 0, pad(one, 1100)), flow.FromClient)
	if out != dissect.Match || !r.Verified || attributes(r)["tls.sni"] != "" {
		t.Fatalf("first: outcome %d, %+v", out, r)
	}
	out, r = parse(p, seal(t, v, []byte(sampleID), flow.FromClient, head, 1, pad(two, 1100)), flow.FromClient)
	if a := attributes(r); out != dissect.Match || a["tls.sni"] != "www.example.org" || a["tls.alpn.offered"] != "h3" {
		t.Fatalf("second: outcome %d, %v", out, a)
	}
	reply := seal(t, v, []byte(sampleID), flow.FromServer, longHead(v, initial, "", "server01", ""), 0,
		append([]byte{frameACK, 0, 0, 0, 0}, cryptoFrame(0, serverHelloOf())...))
	rest := append(longHead(v, handshake, "", "server01", ""), 0x40, 0x40)
	out, r = parse(p, append(reply, pad(rest, len(rest)+64)...), flow.FromServer)
	if out != dissect.Match || !r.Verified || !r.Answers {
		t.Fatalf("server: outcome %d, %+v", out, r)
	}
	if diff := cmp.Diff([]string{"http3"}, r.Declared); diff != "" {
		t.Errorf("declared: %s", diff)
	}
	if out, r := parse(p, []byte("\x4fserver01"+"0123456789abcdefghij"), flow.FromClient); out != dissect.Match || !r.Answers || r.Bits != 65 {
		t.Errorf("short header: outcome %d, %+v", out, r)
	}
}

// A server may go on in another version, with keys from the same id.
func TestCompatibleVersion(t *testing.T) {
	one, _ := lookup(version1)
	two, _ := lookup(version2)
	p := New()
	parse(p, seal(t, one, []byte(sampleID), flow.FromClient, longHead(one, initial, sampleID, "c", ""), 0,
		pad(cryptoFrame(0, hello(t, "doq")), 1100)), flow.FromClient)
	out, r := parse(p, seal(t, two, []byte(sampleID), flow.FromServer, longHead(two, initial, "c", "s", ""), 0,
		cryptoFrame(0, serverHelloOf())), flow.FromServer)
	if out != dissect.Match || !r.Verified || !cmp.Equal(r.Declared, []string{"dns"}) {
		t.Errorf("server: outcome %d, %+v", out, r)
	}
	out, r = parse(p, seal(t, two, []byte(sampleID), flow.FromClient, longHead(two, initial, "s", "c", ""), 1,
		pad([]byte{frameACK, 0, 0, 0, 0}, 1100)), flow.FromClient)
	if out != dissect.Match || !r.Verified {
		t.Errorf("client: outcome %d, %+v", out, r)
	}
}

// After a Retry the keys come from the id that the server chose.
func TestAfterRetry(t *testing.T) {
	p := New()
	parse(p, vector(t, "rfc9001-a2-client-initial"), flow.FromClient)
	parse(p, unhex(t, "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"), flow.FromServer)
	v, _ := lookup(version1)
	id := "\xf0\x67\xa5\x50\x2a\x42\x62\xb5"
	again := seal(t, v, []byte(id), flow.FromClient, longHead(v, initial, id, "", "token"), 3, pad(cryptoFrame(0, hello(t)), 1100))
	if out, r := parse(p, again, flow.FromClient); out != dissect.Match || !r.Verified || !r.Answers {
		t.Errorf("client: outcome %d, %+v", out, r)
	}
	reply := seal(t, v, []byte(id), flow.FromServer, longHead(v, initial, "", "s", ""), 0, cryptoFrame(0, serverHelloOf()))
	if out, r := parse(p, reply, flow.FromServer); out != dissect.Match || !r.Verified {
		t.Errorf("server: outcome %d, %+v", out, r)
	}
}

func TestRoles(t *testing.T) {
	client := vector(t, "rfc9001-a2-client-initial")
	if out, _ := parse(New(), client, flow.FromServer); out != dissect.Reject {
		t.Error("a client's first packet passes for a server's")
	}
	server := vector(t, "rfc9001-a3-server-initial")
	if out, r := parse(New(), server, flow.FromServer); out != dissect.Match || !r.Weak || r.Verified {
		t.Errorf("server's packet alone: outcome %d, %+v", out, r)
	}
}

func TestNegotiation(t *testing.T) {
	p := New()
	v := version{number: 0x1a2a3a4a}
	first := pad(longHead(v, initial, sampleID, "clientid", ""), 1200)
	if out, r := parse(p, first, flow.FromClient); out != dissect.Match || !r.Weak || r.Verified {
		t.Fatalf("client: outcome %d, %+v", out, r)
	}
	list := "\x00\x00\x00\x01\xff\x00\x00\x1d"
	reply := []byte("\xaa\x00\x00\x00\x00\x08clientid\x08" + sampleID + list)
	if out, r := parse(p, reply, flow.FromServer); out != dissect.Match || !r.Answers || r.Weak {
		t.Errorf("server: outcome %d, %+v", out, r)
	}
	if out, r := parse(New(), reply, flow.FromServer); out != dissect.Match || r.Answers {
		t.Errorf("server alone: outcome %d, %+v", out, r)
	}
	for _, bad := range [][]byte{reply[:len(reply)-1], reply[:len(reply)-len(list)], append(reply[:len(reply)-len(list)], 0x12, 0x34, 0x56, 0x78)} {
		if out, _ := parse(New(), bad, flow.FromServer); out != dissect.Reject {
			t.Errorf("list of %d bytes: outcome %d", len(bad)-len(reply)+len(list), out)
		}
	}
}

func TestReject(t *testing.T) {
	client := vector(t, "rfc9001-a2-client-initial")
	flip := func(i int, mask byte) []byte { b := bytes.Clone(client); b[i] ^= mask; return b }
	tests := map[string][]byte{
		"empty":                   {},
		"no fixed bit":            flip(0, fixedBit),
		"long id":                 flip(5, 0x1f),
		"length beyond the end":   flip(16, 0x01),
		"unknown version, short":  pad(longHead(version{number: 0x12345678}, initial, sampleID, "", ""), 300),
		"short header of nothing": []byte("\x40" + sampleID + "0123456789abcdef"),
		"RTP":                     []byte("\x80\x60\x12\x34\x00\x00\x00\xa0\x11\x22\x33\x44" + strings.Repeat("x", 160)),
	}
	for name, b := range tests {
		if out, r := parse(New(), b, flow.FromClient); out != dissect.Reject {
			t.Errorf("%s: outcome %d, %+v", name, out, r)
		}
	}
	// Damage that keeps the form leaves a weak match: no keys prove it.
	if out, r := parse(New(), flip(100, 1), flow.FromClient); out != dissect.Match || r.Verified || !r.Weak {
		t.Errorf("damaged: outcome %d, %+v", out, r)
	}
}

// A datagram that is short never matches; one that the capture cut matches
// from its header on, and its hello is read as far as it goes.
func TestTruncated(t *testing.T) {
	client := vector(t, "rfc9001-a2-client-initial")
	for i := range client {
		if out, r := parse(New(), client[:i], flow.FromClient); out == dissect.Match {
			t.Fatalf("datagram of %d bytes: %+v", i, r)
		}
		r := &dissect.Report{}
		out := New().Parse(&dissect.Message{Data: client[:i], Size: len(client), Ended: true}, r)
		if want := i >= 18; (out == dissect.Match) != want {
			t.Fatalf("cut to %d bytes: outcome %d", i, out)
		}
		if r.Verified || i >= 200 && (r.Weak || attributes(r)["tls.sni"] != "example.com") {
			t.Fatalf("cut to %d bytes: %+v", i, r)
		}
	}
}

func TestRejectAllocatesNothing(t *testing.T) {
	p := New()
	m := &dissect.Message{Data: []byte("\x80\x60\x12\x34\x00\x00\x00\xa0\x11\x22\x33\x44"), Size: 12}
	var r dissect.Report
	if n := testing.AllocsPerRun(100, func() { r.Reset(); p.Parse(m, &r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	client, server := vector(f, "rfc9001-a2-client-initial"), vector(f, "rfc9369-a3-server-initial")
	f.Add(client, server, uint16(0))
	f.Add(server, client, uint16(40))
	f.Add([]byte("\xaa\x00\x00\x00\x00\x08clientid\x00\x00\x00\x00\x01"), []byte("\x40clientid"), uint16(1))
	f.Fuzz(func(t *testing.T, a, b []byte, more uint16) {
		p := New()
		for i, data := range [][]byte{a, b, a} {
			m := &dissect.Message{Data: data, Size: len(data) + int(more), Ended: true, From: flow.Direction(i & 1)}
			r := &dissect.Report{Recording: true}
			if p.Parse(m, r) != dissect.Match {
				continue
			}
			if r.Length != m.Size || r.Bits <= 0 || r.Signature == "" || r.Reason == "" {
				t.Fatalf("unfounded match: %+v", r)
			}
			if r.EvidenceOffset+r.EvidenceLength > len(data) {
				t.Fatalf("evidence beyond %d bytes: %+v", len(data), r)
			}
			for _, field := range r.Fields {
				if field.Offset < 0 || field.Offset+field.Length > len(data) {
					t.Fatalf("field %+v beyond %d bytes", field, len(data))
				}
			}
		}
	})
}

// Frames and pieces of them, without the encryption that hides them from FuzzParse.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x01\x00\x06\x00\x02ab\x02\x00\x00\x01\x00\x00\x00\x06\x40\x10\x01c"), []byte("\x06\x02\x01x"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var s stream
		s.frames(a, len(a)+4)
		s.frames(b, len(b))
		if n := len(s.Head()); n > wire.MaxPieces {
			t.Fatalf("%d bytes", n)
		}
		s.message(clientHello)
	})
}

func BenchmarkClientInitial(b *testing.B) {
	data := vector(b, "rfc9001-a2-client-initial")
	m := &dissect.Message{Data: data, Size: len(data)}
	var r dissect.Report
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		if New().Parse(m, &r) != dissect.Match {
			b.Fatal("no match")
		}
	}
}

func BenchmarkShortHeader(b *testing.B) {
	p := &parser{}
	p.remember(flow.FromServer, []byte("server01"))
	m := &dissect.Message{Data: []byte("\x4fserver01" + "0123456789abcdefghij")}
	m.Size = len(m.Data)
	var r dissect.Report
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		if p.Parse(m, &r) != dissect.Match {
			b.Fatal("no match")
		}
	}
}
