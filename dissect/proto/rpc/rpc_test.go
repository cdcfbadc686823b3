package rpc

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

const (
	nfs   = 100003
	mount = 100005
)

func TestOutcome(t *testing.T) {
	call := callOf(1, nfs, 3, 1, sysAuth("box", 10, 20), "handle")
	reply := replyTo(1, 0)
	tests := []struct {
		name string
		from flow.Direction
		in   []byte
		want dissect.Outcome
	}{
		{"call", client, call, dissect.Match},
		{"call without credential", client, callOf(1, nfs, 3, 0, noAuth), dissect.Match},
		{"call with the longest credential", client, callOf(1, nfs, 4, 1, words(6, 400, make([]byte, 400))), dissect.Match},
		{"call of a server", server, call, dissect.Reject},
		{"callback of a server", server, callOf(1, transient, 1, 1, noAuth), dissect.Match},
		{"lock granted", server, callOf(1, programLock, 4, 10, noAuth), dissect.Match},
		{"type 2", client, edit(call, 7, 2), dissect.Reject},
		{"version 1", client, edit(call, 11, 1), dissect.Reject},
		{"program 0", client, callOf(1, 0, 3, 0, noAuth), dissect.Reject},
		{"reserved program", client, callOf(1, reserved, 3, 0, noAuth), dissect.Reject},
		{"flavor 8", client, callOf(1, nfs, 3, 0, words(8, 0)), dissect.Reject},
		{"pseudo-flavor", client, callOf(1, nfs, 3, 0, words(390040, 0)), dissect.Match},
		{"credential of 401 bytes", client, callOf(1, nfs, 3, 0, words(1, 401, make([]byte, 404))), dissect.Reject},
		{"no verifier", client, call[:len(call)-12-8], dissect.Reject},
		{"verifier of flavor 9", client, slices.Concat(call[:24], noAuth, words(9, 0)), dissect.Reject},
		{"reply", server, reply, dissect.Match},
		{"reply of a client", client, reply, dissect.Reject},
		{"reply state 2", server, edit(reply, 11, 2), dissect.Reject},
		{"accept state 5", server, edit(reply, 23, 5), dissect.Match},
		{"accept state 6", server, edit(reply, 23, 6), dissect.Reject},
		{"reply without accept state", server, reply[:20], dissect.Reject},
		{"denied, authentication", server, words(1, 1, 1, 1, 5), dissect.Match},
		{"denied, unknown reason", server, words(1, 1, 1, 2, 5), dissect.Reject},
		{"denied, authentication 15", server, words(1, 1, 1, 1, 15), dissect.Reject},
		{"denied, version", server, words(1, 1, 1, 0, 2, 2), dissect.Match},
		{"denied, versions upside down", server, words(1, 1, 1, 0, 3, 2), dissect.Reject},
		{"dns", client, []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01"), dissect.Reject},
		{"http", server, []byte("HTTP/1.1 200 OK\r\n\r\n1234567890"), dissect.Reject},
		{"zeros", client, make([]byte, 64), dissect.Reject},
		{"empty", client, nil, dissect.Reject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r dissect.Report
			if got := New().Parse(datagram(tt.from, tt.in), &r); got != tt.want {
				t.Errorf("datagram: outcome = %v, want %v", got, tt.want)
			}
			r.Reset()
			want := tt.want
			if len(tt.in) == 0 {
				return
			}
			if got := New().Parse(stream(tt.from, recordOf(tt.in)), &r); got != want {
				t.Errorf("record: outcome = %v, want %v", got, want)
			}
		})
	}
}

func TestMark(t *testing.T) {
	call := callOf(1, nfs, 3, 0, noAuth)
	tests := []struct {
		name string
		in   []byte
		want dissect.Outcome
	}{
		{"whole", recordOf(call), dissect.Match},
		{"longer than any record", edit(recordOf(call), 0, 0x81), dissect.Reject},
		{"longer than any record, one byte", []byte{0x81}, dissect.Reject},
		{"shorter than any message", edit(recordOf(call), 3, 16), dissect.Reject},
		{"shorter than the call", edit(recordOf(call), 3, 36), dissect.Reject},
		{"first fragment of a few bytes", recordOf(call, 8), dissect.Reject},
		{"no mark", call, dissect.Reject},
		{"tls", []byte{0x16, 3, 1, 2, 0, 1}, dissect.Reject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r dissect.Report
			if got := New().Parse(stream(client, tt.in), &r); got != tt.want {
				t.Errorf("outcome = %v, want %v", got, tt.want)
			}
		})
	}
}

// No prefix of a record is refused, and what decides is asked for.
func TestCutAtEveryByte(t *testing.T) {
	call := callOf(1, nfs, 3, 7, sysAuth("box"), make([]byte, 100))
	null := callOf(1, nfs, 3, 0, noAuth)
	getPort := callOf(1, programPortmap, 2, procGetPort, noAuth, mount, 3, ipUDP, 0)
	records := []struct {
		name string
		from flow.Direction
		in   []byte
		need int // bytes that decide
	}{
		{"call", client, recordOf(call), 4 + len(call) - 100},
		{"call in two fragments", client, recordOf(call, 30), 8 + len(call) - 100},
		{"call in many fragments", client, recordOf(call, 12, 13, 13, 40), 4*5 + len(call) - 100},
		{"null call", client, recordOf(null), 4 + len(null)},
		{"call of portmap", client, recordOf(getPort), 4 + len(getPort)},
		{"reply", server, recordOf(replyTo(1, make([]byte, 50))), 4 + 24},
		{"denied", server, recordOf(words(1, 1, 1, 1, 1)), 4 + 20},
		{"mismatch", server, recordOf(words(1, 1, 1, 0, 2, 2)), 4 + 24},
	}
	for _, tt := range records {
		t.Run(tt.name, func(t *testing.T) {
			for i := range len(tt.in) + 1 {
				var r dissect.Report
				got := New().Parse(stream(tt.from, tt.in[:i]), &r)
				want := dissect.NeedMore
				if i >= tt.need {
					want = dissect.Match
				}
				if got != want {
					t.Fatalf("%d of %d bytes: %v, want %v", i, len(tt.in), got, want)
				}
				if got == dissect.NeedMore && (r.Need <= i || r.Need > tt.need) {
					t.Fatalf("%d of %d bytes: need %d, want at most %d", i, len(tt.in), r.Need, tt.need)
				}
			}
		})
	}
}

// A record is skipped as a whole, however little of it was there.
func TestLength(t *testing.T) {
	write := recordOf(callOf(1, nfs, 3, 7, sysAuth("box"), make([]byte, 1<<20)))
	var r dissect.Report
	if o := New().Parse(stream(client, write[:200]), &r); o != dissect.Match || r.Length != len(write) {
		t.Errorf("outcome %v, length %d, want a match of %d", o, r.Length, len(write))
	}
}

// Fragments whose marks come later are skipped one by one.
func TestFragments(t *testing.T) {
	in := recordOf(callOf(1, nfs, 3, 7, noAuth, make([]byte, 1000)), 400, 800)
	next := recordOf(callOf(2, mount, 3, 7, noAuth))
	in = append(in, next...)
	p := New()
	var lengths []int
	var r dissect.Report
	for at := 0; at < len(in); at += r.Length {
		r.Reset()
		m := stream(client, in[at:min(len(in), at+100)])
		if o := p.Parse(m, &r); o != dissect.Match {
			t.Fatalf("at %d: outcome %v", at, o)
		}
		lengths = append(lengths, r.Length)
	}
	if diff := cmp.Diff([]int{404, 404, 244, len(next)}, lengths); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(r.Layers, []string{"mount"}) {
		t.Errorf("layers = %v behind the fragments", r.Layers)
	}
}

// talk feeds whole messages of one conversation to a parser and fails unless
// each matches.
type talk struct {
	t      *testing.T
	parser dissect.Parser
	stream bool
}

func (k talk) say(from flow.Direction, message []byte) dissect.Report {
	k.t.Helper()
	var r dissect.Report
	m := datagram(from, message)
	if k.stream {
		m = stream(from, recordOf(message))
	}
	if o := k.parser.Parse(m, &r); o != dissect.Match {
		k.t.Fatalf("% x: outcome %v", message, o)
	}
	if r.Length != len(m.Data) {
		k.t.Fatalf("length %d, want %d", r.Length, len(m.Data))
	}
	return r
}

func TestPrograms(t *testing.T) {
	k := talk{t, New(), true}
	r := k.say(client, callOf(1, nfs, 3, 6, sysAuth("box")))
	if diff := cmp.Diff([]string{"nfs"}, r.Layers); diff != "" {
		t.Error(diff)
	}
	want := []dissect.Attribute{
		{Name: "rpc.program", Value: "100003"},
		{Name: "rpc.programversion", Value: "3"},
		{Name: "rpc.procedure", Value: "6"},
		{Name: "rpc.auth.machinename", Value: "box"},
	}
	if diff := cmp.Diff(want, r.Attributes); diff != "" {
		t.Error(diff)
	}
	if r = k.say(client, callOf(2, nfs, 3, 7, sysAuth("box"))); len(r.Attributes) != 0 {
		t.Errorf("attributes = %v a second time", r.Attributes)
	}
	r = k.say(client, callOf(3, 100227, 3, 1, noAuth))
	if diff := cmp.Diff([]string{"nfsacl"}, r.Layers); diff != "" {
		t.Error(diff)
	}
	r = k.say(client, callOf(4, 0x123456, 1, 1, noAuth))
	if len(r.Layers) != 0 || !slices.Contains(r.Attributes, dissect.Attribute{Name: "rpc.program", Value: "1193046"}) {
		t.Errorf("layers %v, attributes %v of a program without name", r.Layers, r.Attributes)
	}
}

func TestPairs(t *testing.T) {
	k := talk{t, New(), true}
	k.say(client, callOf(1, nfs, 4, 1, noAuth))
	k.say(client, callOf(2, nfs, 4, 1, noAuth))
	for _, tt := range []struct {
		xid  int
		want bool
	}{{1, true}, {2, true}, {3, false}} {
		if r := k.say(server, replyTo(tt.xid)); r.Answers != tt.want || len(r.Layers) != 0 {
			t.Errorf("xid %d: answers %v, layers %v", tt.xid, r.Answers, r.Layers)
		}
	}
	// The server calls back on the same connection.
	r := k.say(server, callOf(1, transient, 1, 1, noAuth))
	if diff := cmp.Diff([]string{"nfs.cb"}, r.Layers); diff != "" {
		t.Error(diff)
	}
	if r = k.say(client, replyTo(1)); !r.Answers {
		t.Error("client does not answer")
	}
}

func TestManyCalls(t *testing.T) {
	k := talk{t, New(), false}
	for xid := range 1000 {
		k.say(client, callOf(xid, nfs, 3, 1, noAuth))
	}
	if r := k.say(server, replyTo(999)); !r.Answers {
		t.Error("the last call is forgotten")
	}
	if r := k.say(server, replyTo(0)); r.Answers {
		t.Error("the first call is remembered")
	}
}

// A reply in a datagram whose call was not seen is a one among zeros.
func TestLonelyReply(t *testing.T) {
	k := talk{t, New(), false}
	if r := k.say(server, replyTo(7, 1)); !r.Weak {
		t.Error("a single reply names the protocol")
	}
	if r := k.say(server, replyTo(7, 1)); !r.Weak {
		t.Error("the same reply twice names the protocol")
	}
	if r := k.say(server, replyTo(8, 1)); r.Weak {
		t.Error("two replies do not name the protocol")
	}
	var r dissect.Report
	k.parser.Parse(datagram(client, []byte("something else")), &r)
	r.Reset()
	if o := k.parser.Parse(datagram(server, replyTo(9, 1)), &r); o != dissect.Reject {
		t.Errorf("outcome %v where the client speaks something else", o)
	}
}

// Datagrams that the capture cut are read as far as they go.
func TestCutDatagram(t *testing.T) {
	call := callOf(1, nfs, 3, 7, sysAuth("box"), make([]byte, 100))
	for n := range len(call) {
		p := New()
		var r dissect.Report
		m := dissect.Message{Data: call[:n], Size: len(call), Ended: true, From: client}
		want := dissect.Reject
		if n >= 24 {
			want = dissect.Match
		}
		if o := p.Parse(&m, &r); o != want {
			t.Fatalf("%d bytes: outcome %v, want %v", n, o, want)
		}
		if want == dissect.Match && (r.Length != len(call) || !slices.Equal(r.Layers, []string{"nfs"})) {
			t.Fatalf("%d bytes: length %d, layers %v", n, r.Length, r.Layers)
		}
	}
}

func TestStartTLS(t *testing.T) {
	agreed := slices.Concat(words(1, typeReply, replyAccepted, 0, startTLS), words(acceptSuccess))
	for _, overTCP := range []bool{true, false} {
		k := talk{t, New(), overTCP}
		k.say(client, callOf(1, nfs, 4, 0, words(authTLS, 0)))
		r := k.say(server, agreed)
		if r.Transition == nil || r.Transition.Offset != r.Length || r.Transition.Messages == overTCP {
			t.Errorf("transition %+v", r.Transition)
		}
	}
	k := talk{t, New(), true}
	k.say(client, callOf(1, nfs, 4, 0, noAuth))
	if r := k.say(server, agreed); r.Transition != nil {
		t.Error("a transition that was not asked for")
	}
}

func TestParsePrograms(t *testing.T) {
	for _, bad := range []string{"100000\tportmap", "x\ty\tz", "4294967296\ta\tb", "1\ta\tb\n1\ta\tb"} {
		if _, err := parsePrograms(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestRejectDoesNotAllocate(t *testing.T) {
	call := callOf(1, nfs, 3, 0, words(8, 0))
	p, r := New(), new(dissect.Report)
	for _, m := range []*dissect.Message{
		stream(client, []byte{0x16, 3, 1, 2, 0, 1}),
		stream(client, recordOf(call)),
		stream(client, recordOf(edit(call, 7, 3), 20)),
		datagram(client, call),
		datagram(server, replyTo(1)[:20]),
		datagram(server, []byte("HTTP/1.1 200 OK")),
	} {
		if n := testing.AllocsPerRun(100, func() { p.Parse(m, r) }); n != 0 {
			t.Errorf("% x: %v allocations", m.Data, n)
		}
	}
}

// Random bytes are no message.
func TestRandomBytes(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{7}))
	data := make([]byte, 64)
	var r dissect.Report
	for range 100_000 {
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		for _, from := range []flow.Direction{client, server} {
			for _, m := range []*dissect.Message{datagram(from, data), stream(from, data)} {
				r.Reset()
				if o := New().Parse(m, &r); o == dissect.Match {
					t.Fatalf("% x: %+v", data, r)
				}
			}
		}
	}
}
