package correlate

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/correlate/registry"
	"github.com/sniffid/sniffid/dissect/flow"
)

func tcp(client, server string, stack ...string) *FlowSummary {
	f := &FlowSummary{
		Transport: "tcp", Roles: flow.RolesHandshake, Answered: true, Protocols: stack, Confidence: "certain", First: 1,
		Client: End{Addr: netip.MustParseAddrPort(client), Packets: 3, Payload: 10},
		Server: End{Addr: netip.MustParseAddrPort(server), Packets: 3, Payload: 20},
	}
	if len(stack) == 0 {
		f.Confidence = ""
	}
	return f
}

func refusal(client, server string, packets ...uint64) *FlowSummary {
	return &FlowSummary{
		Transport: "tcp", Roles: flow.RolesHandshake, Refused: true, Refusal: packets, First: packets[0],
		Client: End{Addr: netip.MustParseAddrPort(client), Packets: 1},
		Server: End{Addr: netip.MustParseAddrPort(server), Packets: 1},
	}
}

// verdicts renders ports as "tcp 10.0.0.1:80 confirmed".
func verdicts(a *Aggregator) []string {
	var out []string
	ports := a.Ports()
	for i := range ports {
		v := Judge(&ports[i], nil)
		kind := string(v.Kind)
		if v.Suspected {
			kind += "?"
		}
		out = append(out, fmt.Sprintf("%s %s", ports[i].Key, kind))
	}
	return out
}

func listing(t *testing.T, file string) *claims.Listing {
	t.Helper()
	f, err := os.Open("claims/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := claims.Parse(f, file)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func port(number uint16) func(string, uint16) bool {
	return func(_ string, p uint16) bool { return p == number }
}

func TestAggregator(t *testing.T) {
	wildcard := &claims.Listing{Claims: []claims.Claim{
		row("tcp", "0.0.0.0:80", "", "LISTENING", 1), row("tcp", "[::]:80", "", "LISTENING", 2),
		row("tcp", "10.0.0.1:2888", "", "LISTENING", 3), row("udp", "0.0.0.0:1900", "", "", 4),
	}}
	tests := []struct {
		name   string
		config Config
		flows  []*FlowSummary
		want   []string
	}{
		{
			"server ends only",
			Config{},
			[]*FlowSummary{tcp("10.0.0.1:2888", "10.0.0.2:139", "nbss", "smb")},
			[]string{"10.0.0.2:139/tcp confirmed"},
		},
		{
			"the port asked about",
			Config{Asked: port(2888)},
			[]*FlowSummary{tcp("10.0.0.1:2888", "10.0.0.2:139", "nbss", "smb"), refusal("10.0.0.3:1", "10.0.0.1:2888", 7, 8)},
			[]string{"10.0.0.1:2888/tcp client", "10.0.0.2:139/tcp confirmed"},
		},
		{"a probe of a port that nobody speaks of", Config{}, []*FlowSummary{refusal("10.0.0.3:1", "10.0.0.1:2888", 7, 8)}, nil},
		{
			"the same, asked about",
			Config{Asked: port(2888)},
			[]*FlowSummary{refusal("10.0.0.3:1", "10.0.0.1:2888", 7, 8)},
			[]string{"10.0.0.1:2888/tcp "},
		},
		{
			"claims without traffic",
			Config{Claims: wildcard},
			nil,
			[]string{"0.0.0.0:80/tcp silent", "10.0.0.1:2888/tcp silent", "0.0.0.0:1900/udp silent"},
		},
		{"wildcard claims with traffic", Config{Claims: wildcard}, []*FlowSummary{
			tcp("10.0.0.2:5000", "10.0.0.1:80", "http"), tcp("10.0.0.1:5001", "10.0.0.9:80", "http"),
			tcp("10.0.0.1:2888", "10.0.0.2:139", "nbss", "smb"),
		}, []string{"10.0.0.1:80/tcp confirmed", "10.0.0.1:2888/tcp phantom", "10.0.0.2:139/tcp confirmed", "10.0.0.9:80/tcp confirmed", "0.0.0.0:1900/udp silent"}},
		{
			"both families and a mapped address",
			Config{Claims: wildcard},
			[]*FlowSummary{tcp("[::ffff:10.0.0.2]:5000", "[::ffff:10.0.0.1]:80", "ssh")},
			[]string{"10.0.0.1:80/tcp mismatch", "10.0.0.1:2888/tcp silent", "0.0.0.0:1900/udp silent"},
		},
		{
			"expectation of all",
			Config{Expect: "ssh"},
			[]*FlowSummary{tcp("10.0.0.2:5000", "10.0.0.1:80", "http"), tcp("10.0.0.2:5000", "10.0.0.1:22", "ssh")},
			[]string{"10.0.0.1:22/tcp confirmed", "10.0.0.1:80/tcp mismatch"},
		},
		{
			"expectation of the port asked about",
			Config{Expect: "ssh", Asked: port(22)},
			[]*FlowSummary{tcp("10.0.0.2:5000", "10.0.0.1:80", "http"), tcp("10.0.0.2:5000", "10.0.0.1:22", "http")},
			[]string{"10.0.0.1:22/tcp mismatch", "10.0.0.1:80/tcp confirmed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := NewAggregator(tt.config)
			for _, f := range tt.flows {
				a.Add(f)
			}
			want := verdicts(a)
			if diff := cmp.Diff(tt.want, want); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// The order of the flows changes nothing.
			for range 5 {
				b := NewAggregator(tt.config)
				for _, i := range rand.Perm(len(tt.flows)) {
					b.Add(tt.flows[i])
				}
				if diff := cmp.Diff(want, verdicts(b)); diff != "" {
					t.Errorf("in another order:\n%s", diff)
				}
			}
		})
	}
}

// The exemplary case, from a real listing: alone it raises suspicions, and the
// wire makes them certain.
func TestListingAndWire(t *testing.T) {
	config := Config{Claims: listing(t, "netstat-an.xp.txt")}
	suspected := map[string]bool{}
	for _, v := range verdicts(NewAggregator(config)) {
		if len(v) > 8 && v[len(v)-8:] == "phantom?" {
			suspected[v] = true
		}
	}
	want := map[string]bool{"0.0.0.0:2354/tcp phantom?": true, "192.168.0.111:2888/tcp phantom?": true, "0.0.0.0:1081/tcp phantom?": true}
	if diff := cmp.Diff(want, suspected); diff != "" {
		t.Errorf("suspected (-want +got):\n%s", diff)
	}

	config.Asked = port(2888)
	a := NewAggregator(config)
	session := tcp("192.168.0.111:2888", "192.168.0.54:139", "nbss", "smb")
	session.Client.Owner = owner.Owner{PID: 4, Name: "System", Quality: owner.Snapshot}
	session.Evidence = []Evidence{{Protocol: "nbss", Signature: "nbss.session-request", Confidence: "certain", Packet: 4, Reason: "session request"}}
	a.Add(session)
	a.Add(refusal("192.168.0.7:1033", "192.168.0.111:2888", 7, 8))
	for _, p := range a.Ports() {
		if p.Key.Port != 2888 {
			continue
		}
		v := Judge(&p, nil)
		const why = "2888/tcp is no service. It is the local end of a NetBIOS session (nbss, smb) to 192.168.0.54:139, opened by PID 4 System; " +
			"the LISTENING row is a phantom, and a connection to it was refused (packets 7 and 8)."
		if v.Kind != Phantom || v.Role != Client || v.Why != why || v.Suspected {
			t.Errorf("%+v", v)
		}
		sources := map[string]bool{}
		for _, f := range v.Evidence {
			sources[f.Source] = true
		}
		if diff := cmp.Diff(map[string]bool{"wire": true, "claim": true, "registry": true, "owner": true}, sources); diff != "" {
			t.Errorf("evidence (-want +got):\n%s", diff)
		}
	}
}

// Flows that look alike are one observation, others are not; memory is bounded.
func TestAggregatorGroups(t *testing.T) {
	a := NewAggregator(Config{MaxPorts: 2})
	for i := range 100 {
		a.Add(tcp(fmt.Sprintf("10.0.0.2:%d", 1024+i), "10.0.0.1:80", "http"))
	}
	a.Add(tcp("10.0.0.2:5000", "10.0.0.1:80"))
	ports := a.Ports()
	if len(ports) != 1 || len(ports[0].Observations) != 2 {
		t.Fatalf("%+v", ports)
	}
	o := ports[0].Observations[0]
	if o.Flows != 100 || len(o.Peers) != maxPeers || o.Payload != [2]uint64{1000, 2000} {
		t.Errorf("%+v", o)
	}
	for i := range 100 {
		a.Add(tcp("10.0.0.2:5000", "10.0.0.1:80", fmt.Sprintf("p%d", i)))
	}
	if n := len(a.Ports()[0].Observations); n > maxObservations {
		t.Errorf("%d observations", n)
	}
	dropped := a.Dropped()
	a.Add(tcp("10.0.0.2:5000", "10.0.0.1:81", "http"))
	a.Add(tcp("10.0.0.2:5000", "10.0.0.1:82", "http"))
	if len(a.Ports()) != 2 || a.Dropped() != dropped+1 {
		t.Errorf("%d ports, %d dropped", len(a.Ports()), a.Dropped())
	}
}

// Who holds a port: the flow's owner, else the listing's, else why not.
func TestPortOwner(t *testing.T) {
	rows := &claims.Listing{Claims: []claims.Claim{row("tcp", "10.0.0.1:80", "", "LISTENING", 1)}}
	shared := &claims.Listing{Claims: []claims.Claim{row("tcp", "10.0.0.1:80", "", "LISTENING", 1)}}
	shared.Claims[0].Others = []claims.Process{{PID: 9, Name: "x"}}
	tests := []struct {
		name   string
		claims *claims.Listing
		owner  owner.Owner
		want   owner.Owner
	}{
		{"the flow's", rows, owner.Owner{PID: 5, Quality: owner.Exact}, owner.Owner{PID: 5, Quality: owner.Exact}},
		{"the listing's", rows, owner.Owner{Reason: owner.Offline}, owner.Owner{PID: 4, Name: "System", Quality: owner.Snapshot}},
		{"several", shared, owner.Owner{Reason: owner.Offline}, owner.Owner{Reason: owner.Ambiguous, Candidates: []owner.Process{{PID: 4, Name: "System"}, {PID: 9, Name: "x"}}}},
		{"nobody's", nil, owner.Owner{Reason: owner.Offline}, owner.Owner{Reason: owner.Offline}},
	}
	for _, tt := range tests {
		a := NewAggregator(Config{Claims: tt.claims})
		f := tcp("10.0.0.2:5000", "10.0.0.1:80", "http")
		f.Server.Owner = tt.owner
		a.Add(f)
		if diff := cmp.Diff(tt.want, a.Ports()[0].Owner); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSockets(t *testing.T) {
	l := listing(t, "netstat-nb.xpsp2-ja.txt")
	sockets := ToSockets(l)
	source := owner.NewFixed(sockets)
	o := source.Lookup(owner.Query{Transport: "tcp", Local: netip.MustParseAddrPort("192.168.0.111:1140"), Remote: netip.MustParseAddrPort("192.168.0.51:23")})
	if o.PID != 4016 || o.Name != "telnet.exe" || o.Quality != owner.Snapshot {
		t.Errorf("%+v", o)
	}
	back := FromSockets(sockets)
	if len(back.Claims) != len(l.Claims) || back.Claims[1].Process != "telnet.exe" || back.Claims[1].Line != 0 {
		t.Errorf("%+v", back.Claims)
	}
	if ToSockets(nil) != nil {
		t.Error("sockets of nothing")
	}
}

// A container's port 80 is not the host's.
func TestNetworkNamespaces(t *testing.T) {
	const container = 4026532281
	table := FromSockets([]owner.Socket{
		{Transport: "tcp", Local: netip.MustParseAddrPort("0.0.0.0:80"), State: "LISTENING", NetNS: container, Owner: owner.Owner{PID: 7, Name: "nginx", NetNS: container}},
		{Transport: "tcp", Local: netip.MustParseAddrPort("0.0.0.0:8080"), State: "LISTENING", Owner: owner.Owner{PID: 9, Name: "docker-proxy"}},
	})
	host := netip.MustParseAddr("10.0.0.1")
	config := Config{Claims: table, Local: func(a netip.Addr) bool { return a == host }}
	served := func(f *FlowSummary) *FlowSummary {
		f.Server.Owner = owner.Owner{PID: 7, NetNS: container}
		return f
	}
	tests := []struct {
		name  string
		flows []*FlowSummary
		want  []string
	}{
		{"nothing seen", nil, []string{"0.0.0.0:80/tcp netns 4026532281 silent", "0.0.0.0:8080/tcp silent"}},
		{
			"the host refuses what the container listens at",
			[]*FlowSummary{refusal("10.0.0.2:5000", "10.0.0.1:80", 1, 2)},
			[]string{"0.0.0.0:80/tcp netns 4026532281 silent", "0.0.0.0:8080/tcp silent"},
		},
		{
			"at the container's address",
			[]*FlowSummary{served(tcp("10.88.0.1:5000", "10.88.0.5:80", "http"))},
			[]string{"0.0.0.0:8080/tcp silent", "10.88.0.5:80/tcp confirmed"},
		},
		{
			"at the port published for it",
			[]*FlowSummary{served(tcp("10.0.0.2:5000", "10.0.0.1:8080", "http"))},
			[]string{"0.0.0.0:80/tcp netns 4026532281 silent", "10.0.0.1:8080/tcp confirmed"},
		},
	}
	for _, tt := range tests {
		a := NewAggregator(config)
		for _, f := range tt.flows {
			a.Add(f)
		}
		if diff := cmp.Diff(tt.want, verdicts(a)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if back := ToSockets(table); back[0].NetNS != container || back[0].Owner.NetNS != container {
		t.Errorf("%+v", back[0])
	}
}

// Whatever combination of witnesses: a verdict of the table, with a sentence,
// and evidence for each but the empty verdict.
func FuzzJudge(f *testing.F) {
	f.Add(uint64(1), uint16(2888), true)
	f.Add(uint64(77), uint16(139), false)
	f.Fuzz(func(t *testing.T, seed uint64, number uint16, udp bool) {
		r := rand.New(rand.NewPCG(seed, 1))
		makers := []func() Observation{
			func() Observation { return spoke("http", "certain") },
			func() Observation { return spoke("nbss smb", "likely") },
			func() Observation { return request("ssh", "likely") },
			func() Observation { return oneWay("tls", "declared") },
			opaque, accepted, unanswered, refused,
			func() Observation { return opened("nbss smb", "certain") },
			func() Observation { return assumed(opened("", "")) },
		}
		p := Port{Key: PortKey{Transport: "tcp", Addr: host, Port: number}, Registered: new(registry.Registry).Names("tcp", number)}
		if udp {
			p.Key.Transport = "udp"
		}
		for range r.IntN(4) {
			p.Observations = append(p.Observations, makers[r.IntN(len(makers))]())
		}
		local := netip.AddrPortFrom(host, number).String()
		if r.IntN(2) == 0 {
			p.Claims = append(p.Claims, row(p.Key.Transport, local, "", []string{"LISTENING", ""}[r.IntN(2)], 1))
		}
		if r.IntN(2) == 0 {
			p.Claims = append(p.Claims, row(p.Key.Transport, local, peer.String(), "ESTABLISHED", 2))
		}
		p.Expect = []string{"", "http", "nonsense"}[r.IntN(3)]
		v := Judge(&p, nil)
		if v.Why == "" || v.Kind != None && len(v.Evidence) == 0 || v.Expect == NotAsked != (p.Expect == "") {
			t.Fatalf("%+v of %+v", v, p)
		}
		if v.Kind == Phantom && len(p.Claims) == 0 {
			t.Fatalf("a phantom that nobody claims: %+v", p)
		}
		if again := Judge(&p, nil); !cmp.Equal(v, again) {
			t.Fatal("two verdicts of one port")
		}
	})
}
