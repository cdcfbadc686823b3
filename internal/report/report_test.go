package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/internal/pipeline"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with testdata/name, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", file, diff)
	}
}

var began = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC).UnixNano()

// session is a NetBIOS session from a port that is listed as listening.
func session() *pipeline.Flow {
	return &pipeline.Flow{
		File: "a.pcap", First: 4, Start: began, End: began + 1_500_000_000,
		CommunityID: "1:kJ2uGaBO6Nd7HbMMPIsaDMdjMUI=", Network: "ipv4", Transport: "tcp",
		Client: pipeline.End{
			Addr: netip.MustParseAddr("192.168.0.111"), Port: 2888, Packets: 9, Bytes: 1200, Payload: 800,
			Owner: owner.Owner{PID: 4, Name: "System", Services: []string{"lanmanworkstation"}, Quality: owner.Exact},
		},
		Server: pipeline.End{
			Addr: netip.MustParseAddr("192.168.0.54"), Port: 139, Packets: 7, Bytes: 900, Payload: 600,
			Owner: owner.Owner{Reason: owner.NotLocal},
		},
		Roles: flow.RolesHandshake, State: "closed",
		Answer: dissect.Identification{
			Protocols: []string{"nbss", "smb"}, Confidence: dissect.Certain,
			Evidence: []dissect.Evidence{{
				Protocol: "nbss", Signature: "nbss.session-request", Confidence: dissect.Certain,
				Packet: 4, Offset: 0, Length: 18, Reason: "session request",
				Fields: []dissect.Field{
					{Name: "nbss.type", Offset: 0, Length: 1, Value: "0x81"},
					{Name: "nbss.called_name", Offset: 4, Length: 14},
				},
				Bytes: []byte("\x81\x00\x00\x44\x20CKFDEN\x1b[31m\xff\xfe"),
			}},
			Attributes: []dissect.Attribute{{Name: "smb.dialect", Value: "NT LM 0.12"}, {Name: "smb.dialect", Value: "NT LM 0.12"}},
			RolesKnown: true,
		},
	}
}

// hostile is a flow in a tunnel whose every text tries to be more than text.
func hostile() *pipeline.Flow {
	const text = "\x1b]0;owned\x07<script>alert(1)</script>\u202e\n\xff\"',=cmd|"
	f := session()
	f.First, f.Transport, f.Tunnel, f.State = 9, "udp", []string{"vxlan:42"}, ""
	f.Client.Owner = owner.Owner{PID: 7, Name: text, Exe: text, Unit: text, Quality: owner.Snapshot}
	f.Answer.Protocols = []string{"dns"}
	f.Answer.Confidence = dissect.Likely
	f.Answer.Attributes = []dissect.Attribute{{Name: "dns.qry.name", Value: text}, {Name: "dns.qry.name", Value: "other"}}
	f.Answer.Evidence[0].Protocol, f.Answer.Evidence[0].Reason = "dns", text
	return f
}

// echo is a flow without ports, and without a label.
func echo() *pipeline.Flow {
	return &pipeline.Flow{
		File: "a.pcap", First: 12, Start: began, End: began, Network: "ipv6", Transport: "icmpv6",
		Client: pipeline.End{Addr: netip.MustParseAddr("fe80::1"), Packets: 1, Bytes: 64, Payload: 56, Owner: owner.Owner{Reason: owner.Offline}},
		Server: pipeline.End{Addr: netip.MustParseAddr("fe80::2"), Owner: owner.Owner{Reason: owner.Offline}},
		Roles:  flow.RolesProtocol,
	}
}

// frames is a flow of the link layer, and routing a flow of an IP protocol.
func frames() *pipeline.Flow {
	return &pipeline.Flow{
		File: "a.pcap", First: 13, Start: began, End: began, Network: "ethernet", Transport: "ethernet",
		Carrier: dissect.Carrier{Field: "snap", Number: 0x00000c2000},
		Client:  pipeline.End{MAC: flow.MAC{2, 0, 0, 0, 0, 1}, Packets: 1, Bytes: 64, Payload: 50},
		Server:  pipeline.End{MAC: flow.MAC{1, 0, 0x0c, 0xcc, 0xcc, 0xcc}},
		State:   "unanswered",
		Answer:  dissect.Identification{Protocols: []string{"cdp"}, Confidence: dissect.Likely},
	}
}

func routing() *pipeline.Flow {
	return &pipeline.Flow{
		File: "a.pcap", First: 14, Start: began, End: began, Network: "ipv4", Transport: "ip",
		Carrier: dissect.Carrier{Field: "ip", Number: 89},
		Client:  pipeline.End{Addr: netip.MustParseAddr("192.168.0.1"), Packets: 1, Bytes: 64, Payload: 44},
		Server:  pipeline.End{Addr: netip.MustParseAddr("224.0.0.5")},
	}
}

func phantom() *pipeline.Port {
	return &pipeline.Port{
		File: "a.pcap",
		Port: correlate.Port{
			Key: correlate.PortKey{Transport: "tcp", Addr: netip.MustParseAddr("192.168.0.111"), Port: 2888},
			Observations: []correlate.Observation{
				{Role: correlate.Server, Flows: 1, Refused: 1},
				{Role: correlate.Client, Protocols: []string{"nbss", "smb"}, Confidence: "certain", Flows: 1},
			},
			Claims: []claims.Claim{
				{Transport: "tcp", Local: netip.MustParseAddrPort("192.168.0.111:2888"), State: claims.Listening, PID: 4, Line: 23},
				{Transport: "tcp", Local: netip.MustParseAddrPort("192.168.0.111:2888"), Remote: netip.MustParseAddrPort("192.168.0.54:139"), State: claims.Established, PID: 4, Line: 24},
			},
			Registered: []string{"spcsdlobby"},
			Owner:      owner.Owner{PID: 4, Name: "System", Quality: owner.Exact},
			Asked:      true,
		},
		Verdict: correlate.Verdict{
			Kind: correlate.Phantom, Role: correlate.Client, Why: "2888/tcp is no service.",
			Evidence: []correlate.Fact{
				{Source: "wire", Text: "refused", Packets: []uint64{7, 8}},
				{Source: "claim", Text: "LISTENING", File: "netstat.txt", Line: 23},
			},
		},
	}
}

func confirmed() *pipeline.Port {
	return &pipeline.Port{
		File: "a.pcap",
		Port: correlate.Port{
			Key:          correlate.PortKey{Transport: "tcp", Addr: netip.MustParseAddr("2001:db8::54"), Port: 139},
			Observations: []correlate.Observation{{Role: correlate.Server, Protocols: []string{"nbss", "smb"}, Confidence: "certain", Flows: 1}},
			Registered:   []string{"netbios-ssn"},
			Owner:        owner.Owner{Reason: owner.NotLocal},
		},
		Verdict: correlate.Verdict{Kind: correlate.Confirmed, Role: correlate.Server, Why: "139/tcp speaks nbss, smb, as registered."},
	}
}

func summary() *pipeline.Summary {
	return &pipeline.Summary{File: "a.pcap", Packets: 17, Bytes: 2164, Flows: 3, Dropped: 1, Truncated: 2, Malformed: 3}
}

// write reports one run.
func write(t *testing.T, r Reporter) {
	t.Helper()
	for _, f := range []*pipeline.Flow{session(), session(), hostile(), echo(), frames(), routing()} {
		check(t, r.Flow(f))
	}
	check(t, r.Update(session()))
	check(t, r.Change(phantom()))
	check(t, r.Port(confirmed()))
	check(t, r.Port(phantom()))
	check(t, r.Summary(summary()))
	check(t, r.Close())
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFormats(t *testing.T) {
	tests := []struct {
		golden, format string
		options        Options
	}{
		{"text.golden", "text", Options{}},
		{"text-verbose.golden", "text", Options{Verbosity: 1}},
		{"text-quiet.golden", "text", Options{Verbosity: -1}},
		{"text-color.golden", "text", Options{Color: true}},
		{"json.golden", "json", Options{}},
		{"csv.golden", "csv", Options{}},
		{"html.golden", "html", Options{}},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			var b bytes.Buffer
			r, err := New(tt.format, &b, tt.options)
			check(t, err)
			if h, ok := r.(*htmlReporter); ok {
				h.now = func() time.Time { return time.Unix(0, began) }
			}
			write(t, r)
			golden(t, tt.golden, b.Bytes())
		})
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, err := New("xml", &bytes.Buffer{}, Options{}); err == nil {
		t.Error("no error")
	}
}

func TestExplain(t *testing.T) {
	var b bytes.Buffer
	check(t, Explain(&b, 1, session(), false))
	check(t, Explain(&b, 2, hostile(), false))
	check(t, Explain(&b, 3, echo(), false))
	golden(t, "explain.golden", b.Bytes())
}

func TestSockets(t *testing.T) {
	rows := []Socket{
		{Socket: owner.Socket{Transport: "tcp", Local: netip.MustParseAddrPort("0.0.0.0:22"), State: "LISTENING", Owner: owner.Owner{PID: 1, Name: "sshd", Quality: owner.Exact}}, Registered: []string{"ssh"}},
		{Socket: owner.Socket{Transport: "udp", Local: netip.MustParseAddrPort("[::]:53"), Owner: owner.Owner{Reason: owner.NoPermission}}},
	}
	var b bytes.Buffer
	for _, format := range SocketFormats() {
		check(t, Sockets(format, &b, rows, SocketOptions{}))
	}
	golden(t, "sockets.golden", b.Bytes())
}

// records are what other programs rely on: these fields are in every record of
// their kind whose values are known.
const records = `
{"type":"flow","schema":1,"file":"a.pcap","start":"","end":"","community_id":"","network":"","transport":"",
 "client":{"addr":"","port":0,"packets":0,"bytes":0,"owner":{"pid":4,"name":"","services":[],"quality":""}},
 "server":{"addr":"","port":0,"packets":0,"bytes":0,"owner":{"reason":""}},
 "roles":"","state":"","tunnel":[],"protocols":[],"confidence":"",
 "evidence":[{"protocol":"","signature":"","direction":"","packet":0,"offset":0,"length":0,"reason":"","confidence":""}],
 "attributes":{"smb.dialect":""}}
{"type":"port","schema":1,"transport":"","addr":"","port":0,"role":"",
 "declared":{"registry":[],"claim":{"state":"","pid":0,"line":0}},
 "observed":[{"protocols":[],"flows":0}],"owner":{},"verdict":"","why":"","evidence":[]}
{"type":"summary","schema":1,"packets":0,"bytes":0,"flows":0,"dropped":0,"truncated":0,"malformed":0}`

func TestRecords(t *testing.T) {
	var b bytes.Buffer
	r, err := New("json", &b, Options{})
	check(t, err)
	check(t, r.Flow(session()))
	check(t, r.Port(phantom()))
	check(t, r.Summary(summary()))
	check(t, r.Close())
	want, got := json.NewDecoder(strings.NewReader(records)), json.NewDecoder(&b)
	for want.More() {
		var w, g map[string]any
		check(t, want.Decode(&w))
		check(t, got.Decode(&g))
		if w["type"] != g["type"] || g["schema"] != 1.0 {
			t.Errorf("record %v of schema %v, want %v of 1", g["type"], g["schema"], w["type"])
		}
		contains(t, g["type"].(string), w, g)
	}
	if got.More() {
		t.Error("more records than were reported")
	}
}

// contains fails for each field of want that got does not have, or has with
// another JSON type.
func contains(t *testing.T, path string, want, got any) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s is %T, want an object", path, got)
			return
		}
		for name, v := range w {
			contains(t, path+"."+name, v, g[name])
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) < len(w) {
			t.Errorf("%s is %v, want a list of at least %d", path, got, len(w))
			return
		}
		for _, v := range w {
			contains(t, path+"[]", v, g[0])
		}
	case string:
		if _, ok := got.(string); !ok {
			t.Errorf("%s is %T, want a string", path, got)
		}
	case float64:
		if _, ok := got.(float64); !ok {
			t.Errorf("%s is %T, want a number", path, got)
		}
	}
}

// What is not known is left out; lists that are empty are written as such.
func TestRecordsLeaveOutWhatIsNotKnown(t *testing.T) {
	var b bytes.Buffer
	r, err := New("json", &b, Options{})
	check(t, err)
	check(t, r.Flow(&pipeline.Flow{Network: "ipv4", Transport: "gre"}))
	check(t, r.Close())
	line, _, _ := strings.Cut(b.String(), "\n")
	for _, unknown := range []string{`"port"`, `"file"`, `"state"`, `"confidence"`, `"attributes"`, `"pid"`, `null`} {
		if strings.Contains(line, unknown) {
			t.Errorf("%s in %s", unknown, line)
		}
	}
	for _, empty := range []string{`"protocols":[]`, `"evidence":[]`, `"tunnel":[]`} {
		if !strings.Contains(line, empty) {
			t.Errorf("no %s in %s", empty, line)
		}
	}
}

// No format passes on what a terminal or a browser would obey.
func TestHostileText(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			var b bytes.Buffer
			r, err := New(format, &b, Options{Verbosity: 1})
			check(t, err)
			write(t, r)
			if strings.ContainsAny(b.String(), "\x1b\x07") {
				t.Error("a control character got through")
			}
			if format == "html" && strings.Contains(b.String(), "<script>") {
				t.Error("markup got through")
			}
		})
	}
}

// A spreadsheet computes what begins like a formula.
func TestCSVHasNoFormulas(t *testing.T) {
	f := session()
	f.Client.Owner.Name = "=cmd|' /C calc'!A1"
	var b bytes.Buffer
	r, err := New("csv", &b, Options{})
	check(t, err)
	check(t, r.Flow(f))
	check(t, r.Close())
	rows, err := csv.NewReader(&b).ReadAll()
	check(t, err)
	if got, want := rows[1][15], "'=cmd|' /C calc'!A1"; got != want {
		t.Errorf("process %q, want %q", got, want)
	}
}

// A live report does not wait for the end.
func TestLiveIsFlushed(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		r, err := New(format, &b, Options{Live: true})
		check(t, err)
		check(t, r.Update(session()))
		first := b.Len()
		check(t, r.Change(phantom()))
		if first == 0 || b.Len() == first {
			t.Errorf("%s: %d bytes after an update, %d after a change", format, first, b.Len())
		}
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorsAreReported(t *testing.T) {
	for _, format := range Formats() {
		r, err := New(format, full{}, Options{Live: true})
		check(t, err)
		err = errors.Join(r.Flow(session()), r.Update(session()), r.Port(phantom()), r.Summary(summary()), r.Close())
		if !errors.Is(err, errFull) {
			t.Errorf("%s: error %v, want %v", format, err, errFull)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b[2J\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		if got := clean(s); needsCleaning(got) {
			t.Errorf("clean(%q) = %q", s, got)
		}
	})
}
