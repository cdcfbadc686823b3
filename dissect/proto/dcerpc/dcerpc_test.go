package dcerpc

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

const (
	client = flow.FromClient
	server = flow.FromServer
)

// talk feeds whole PDUs of one TCP connection to a parser and fails unless each
// matches.
type talk struct {
	t      *testing.T
	parser dissect.Parser
}

func newTalk(t *testing.T) talk { return talk{t, New()} }

func (k talk) say(from flow.Direction, pdu []byte) dissect.Report {
	k.t.Helper()
	var r dissect.Report
	m := dissect.Message{Data: pdu, Size: len(pdu), Open: true, From: from, Context: &dissect.Context{Transport: "tcp"}}
	if o := k.parser.Parse(&m, &r); o != dissect.Match {
		k.t.Fatalf("% x: outcome %v", pdu[:min(24, len(pdu))], o)
	}
	if r.Length != len(pdu) {
		k.t.Fatalf("length %d, want %d", r.Length, len(pdu))
	}
	return r
}

func tcp(from flow.Direction, b []byte) (dissect.Outcome, dissect.Report) {
	var r dissect.Report
	m := dissect.Message{Data: b, Size: len(b), Open: true, First: true, From: from, Context: &dissect.Context{Transport: "tcp"}}
	return New().Parse(&m, &r), r
}

func udp(from flow.Direction, b []byte) (dissect.Outcome, dissect.Report) {
	var r dissect.Report
	m := dissect.Message{Data: b, Size: len(b), Ended: true, First: true, From: from, Context: &dissect.Context{Transport: "udp"}}
	return New().Parse(&m, &r), r
}

func edit(b []byte, at int, v ...byte) []byte {
	b = slices.Clone(b)
	copy(b[at:], v)
	return b
}

func TestOutcome(t *testing.T) {
	bind := little.bind(1, nil, samr)
	tests := []struct {
		name string
		from flow.Direction
		in   []byte
		want dissect.Outcome
	}{
		{"bind", client, bind, dissect.Match},
		{"big-endian bind", client, big.bind(1, nil, samr), dissect.Match},
		{"bind with credentials", client, little.bind(1, make([]byte, 40), samr), dissect.Match},
		{"bind from a server", server, bind, dissect.Reject},
		{"bind ack from a client", client, little.bindAck(1, "135", 0), dissect.Reject},
		{"version 6", client, edit(bind, 0, 6), dissect.Reject},
		{"minor version 2", client, edit(bind, 1, 2), dissect.Reject},
		{"integer format 2", client, edit(bind, 4, 0x20), dissect.Reject},
		{"float format 4", client, edit(bind, 5, 4), dissect.Reject},
		{"reserved not zero", client, edit(bind, 6, 1), dissect.Reject},
		{"byte order against length", client, edit(bind, 4, 0), dissect.Reject},
		{"length one more than contexts", client, append(edit(bind, 8, byte(len(bind)+1)), 0), dissect.Reject},
		{"no contexts", client, edit(bind, 24, 0), dissect.Reject},
		{"no transfer syntax", client, edit(bind, 30, 0), dissect.Reject},
		{"fragment shorter than header", client, edit(little.request(1, 0, 0, nil), 8, 15), dissect.Reject},
		{"credentials longer than fragment", client, edit(little.request(1, 0, 0, nil), 10, 200), dissect.Reject},
		{"fault", server, little.pdu(pduFault, 3, 1, make([]byte, 16), nil), dissect.Match},
		{"bind nak", server, little.pdu(pduBindNak, 3, 1, make([]byte, 8), nil), dissect.Match},
		{"rts", client, little.pdu(pduRTS, 3, 0, []byte{0, 0, 1, 0, 6, 0, 0, 0, 1, 0, 0, 0}, nil), dissect.Match},
		{"rts with a call id", client, little.pdu(pduRTS, 3, 7, make([]byte, 12), nil), dissect.Reject},
		{"greeting", server, []byte("ncacn_http/1.0"), dissect.Match},
		{"half a greeting", server, []byte("ncacn_"), dissect.NeedMore},
		{"greeting from a client", client, []byte("ncacn_http/1.0"), dissect.Reject},
		{"connectionless over tcp", client, little.datagram(0, samr, 0, 0, nil), dissect.Reject},
		{"socks 5", client, []byte{5, 1, 0}, dissect.NeedMore}, // an RPC minor version and type as well
		{"socks 5 request", client, []byte{5, 1, 0, 1, 127, 0, 0, 1, 0, 80}, dissect.Reject},
		{"tls", client, []byte{0x16, 3, 1, 2, 0, 1}, dissect.Reject},
		{"smb", client, []byte("\x00\x00\x00\x54\xFFSMB"), dissect.Reject},
		{"http", server, []byte("HTTP/1.1 200 OK\r\n"), dissect.Reject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := tcp(tt.from, tt.in); got != tt.want {
				t.Errorf("outcome = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDatagramOutcome(t *testing.T) {
	request := little.datagram(0, samr, 0, 0, []byte("body"))
	tests := []struct {
		name string
		from flow.Direction
		in   []byte
		want dissect.Outcome
	}{
		{"request", client, request, dissect.Match},
		{"big-endian", client, big.datagram(0, samr, 0, 0, []byte("body")), dissect.Match},
		{"response", server, little.datagram(2, samr, 0, 0, nil), dissect.Match},
		{"request from a server", server, request, dissect.Reject},
		{"callback from a server", server, little.datagram(0, ifaceConversation, 0, 0, nil), dissect.Match},
		{"one byte more", client, append(slices.Clone(request), 0), dissect.Reject},
		{"one byte less", client, request[:len(request)-1], dissect.Reject},
		{"security trailer", client, edit(append(slices.Clone(request), make([]byte, 16)...), 79, 10), dissect.Match},
		{"version 5", client, edit(request, 0, 5), dissect.Reject},
		{"type 11", client, edit(request, 1, 11), dissect.Reject},
		{"reserved flags", client, edit(request, 3, 0x04), dissect.Reject},
		{"dns", client, []byte("\x04\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01"), dissect.Reject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := udp(tt.from, tt.in); got != tt.want {
				t.Errorf("outcome = %v, want %v", got, tt.want)
			}
		})
	}
}

// No prefix of a PDU is refused, and none is decided before its header is there.
func TestCutAtEveryByte(t *testing.T) {
	pdus := []struct {
		from  flow.Direction
		bytes []byte
		need  int // bytes that decide
	}{
		{client, little.bind(1, make([]byte, 30), samr, lsa), 28 + 88 + 38},
		{client, big.bind(1, nil, samr), 28 + 44},
		{server, little.bindAck(1, `\PIPE\lsass`, 0, 2), 0},
		{client, little.request(1, 0, 5, make([]byte, 100)), minRequest},
		{server, little.response(3, 1, make([]byte, 100)), minRequest},
		{server, []byte(greeting), len(greeting)},
	}
	for _, p := range pdus {
		if p.need == 0 {
			p.need = len(p.bytes)
		}
		for i := range len(p.bytes) + 1 {
			want := dissect.NeedMore
			if i >= p.need {
				want = dissect.Match
			}
			if got, _ := tcp(p.from, p.bytes[:i]); got != want {
				t.Fatalf("%d of %d bytes: %v, want %v", i, len(p.bytes), got, want)
			}
		}
	}
}

func TestInterfaces(t *testing.T) {
	k := newTalk(t)
	r := k.say(client, little.bind(1, nil, samr))
	if diff := cmp.Diff([]string{"samr"}, r.Layers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]dissect.Attribute{{Name: "dcerpc.uuid", Value: samr.String()}, {Name: "dcerpc.interface", Value: "samr"}}, r.Attributes); diff != "" {
		t.Error(diff)
	}
	r = k.say(server, little.bindAck(1, `\PIPE\lsass`, 0))
	if !r.Answers || len(r.Layers) != 0 {
		t.Errorf("answers %v, layers %v", r.Answers, r.Layers)
	}
	if diff := cmp.Diff([]dissect.Attribute{{Name: "dcerpc.sec_addr", Value: `\PIPE\lsass`}}, r.Attributes); diff != "" {
		t.Error(diff)
	}
	r = k.say(client, little.request(2, 0, 64, nil))
	if diff := cmp.Diff([]dissect.Attribute{{Name: "dcerpc.opnum", Value: "64"}}, r.Attributes); diff != "" {
		t.Error(diff)
	}
	if r = k.say(server, little.response(3, 2, nil)); !r.Answers {
		t.Error("response does not answer")
	}
	if r = k.say(server, little.response(3, 99, nil)); r.Answers {
		t.Error("response answers nothing")
	}
}

// Of several interfaces offered at once those count that the server accepts.
func TestSeveralInterfaces(t *testing.T) {
	k := newTalk(t)
	if r := k.say(client, little.bind(1, nil, samr, lsa, ifaceOXIDResolver)); len(r.Layers) != 0 {
		t.Errorf("layers = %v before the answer", r.Layers)
	}
	r := k.say(server, little.bindAck(1, "", 2, 0, 0))
	if diff := cmp.Diff([]string{"lsarpc", "oxid"}, r.Layers); diff != "" {
		t.Error(diff)
	}
}

// Where the answer was not captured, a request says which interface is meant.
func TestInterfaceFromRequest(t *testing.T) {
	k := newTalk(t)
	k.say(client, little.bind(1, nil, samr, lsa))
	r := k.say(client, little.request(2, 1, 0, nil))
	if diff := cmp.Diff([]string{"lsarpc"}, r.Layers); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownInterface(t *testing.T) {
	u := mustUUID("00112233-4455-6677-8899-aabbccddeeff")
	r := newTalk(t).say(client, little.bind(1, nil, u))
	if len(r.Layers) != 0 {
		t.Errorf("layers = %v", r.Layers)
	}
	if diff := cmp.Diff([]dissect.Attribute{{Name: "dcerpc.uuid", Value: u.String()}}, r.Attributes); diff != "" {
		t.Error(diff)
	}
}

// The print spooler shares its UUID with another service: its address tells.
func TestSpooler(t *testing.T) {
	tests := []struct {
		address string
		want    []string
	}{
		{`\PIPE\spoolss`, []string{"spoolss"}},
		{"49157", []string{"spoolss"}},
		{`\PIPE\policyagent`, nil},
	}
	for _, tt := range tests {
		k := newTalk(t)
		if r := k.say(client, little.bind(1, nil, ifaceSpooler)); len(r.Layers) != 0 {
			t.Errorf("layers = %v before the answer", r.Layers)
		}
		if r := k.say(server, little.bindAck(1, tt.address, 0)); !slices.Equal(r.Layers, tt.want) {
			t.Errorf("%s: layers = %v, want %v", tt.address, r.Layers, tt.want)
		}
	}
	k := newTalk(t)
	k.say(client, little.bind(1, nil, ifaceSpooler))
	if r := k.say(client, little.request(2, 0, 69, nil)); !slices.Equal(r.Layers, []string{"spoolss"}) {
		t.Errorf("layers = %v after RpcOpenPrinterEx", r.Layers)
	}
}

func TestAuthType(t *testing.T) {
	r := newTalk(t).say(client, little.bind(1, []byte("NTLMSSP\x00"), samr))
	want := dissect.Attribute{Name: "dcerpc.auth_type", Value: "ntlmssp"}
	if !slices.Contains(r.Attributes, want) {
		t.Errorf("attributes = %v", r.Attributes)
	}
}

func TestEndpointMapper(t *testing.T) {
	samrTower := tower(samr, floorTCP, 49155, [4]byte{10, 0, 0, 1})
	want := []dissect.Expectation{{
		Transport: "tcp", Host: netip.AddrFrom4([4]byte{10, 0, 0, 1}), Port: 49155, Protocols: []string{"dcerpc", "samr"}, Seconds: announcementSeconds,
	}}
	pipe := tower(samr, 0x0F, 0, [4]byte{})
	anywhere := tower(lsa, floorUDP, 1025, [4]byte{})
	tests := []struct {
		name  string
		w     builder
		opnum uint16
		stub  []byte
		want  []dissect.Expectation
	}{
		{"map", little, opMap, little.mapStub(4, samrTower), want},
		{"map, big-endian", big, opMap, big.mapStub(4, samrTower), want},
		{"the same twice", little, opMap, little.mapStub(4, samrTower, samrTower), want},
		{"named pipe", little, opMap, little.mapStub(4, pipe, samrTower), want},
		{"lookup", little, opLookup, little.lookupStub("Security Accounts", samrTower), want},
		{"udp without address", little, opMap, little.mapStub(4, anywhere), []dissect.Expectation{{
			Transport: "udp", Port: 1025, Protocols: []string{"dcerpc", "lsarpc"}, Seconds: announcementSeconds,
		}}},
		{"no towers", little, opMap, little.mapStub(4), nil},
		{"other operation", little, 4, little.mapStub(4, samrTower), nil},
		{"cut", little, opMap, little.mapStub(4, samrTower)[:100], nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newTalk(t)
			k.say(client, tt.w.bind(1, nil, ifaceEndpointMapper))
			k.say(server, tt.w.bindAck(1, "135", 0))
			k.say(client, tt.w.request(2, 0, tt.opnum, nil))
			r := k.say(server, tt.w.response(3, 2, tt.stub))
			if diff := cmp.Diff(tt.want, r.Expectations, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEndpointMapperNDR64(t *testing.T) {
	stub := little.mapStub(8, tower(samr, floorTCP, 49155, [4]byte{}), tower(samr, floorTCP, 49156, [4]byte{}))
	var r dissect.Report
	announce(&r, call{iface: ifaceEndpointMapper, opnum: opMap, ndr64: true, known: true}, stub, binary.LittleEndian)
	if len(r.Expectations) != 2 || r.Expectations[1].Port != 49156 {
		t.Errorf("expectations = %v", r.Expectations)
	}
}

func TestFragmentedResponse(t *testing.T) {
	stub := little.lookupStub("", tower(samr, floorTCP, 1, [4]byte{}), tower(lsa, floorTCP, 2, [4]byte{}))
	k := newTalk(t)
	k.say(client, little.bind(1, nil, ifaceEndpointMapper))
	k.say(client, little.request(2, 0, opLookup, nil))
	k.say(server, little.response(flagFirst, 2, stub[:50]))
	k.say(server, little.response(0, 2, stub[50:99]))
	r := k.say(server, little.response(flagLast, 2, stub[99:]))
	if len(r.Expectations) != 2 {
		t.Errorf("expectations = %v", r.Expectations)
	}
}

func TestObjectBindings(t *testing.T) {
	stub := slices.Concat(make([]byte, 33), []byte{7, 0}, utf16le("HOST[49156]"), []byte{7, 0}, utf16le("10.0.0.9[49156]"), []byte{7, 0}, utf16le("HOST"))
	k := newTalk(t)
	k.say(client, little.bind(1, nil, ifaceActivator))
	k.say(server, little.bindAck(1, "135", 0))
	k.say(client, little.request(2, 0, 4, nil))
	r := k.say(server, little.response(3, 2, stub))
	want := []dissect.Expectation{
		{Transport: "tcp", Port: 49156, Protocols: []string{"dcerpc"}, Seconds: announcementSeconds},
		{Transport: "tcp", Host: netip.MustParseAddr("10.0.0.9"), Port: 49156, Protocols: []string{"dcerpc"}, Seconds: announcementSeconds},
	}
	if diff := cmp.Diff(want, r.Expectations, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
}

func TestDatagramNamesInterface(t *testing.T) {
	p := New()
	var r dissect.Report
	request := big.datagram(pduRequest, mustUUID("dea00001-6c97-11d1-8271-00a02442df7d"), 7, 2, []byte("read"))
	p.Parse(&dissect.Message{Data: request, Size: len(request), Context: &dissect.Context{Transport: "udp"}}, &r)
	if !slices.Equal(r.Layers, []string{"pn_io_device"}) {
		t.Errorf("layers = %v", r.Layers)
	}
	r.Reset()
	response := big.datagram(pduResponse, uuid{}, 7, 2, nil)
	p.Parse(&dissect.Message{Data: response, Size: len(response), From: server, Context: &dissect.Context{Transport: "udp"}}, &r)
	if !r.Answers {
		t.Error("response does not answer")
	}
}

func TestParseInterfaces(t *testing.T) {
	for _, bad := range []string{"e1af8308-5d1f-11c9-91a4-08002b14a0fa\tepm", "x\ty\tz", "e1af8308-5d1f-11c9-91a4-08002b14a0fa\ta\tb\ne1af83085d1f11c991a408002b14a0fa\ta\tb"} {
		if _, err := parseInterfaces(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestRejectDoesNotAllocate(t *testing.T) {
	inputs := [][]byte{{0x16, 3, 1, 2, 0, 1}, {5, 1, 0, 1, 127, 0, 0, 1}, []byte("HTTP/1.1 200 OK")}
	p, r := New(), new(dissect.Report)
	for _, in := range inputs {
		m := dissect.Message{Data: in, Size: len(in), Open: true, From: server}
		if n := testing.AllocsPerRun(100, func() { p.Parse(&m, r) }); n != 0 {
			t.Errorf("% x: %v allocations", in, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(little.bind(1, nil, ifaceEndpointMapper), little.request(2, 0, opMap, nil), little.response(3, 2, little.mapStub(4, tower(samr, floorTCP, 1, [4]byte{}))), true)
	f.Add(big.bind(1, nil, ifaceActivator), big.request(2, 0, 4, nil), big.response(3, 2, append([]byte{7, 0}, utf16le("a[1]")...)), true)
	f.Add(big.datagram(0, samr, 0, 0, nil), little.datagram(0, ifaceEndpointMapper, 1, 3, nil), little.datagram(2, ifaceEndpointMapper, 1, 3, little.mapStub(4)), false)
	f.Fuzz(func(t *testing.T, a, b, c []byte, open bool) {
		p := New()
		ctx := &dissect.Context{Transport: "udp"}
		if open {
			ctx.Transport = "tcp"
		}
		for i, data := range [][]byte{a, b, c} {
			var r dissect.Report
			r.Recording = true
			m := dissect.Message{Data: data, Size: len(data), Open: open, Ended: !open, First: i != 1, From: flow.Direction(i / 2), Context: ctx}
			if p.Parse(&m, &r) != dissect.Match {
				continue
			}
			if r.Bits < 24 || r.Length <= 0 || r.EvidenceLength > len(data) || len(r.Expectations) > maxAnnounced {
				t.Fatalf("%+v of %d bytes", r, len(data))
			}
			for _, x := range r.Fields {
				if x.Offset+x.Length > len(data) {
					t.Fatalf("field %+v of %d bytes", x, len(data))
				}
			}
		}
	})
}

func BenchmarkRequest(b *testing.B) {
	data := little.request(1, 0, 5, make([]byte, 100))
	p, r := New(), new(dissect.Report)
	m := dissect.Message{Data: data, Size: len(data), Open: true}
	for b.Loop() {
		r.Reset()
		p.Parse(&m, r)
	}
}

func BenchmarkReject(b *testing.B) {
	data := []byte{5, 1, 0, 1, 127, 0, 0, 1, 0, 80}
	p, r := New(), new(dissect.Report)
	m := dissect.Message{Data: data, Size: len(data), Open: true}
	for b.Loop() {
		p.Parse(&m, r)
	}
}
