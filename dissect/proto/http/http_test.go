package http

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// conversation plays both ends of one connection against a parser: it keeps the
// unparsed bytes of each direction as a session does.
type conversation struct {
	t       *testing.T
	parser  dissect.Parser
	rest    [2][]byte
	reports []dissect.Report
	first   [2]bool
}

func newConversation(t *testing.T) *conversation {
	return &conversation{t: t, parser: New(), first: [2]bool{true, true}}
}

// send adds bytes to a direction and parses the messages that are complete. It
// returns the last outcome.
func (c *conversation) send(d flow.Direction, data string) dissect.Outcome {
	c.t.Helper()
	c.rest[d] = append(c.rest[d], data...)
	outcome := dissect.NeedMore
	for len(c.rest[d]) > 0 {
		var r dissect.Report
		b := c.rest[d]
		outcome = c.parser.Parse(&dissect.Message{Data: b, Size: len(b), Open: true, First: c.first[d], From: d, Context: new(dissect.Context)}, &r)
		if outcome != dissect.Match || r.Incomplete {
			return outcome
		}
		c.first[d] = false
		c.reports = append(c.reports, r)
		if r.Transition != nil || r.Length == 0 {
			c.rest[d] = nil
			return outcome
		}
		if r.Length > len(b) {
			c.t.Fatalf("%s: length %d of %d bytes", r.Signature, r.Length, len(b))
		}
		c.rest[d] = b[r.Length:]
	}
	return outcome
}

func (c *conversation) client(data string) dissect.Outcome { return c.send(flow.FromClient, data) }
func (c *conversation) server(data string) dissect.Outcome { return c.send(flow.FromServer, data) }

func (c *conversation) signatures() string {
	var names []string
	for _, r := range c.reports {
		names = append(names, strings.TrimPrefix(r.Signature, "http."))
	}
	return strings.Join(names, " ")
}

func parse(from flow.Direction, data string) (dissect.Outcome, dissect.Report) {
	var r dissect.Report
	m := dissect.Message{Data: []byte(data), Size: len(data), Open: true, First: true, From: from, Context: new(dissect.Context)}
	return New().Parse(&m, &r), r
}

func TestStartLine(t *testing.T) {
	tests := []struct {
		name string
		from flow.Direction
		in   string
		want dissect.Outcome
	}{
		{"get", flow.FromClient, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", dissect.Match},
		{"bare line feeds", flow.FromClient, "GET / HTTP/1.0\n\n", dissect.Match},
		{"headers to come", flow.FromClient, "GET / HTTP/1.1\r\nHo", dissect.Match},
		{"webdav", flow.FromClient, "VERSION-CONTROL /a HTTP/1.1\r\n\r\n", dissect.Match},
		{"underscore", flow.FromClient, "BITS_POST /a HTTP/1.1\r\n\r\n", dissect.Match},
		{"absolute form", flow.FromClient, "GET http://a/b HTTP/1.1\r\n\r\n", dissect.Match},
		{"asterisk form", flow.FromClient, "OPTIONS * HTTP/1.1\r\n\r\n", dissect.Match},
		{"authority form", flow.FromClient, "CONNECT a:443 HTTP/1.1\r\n\r\n", dissect.Match},
		{"blank in target", flow.FromClient, "GET /?q=a b HTTP/1.1\r\n\r\n", dissect.Match},
		{"line to come", flow.FromClient, "GET /averylongtarget", dissect.NeedMore},
		{"sip", flow.FromClient, "INVITE sip:a@b SIP/2.0\r\n", dissect.Reject},
		{"rtsp", flow.FromClient, "DESCRIBE rtsp://a/b RTSP/1.0\r\n", dissect.Reject},
		{"icap", flow.FromClient, "OPTIONS icap://a/b ICAP/1.0\r\n", dissect.Reject},
		{"http2", flow.FromClient, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", dissect.Reject},
		{"shoutcast source", flow.FromClient, "SOURCE /a ICE/1.0\r\n", dissect.Reject},
		{"lower case", flow.FromClient, "get / http/1.1\r\n\r\n", dissect.Match},
		{"two blanks", flow.FromClient, "GET  /  HTTP/1.1\r\n\r\n", dissect.Match},
		{"blank at the end", flow.FromClient, "GET / HTTP/1.1 \r\n\r\n", dissect.Match},
		{"empty line before", flow.FromClient, "\r\nGET / HTTP/1.1\r\n\r\n", dissect.Match},
		{"http 0.9", flow.FromClient, "GET /\r\n", dissect.Match},
		{"http 0.9 without path", flow.FromClient, "GET key\r\n", dissect.Reject},
		{"http 0.9 knows get only", flow.FromClient, "POST /\r\n", dissect.Reject},
		{"version with more behind", flow.FromClient, "GET / HTTP/1.1x\r\n", dissect.Reject},
		{"no target", flow.FromClient, "GET HTTP/1.1\r\n\r\n", dissect.Reject},
		{"smtp", flow.FromClient, "EHLO mail.example\r\n", dissect.Reject},
		{"tls", flow.FromClient, "\x16\x03\x01\x02\x00\x01", dissect.Reject},
		{"control character", flow.FromClient, "GET /\x00", dissect.Reject},
		{"method too long", flow.FromClient, strings.Repeat("A", maxMethod+1), dissect.Reject},
		{"line too long", flow.FromClient, "GET /" + strings.Repeat("a", maxStartLine), dissect.Reject},
		{"response from a client", flow.FromClient, "HTTP/1.1 200 OK\r\n\r\n", dissect.Reject},

		{"ok", flow.FromServer, "HTTP/1.1 200 OK\r\n\r\n", dissect.Match},
		{"no reason", flow.FromServer, "HTTP/1.1 200\r\n\r\n", dissect.Match},
		{"empty reason", flow.FromServer, "HTTP/1.1 200 \r\n\r\n", dissect.Match},
		{"status line to come", flow.FromServer, "HTTP/1.1 2", dissect.NeedMore},
		{"icy", flow.FromServer, "ICY 200 OK\r\n", dissect.Reject},
		{"http 2 in text", flow.FromServer, "HTTP/2 200 OK\r\n", dissect.Reject},
		{"rtsp response", flow.FromServer, "RTSP/1.0 200 OK\r\n", dissect.Reject},
		{"four digits", flow.FromServer, "HTTP/1.1 2000 OK\r\n", dissect.Match},
		{"two digits", flow.FromServer, "HTTP/1.1 20 OK\r\n", dissect.Match},
		{"no code", flow.FromServer, "HTTP/1.1\rServer: a\r\n", dissect.Match},
		{"two blanks before the code", flow.FromServer, "HTTP/1.1  200 OK\r\n", dissect.Match},
		{"tab before the code", flow.FromServer, "HTTP/1.1\t200 OK\r\n", dissect.Match},
		{"null before the code", flow.FromServer, "HTTP/1.1\x00200 OK\r\n", dissect.Match},
		{"lower case response", flow.FromServer, "http/1.1 200 OK\r\n", dissect.Match},
		{"long version", flow.FromServer, "HTTP/1.01 200 OK\r\n", dissect.Match},
		{"blanks before", flow.FromServer, " \r\n\t\r\nHTTP/1.1 200 OK\r\n", dissect.Match},
		{"only blanks", flow.FromServer, " \r\n", dissect.NeedMore},
		{"too many blanks", flow.FromServer, strings.Repeat(" ", 99) + "HTTP/1.1 200 OK\r\n", dissect.Reject},
		{"stray line before", flow.FromServer, "warning\nHTTP/1.1 200 OK\r\n", dissect.Match},
		{"version without minor", flow.FromServer, "HTTP/1 200 OK\r\n", dissect.Reject},
		{"ssh", flow.FromServer, "SSH-2.0-a\r\n", dissect.Reject},
		{"ncacn_http", flow.FromServer, "ncacn_http/1.0", dissect.Reject},
		{"request from a server", flow.FromServer, "GET / HTTP/1.1\r\n\r\n", dissect.Reject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := parse(tt.from, tt.in); got != tt.want {
				t.Errorf("outcome = %v, want %v", got, tt.want)
			}
		})
	}
}

// A start line is decided by its last byte and not before.
func TestCutAtEveryByte(t *testing.T) {
	tests := []struct {
		from flow.Direction
		in   string
	}{
		{flow.FromClient, "POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"},
		{flow.FromServer, "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
	}
	for _, tt := range tests {
		line := strings.IndexByte(tt.in, '\n') + 1
		for i := range len(tt.in) {
			want := dissect.NeedMore
			if i >= line {
				want = dissect.Match
			}
			o, r := parse(tt.from, tt.in[:i])
			if o != want {
				t.Errorf("%q: outcome = %v, want %v", tt.in[:i], o, want)
			}
			if i < len(tt.in)-5 && o == dissect.Match && !r.Incomplete && tt.from == flow.FromClient {
				t.Errorf("%q: complete", tt.in[:i])
			}
		}
	}
}

func TestOneByteSegments(t *testing.T) {
	c := newConversation(t)
	for _, b := range []byte("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n") {
		c.client(string(b))
	}
	for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n" +
		"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n") {
		c.server(string(b))
	}
	if diff := cmp.Diff("request request response response chunk chunk response", c.signatures()); diff != "" {
		t.Error(diff)
	}
	if n := len(c.rest[0]) + len(c.rest[1]); n != 0 {
		t.Errorf("%d bytes left", n)
	}
}

func TestFraming(t *testing.T) {
	tests := []struct {
		name, request, response string
		length                  int // of the response
	}{
		{"content length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde", 43},
		{"list of lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nabcde", 46},
		{"head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 38},
		{"not modified", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 48},
		{"no content", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 27},
		{"continue", "PUT", "HTTP/1.1 100 Continue\r\n\r\n", 25},
		{"until close", "GET", "HTTP/1.0 200 OK\r\n\r\nabc", 0},
		{"lengths differ", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nabcde", 0},
		{"no number", "GET", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nabcde", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := New()
			var r dissect.Report
			request := []byte(tt.request + " / HTTP/1.1\r\n\r\n")
			p.Parse(&dissect.Message{Data: request, Size: len(request), Open: true, First: true, Ended: true}, &r)
			r.Reset()
			m := dissect.Message{Data: []byte(tt.response), Size: len(tt.response), Open: true, First: true, Ended: true, From: flow.FromServer}
			if o := p.Parse(&m, &r); o != dissect.Match || r.Incomplete || r.Length != tt.length {
				t.Errorf("outcome %v, incomplete %v, length %d, want %d", o, r.Incomplete, r.Length, tt.length)
			}
		})
	}
}

// HTML without a head is an answer to GET, other bytes are not.
func TestSimpleResponse(t *testing.T) {
	const request = "GET /index.html HTTP/1.1\r\n\r\n"
	tests := []struct {
		name, request, response string
		want                    dissect.Outcome
	}{
		{"html", request, "<html>\n", dissect.Match},
		{"document type", request, "\n<!DOCTYPE HTML>", dissect.Match},
		{"cut", request, "<ht", dissect.NeedMore},
		{"xml", request, "<xml>\n<", dissect.Reject},
		{"a line of something", request, "<xml>", dissect.NeedMore},
		{"a line, then an answer", request, "<xml>\nHTTP/1.1 200 OK\r\n\r\n", dissect.Match},
		{"bytes that are no text", request, "<xml>\x00", dissect.Reject},
		{"nobody asked", "", "<html>\n", dissect.Reject},
		{"version 0.9", "GET /\r\n", "<html>", dissect.Match},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newConversation(t)
			if tt.request != "" {
				c.client(tt.request)
			}
			if o := c.server(tt.response); o != tt.want {
				t.Errorf("outcome = %v, want %v", o, tt.want)
			}
		})
	}
}

func TestAttributes(t *testing.T) {
	c := newConversation(t)
	c.client("GET http://proxy.example/a/b?secret=1 HTTP/1.1\r\nhost: www.example\r\nUSER-AGENT:  Agent/1.0 \r\n\r\n" +
		"GET /second HTTP/1.1\r\nHost: other.example\r\n\r\n")
	c.server("HTTP/1.1 200 OK\r\nServer: Test/1\x80\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 0\r\n\r\n")
	want := []dissect.Attribute{
		{Name: "http.request.method", Value: "GET"},
		{Name: "http.host", Value: "www.example"},
		{Name: "http.request.uri", Value: "/a/b"},
		{Name: "http.user_agent", Value: "Agent/1.0"},
		{Name: "http.response.code", Value: "200"},
		{Name: "http.server", Value: "Test/1."},
		{Name: "http.content_type", Value: "text/html; charset=utf-8"},
	}
	var got []dissect.Attribute
	for _, r := range c.reports {
		got = append(got, r.Attributes...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSplitTarget(t *testing.T) {
	tests := []struct{ target, authority, path string }{
		{"/a?b", "", "/a"},
		{"*", "", "*"},
		{"host:443", "host:443", ""},
		{"http://host", "host", "/"},
		{"http://host:1/a?b://c", "host:1", "/a"},
	}
	for _, tt := range tests {
		authority, path := splitTarget([]byte(tt.target))
		if string(authority) != tt.authority || string(path) != tt.path {
			t.Errorf("%s: authority %q, path %q", tt.target, authority, path)
		}
	}
}

// The next layer gets the head and the body without its chunking.
func TestChunkedPayload(t *testing.T) {
	const head = "POST /ipp HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	_, r := parse(flow.FromClient, head+"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
	if len(r.Payloads) != 1 || string(r.Payloads[0].Data) != head+"abcde" || r.Incomplete {
		t.Errorf("payloads = %+v, incomplete = %v", r.Payloads, r.Incomplete)
	}
}

// What comes before the start line is not the next layer's.
func TestLeadIsNotCarried(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"length", "\r\nPOST / HTTP/1.1\r\nContent-Length: 1\r\n\r\na", "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\na"},
		{"no body", " \nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"},
		{"chunks", "\nPOST / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\na\n0\n\n", "POST / HTTP/1.1\nTransfer-Encoding: chunked\n\na"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, r := parse(flow.FromClient, tt.in)
			if len(r.Payloads) != 1 {
				t.Fatalf("%d payloads", len(r.Payloads))
			}
			p := r.Payloads[0]
			got := string(p.Data)
			if p.Data == nil {
				got = tt.in[p.Offset:][:p.Length]
			}
			if got != tt.want {
				t.Errorf("payload %q, want %q", got, tt.want)
			}
		})
	}
}

// Of a long body the next layer gets what is at hand, as a whole message.
func TestLongBodyPayload(t *testing.T) {
	in := "POST / HTTP/1.1\r\nContent-Length: 9999\r\n\r\n" + strings.Repeat("a", bodyPrefix)
	_, r := parse(flow.FromClient, in)
	if len(r.Payloads) != 1 || r.Payloads[0].Length != len(in) || r.Incomplete || r.Length <= len(in) {
		t.Errorf("payloads = %+v, incomplete = %v, length = %d", r.Payloads, r.Incomplete, r.Length)
	}
}

func TestQueueOverflow(t *testing.T) {
	c := newConversation(t)
	for range 100 {
		c.client("HEAD / HTTP/1.1\r\n\r\n")
	}
	for range 100 {
		c.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
	if len(c.reports) != 200 {
		t.Errorf("%d messages, want 200", len(c.reports))
	}
}

func TestRejectDoesNotAllocate(t *testing.T) {
	inputs := []string{"\x16\x03\x01\x02\x00\x01\x00", "EHLO mail.example\r\n", "INVITE sip:a@b SIP/2.0\r\n"}
	p, r := New(), new(dissect.Report)
	for _, in := range inputs {
		m := dissect.Message{Data: []byte(in), Size: len(in), Open: true}
		if n := testing.AllocsPerRun(100, func() { p.Parse(&m, r) }); n != 0 {
			t.Errorf("%q: %v allocations", in, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"))
	f.Add([]byte("CONNECT a:1 HTTP/1.1\r\n\r\n\x16\x03"), []byte("HTTP/1.1 200 Connection established\r\n\r\n"))
	f.Add([]byte("get  / http/1.1\n\nGET /\r\n"), []byte(" \r\nstray\nhttp/1.01\t200\n\nHTTP/1.1\r2000 \n<html>"))
	f.Add([]byte("RPC_IN_DATA / HTTP/1.1\r\nContent-Length: 9999\r\n\r\n"), []byte("HTTP/1.1 100\r\n\r\nHTTP/1.1 101 \r\n\r\n"))
	f.Fuzz(func(t *testing.T, client, server []byte) {
		p := New()
		for d, b := range [2][]byte{flow.FromClient: client, flow.FromServer: server} {
			for first := true; len(b) > 0; first = false {
				before := bytes.Clone(b)
				var r dissect.Report
				o := p.Parse(&dissect.Message{Data: b, Size: len(b), Open: true, First: first, From: flow.Direction(d)}, &r)
				if !bytes.Equal(before, b) {
					t.Fatal("input changed")
				}
				if o != dissect.Match || r.Incomplete || r.Length == 0 || r.Length > len(b) {
					break
				}
				if r.Bits < 8 || r.EvidenceOffset+r.EvidenceLength > len(b) {
					t.Fatalf("bits %d, evidence %d+%d of %d", r.Bits, r.EvidenceOffset, r.EvidenceLength, len(b))
				}
				for _, pl := range r.Payloads {
					if pl.Offset < 0 || pl.Length < 0 || pl.Offset > len(b) {
						t.Fatalf("payload %d+%d of %d", pl.Offset, pl.Length, len(b))
					}
				}
				b = b[r.Length:]
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte("GET /index.html HTTP/1.1\r\nHost: www.example\r\nUser-Agent: Agent/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n")
	var r dissect.Report
	for b.Loop() {
		r.Reset()
		p := Parser{}
		p.Parse(&dissect.Message{Data: data, Size: len(data), Open: true, First: true}, &r)
	}
}

func BenchmarkReject(b *testing.B) {
	data := []byte("EHLO mail.example\r\n")
	p, r := New(), new(dissect.Report)
	for b.Loop() {
		p.Parse(&dissect.Message{Data: data, Size: len(data), Open: true}, r)
	}
}
