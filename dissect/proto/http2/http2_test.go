package http2

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2/hpack"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

const (
	client = flow.FromClient
	server = flow.FromServer
)

// frame makes a frame.
func frame(typ frameType, flags byte, stream uint32, payload string) string {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), byte(typ), flags}
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

// block compresses header fields, given as names and values in turn.
func block(fields ...string) string {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}); err != nil {
			panic(err)
		}
	}
	return b.String()
}

var settingsFrame = frame(typeSettings, 0, 0, "\x00\x03\x00\x00\x00\x64")

// conversation parses messages until one is not complete and returns the
// reports.
type conversation struct {
	parser dissect.Parser
	rest   [2]string
	begun  [2]bool
}

func (c *conversation) send(from flow.Direction, data string) (last dissect.Outcome, reports []dissect.Report) {
	c.rest[from] += data
	for c.rest[from] != "" {
		var r dissect.Report
		b := []byte(c.rest[from])
		last = c.parser.Parse(&dissect.Message{Data: b, Size: len(b), Open: true, First: !c.begun[from], From: from}, &r)
		if last != dissect.Match || r.Incomplete || r.Length > len(b) {
			return last, reports
		}
		c.begun[from] = true
		reports = append(reports, r)
		c.rest[from] = c.rest[from][r.Length:]
	}
	return last, reports
}

func TestFrames(t *testing.T) {
	tests := []struct {
		name string
		from flow.Direction
		in   string
		want dissect.Outcome
	}{
		{"preface", client, preface, dissect.Match},
		{"half a preface", client, preface[:7], dissect.NeedMore},
		{"preface from a server", server, preface, dissect.Reject},
		{"another method", client, "PUT / HTTP/1.1\r\n\r\nabcdefgh", dissect.Reject},
		{"settings", server, settingsFrame, dissect.Match},
		{"half a settings frame", server, settingsFrame[:12], dissect.NeedMore},
		{"empty settings", server, frame(typeSettings, 0, 0, ""), dissect.Match},
		{"reserved setting", server, frame(typeSettings, 0, 0, "\x1a\x2a\x00\x00\x00\x64\x00\x03\x00\x00\x00\x64"), dissect.Match},
		{"settings of nobody's", server, frame(typeSettings, 0, 0, "\x44\x44\x00\x00\x00\x64"), dissect.Reject},
		{"settings of seven bytes", server, frame(typeSettings, 0, 0, "\x00\x03\x00\x00\x00\x64\x00"), dissect.Reject},
		{"settings on a stream", server, frame(typeSettings, 0, 1, ""), dissect.Reject},
		{"acknowledgement with content", server, frame(typeSettings, 1, 0, "\x00\x03\x00\x00\x00\x64"), dissect.Reject},
		{"push of 2", server, frame(typeSettings, 0, 0, "\x00\x02\x00\x00\x00\x02"), dissect.Reject},
		{"window of 32 bits", server, frame(typeSettings, 0, 0, "\x00\x04\xff\xff\xff\xff"), dissect.Reject},
		{"frames of 1 byte", server, frame(typeSettings, 0, 0, "\x00\x05\x00\x00\x00\x01"), dissect.Reject},
		{"window update", client, frame(typeWindowUpdate, 0, 0, "\x00\x00\x00\x01"), dissect.Match},
		{"window update with the top bit", client, frame(typeWindowUpdate, 0, 0, "\x80\x00\x00\x01"), dissect.Reject},
		{"ping", client, frame(typePing, 1, 0, "12345678"), dissect.Match},
		{"short ping", client, frame(typePing, 1, 0, "1234567"), dissect.Reject},
		{"goaway", server, frame(typeGoAway, 0, 0, "12345678bye"), dissect.Match},
		{"reset", client, frame(typeReset, 0, 1, "\x00\x00\x00\x08"), dissect.Match},
		{"priority on the connection", client, frame(typePriority, 0, 0, "12345"), dissect.Reject},
		{"data", server, frame(typeData, 1, 1, "abc"), dissect.Match},
		{"data on the connection", server, frame(typeData, 1, 0, "abc"), dissect.Reject},
		{"data on a pushed stream", client, frame(typeData, 1, 2, "abc"), dissect.Reject},
		{"data with a flag of nobody's", server, frame(typeData, 2, 1, "abc"), dissect.Reject},
		{"promise", server, frame(typePushPromise, 4, 1, "\x00\x00\x00\x02\x82"), dissect.Match},
		{"promise by a client", client, frame(typePushPromise, 4, 1, "\x00\x00\x00\x02\x82"), dissect.Reject},
		{"reserved stream bit", server, frame(typeData, 0, 1<<31|1, "abc"), dissect.Reject},
		{"frame too long", server, "\x00\x40\x01" + frame(typeData, 0, 1, "")[3:], dissect.Reject},
		{"frame far too long", server, "\x10", dissect.Reject},
		{"type of nobody's", server, frame(0x20, 0, 0, "abc"), dissect.Reject},
		{"http 1", server, "HTTP/1.1 400 Bad Request\r\n", dissect.Reject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r dissect.Report
			m := dissect.Message{Data: []byte(tt.in), Size: len(tt.in), Open: true, First: true, From: tt.from}
			if got := New().Parse(&m, &r); got != tt.want {
				t.Errorf("outcome = %v, want %v", got, tt.want)
			}
		})
	}
}

// Once the connection is sure, types of nobody's are let pass, and a header
// block is not interrupted.
func TestSequence(t *testing.T) {
	tests := []struct {
		name, first, then string
		want              dissect.Outcome
	}{
		{"extension", settingsFrame, frame(0x20, 7, 0, "abc"), dissect.Match},
		{"continuation", settingsFrame, frame(typeHeaders, 0, 1, "\x88") + frame(typeContinuation, 4, 1, "\x88"), dissect.Match},
		{"continuation of another stream", settingsFrame, frame(typeHeaders, 0, 1, "\x88") + frame(typeContinuation, 4, 3, "\x88"), dissect.Reject},
		{"interrupted block", settingsFrame, frame(typeHeaders, 0, 1, "\x88") + frame(typePing, 0, 0, "12345678"), dissect.Reject},
		{"continuation of nothing", settingsFrame, frame(typeContinuation, 4, 1, "\x88"), dissect.Reject},
		{"preface twice", preface, preface, dissect.Reject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := conversation{parser: New()}
			from := server
			if tt.first == preface {
				from = client
			}
			c.send(from, tt.first)
			if got, _ := c.send(from, tt.then); got != tt.want {
				t.Errorf("outcome = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestFrameSizeAsAnnounced(t *testing.T) {
	long := frame(typeData, 0, 1, strings.Repeat("a", defaultFrame+1))
	c := conversation{parser: New()}
	c.send(server, settingsFrame)
	if o, _ := c.send(server, long); o != dissect.Reject {
		t.Errorf("outcome before the announcement = %v, want Reject", o)
	}
	c = conversation{parser: New()}
	c.send(client, preface+frame(typeSettings, 0, 0, "\x00\x05\x00\x00\x80\x00"))
	c.send(server, settingsFrame)
	if o, _ := c.send(server, long); o != dissect.Match {
		t.Errorf("outcome after the announcement = %v, want Match", o)
	}
}

// The first header block of a direction gives the attributes, also when it is
// padded, has a priority and goes on in a CONTINUATION frame.
func TestHeaders(t *testing.T) {
	request := block(":method", "POST", ":scheme", "http", ":path", "/a.B/C", ":authority", "example.org:1",
		"content-type", "application/grpc+proto", "user-agent", "grpc-go/1.6\x00")
	want := []dissect.Attribute{
		{Name: "http2.method", Value: "POST"},
		{Name: "http2.authority", Value: "example.org:1"},
		{Name: "http2.path", Value: "/a.B/C"},
		{Name: "http2.user_agent", Value: "grpc-go/1.6."},
		{Name: "http2.content_type", Value: "application/grpc+proto"},
	}
	tests := []struct{ name, frames string }{
		{"whole", frame(typeHeaders, 4, 1, request)},
		{"padded, with priority", frame(typeHeaders, 0x2c, 1, "\x03\x00\x00\x00\x00\x10"+request+"\x00\x00\x00")},
		{"continued", frame(typeHeaders, 0, 1, request[:5]) + frame(typeContinuation, 4, 1, request[5:])},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := conversation{parser: New()}
			_, reports := c.send(client, preface+frame(typeSettings, 0, 0, "")+tt.frames)
			var got []dissect.Attribute
			var layers []string
			for _, r := range reports {
				got = append(got, r.Attributes...)
				layers = append(layers, r.Layers...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"grpc"}, layers); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A direction whose beginning was not seen, or whose blocks are broken, gives
// no attributes and goes on.
func TestHeadersNotUnderstood(t *testing.T) {
	ok := frame(typeHeaders, 4, 1, block(":status", "200"))
	tests := []struct{ name, first string }{
		{"from the middle", frame(typePing, 0, 0, "12345678")},
		{"broken block before", settingsFrame + frame(typeHeaders, 4, 1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")},
		{"padding longer than the frame", settingsFrame + frame(typeHeaders, 0x0c, 1, "\x09\x88")},
		{"priority cut off", settingsFrame + frame(typeHeaders, 0x24, 1, "\x88")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := conversation{parser: New()}
			c.send(server, tt.first)
			o, reports := c.send(server, ok)
			if o != dissect.Match || len(reports) != 1 || len(reports[0].Attributes) > 0 {
				t.Errorf("outcome %v, reports %+v", o, reports)
			}
		})
	}
}

// A beginning of a connection is never refused for what has not come yet, and
// says the same at the end.
func TestCutAtEveryByte(t *testing.T) {
	whole := map[flow.Direction]string{
		client: preface + settingsFrame + frame(typeWindowUpdate, 0, 0, "\x00\x00\x00\x01") +
			frame(typeHeaders, 0x25, 1, "\x00\x00\x00\x00\x10"+block(":method", "GET", ":path", "/")),
		server: settingsFrame + frame(typeSettings, 1, 0, "") + frame(typeHeaders, 4, 1, block(":status", "200")) +
			frame(typeData, 1, 1, "content"),
	}
	for from, data := range whole {
		for n := range len(data) {
			c := conversation{parser: New()}
			o, head := c.send(from, data[:n])
			if n > 0 && o == dissect.Reject {
				t.Errorf("direction %d, %d bytes: rejected", from, n)
			}
			_, tail := c.send(from, data[n:])
			if len(head)+len(tail) != 4 {
				t.Errorf("direction %d, %d bytes: %d messages, want 4", from, n, len(head)+len(tail))
			}
		}
	}
}

func TestRejectDoesNotAllocate(t *testing.T) {
	p, r := New(), new(dissect.Report)
	for _, in := range []string{"HTTP/1.1 200 OK\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "\x00\x00\x00\x54\xffSMBr"} {
		m := dissect.Message{Data: []byte(in), Size: len(in), Open: true}
		if n := testing.AllocsPerRun(100, func() { p.Parse(&m, r) }); n != 0 {
			t.Errorf("%q: %v allocations", in, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(preface+settingsFrame+frame(typeHeaders, 5, 1, block(":method", "GET"))), []byte(settingsFrame+frame(typeData, 9, 1, "\x01ab\x00")))
	f.Add([]byte(frame(typeHeaders, 0, 1, "\x82")+frame(typeContinuation, 4, 1, "\x86")), []byte(frame(typePushPromise, 0x0c, 1, "\x00\x00\x00\x00\x02\x82")))
	f.Fuzz(func(t *testing.T, fromClient, fromServer []byte) {
		p := New()
		for d, b := range [2][]byte{fromClient, fromServer} {
			for first := true; len(b) > 0; first = false {
				before := bytes.Clone(b)
				var r dissect.Report
				o := p.Parse(&dissect.Message{Data: b, Size: len(b), Open: true, First: first, From: flow.Direction(d)}, &r)
				if !bytes.Equal(before, b) {
					t.Fatal("input changed")
				}
				if o != dissect.Match || r.Incomplete || r.Length > len(b) {
					break
				}
				if r.Length < headerLen || r.Bits < 1 || r.EvidenceLength > len(b) {
					t.Fatalf("length %d, bits %d, evidence %d", r.Length, r.Bits, r.EvidenceLength)
				}
				for _, pl := range r.Payloads {
					if pl.Offset < headerLen || pl.Length < 0 || pl.Offset+pl.Length > r.Length {
						t.Fatalf("payload %d+%d of %d", pl.Offset, pl.Length, r.Length)
					}
				}
				b = b[r.Length:]
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte(settingsFrame)
	var r dissect.Report
	p := New()
	for b.Loop() {
		r.Reset()
		p.Parse(&dissect.Message{Data: data, Size: len(data), Open: true}, &r)
	}
}

// DNS over HTTP tells itself by the media type of its messages.
func TestMediaTypes(t *testing.T) {
	for media, want := range map[string][]string{
		"application/dns-message": {"doh"}, "application/dns-json": nil, "application/grpc": {"grpc"}, "application/grpc-web": nil,
	} {
		c := conversation{parser: New()}
		request := block(":method", "POST", ":scheme", "http", ":path", "/q", "content-type", media)
		_, reports := c.send(client, preface+frame(typeSettings, 0, 0, "")+frame(typeHeaders, 4, 1, request))
		var layers []string
		for _, r := range reports {
			layers = append(layers, r.Layers...)
		}
		if diff := cmp.Diff(want, layers); diff != "" {
			t.Errorf("%s: %s", media, diff)
		}
	}
}
