package correlate

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect/flow"
)

var (
	host = netip.MustParseAddr("192.168.0.111")
	peer = netip.MustParseAddrPort("192.168.0.54:139")
)

// The observations that the tables are made of.
func spoke(stack, confidence string) Observation {
	return Observation{
		Role: Server, Protocols: strings.Fields(stack), Confidence: confidence, Flows: 1, Roles: flow.RolesHandshake,
		Answered: 1, Payload: [2]uint64{100, 200}, Packets: [2]uint64{5, 5}, First: 1,
		Peers: []netip.AddrPort{netip.MustParseAddrPort("192.168.0.7:1174")},
	}
}

func request(stack, confidence string) Observation {
	o := spoke(stack, confidence)
	o.Payload[flow.FromServer] = 0
	return o
}

func oneWay(stack, confidence string) Observation {
	o := request(stack, confidence)
	o.Packets[flow.FromServer], o.Answered, o.Roles = 0, 0, flow.RolesFirstPacket
	return o
}

func opaque() Observation { return spoke("", "") }

func accepted() Observation {
	o := spoke("", "")
	o.Payload = [2]uint64{}
	return o
}

func unanswered() Observation {
	o := accepted()
	o.Answered = 0
	return o
}

func refused() Observation {
	o := unanswered()
	o.Refused, o.Refusals = 1, []uint64{7, 8}
	return o
}

func opened(stack, confidence string) Observation {
	o := spoke(stack, confidence)
	o.Role, o.Peers = Client, []netip.AddrPort{peer}
	return o
}

func assumed(o Observation) Observation {
	o.Roles = flow.RolesFirstPacket
	return o
}

func to(o Observation, peer string) Observation {
	o.Peers = []netip.AddrPort{netip.MustParseAddrPort(peer)}
	return o
}

func row(transport, local, remote, state string, line int) claims.Claim {
	c := claims.Claim{Transport: transport, Local: netip.MustParseAddrPort(local), State: state, PID: 4, Process: "System", Line: line}
	if remote != "" {
		c.Remote = netip.MustParseAddrPort(remote)
	}
	return c
}

func TestJudge(t *testing.T) {
	listening := []claims.Claim{row("tcp", "192.168.0.111:2888", "", "LISTENING", 22)}
	bound := []claims.Claim{row("udp", "192.168.0.111:1026", "", "", 27)}
	declared := []claims.Claim{{Transport: "tcp", Local: netip.MustParseAddrPort("192.168.0.111:8080"), State: "LISTENING", Protocols: []string{"ssh"}, Line: 1}}
	tests := []struct {
		name       string
		transport  string // tcp when empty
		registered string
		expect     string
		claims     []claims.Claim
		seen       []Observation
		want       Kind
		role       Role
		answer     Answer
		why        string // part of the sentence
	}{
		// What was spoken against the registry.
		{name: "as registered", registered: "microsoft-ds", seen: []Observation{spoke("nbss smb2", "certain")}, want: Confirmed, role: Server, why: "speaks nbss, smb2, as registered (microsoft-ds)"},
		{name: "as registered, likely", registered: "http", seen: []Observation{spoke("http", "likely")}, want: Confirmed, role: Server, why: "(likely)"},
		{name: "one of several names", registered: "other http", seen: []Observation{spoke("http", "certain")}, want: Confirmed, role: Server, why: "as registered (http)"},
		{name: "any layer counts", registered: "https", seen: []Observation{spoke("tls http2", "declared")}, want: Confirmed, role: Server},
		{name: "announced and registered", registered: "ftp-data", seen: []Observation{spoke("ftp-data", "expected")}, want: Confirmed, role: Server, why: "(expected, not proved)"},
		{name: "something else", registered: "ssh", seen: []Observation{spoke("http", "certain")}, want: Mismatch, role: Server, why: "registered as ssh, but it speaks http"},
		{name: "something else, likely", registered: "ssh", seen: []Observation{spoke("http", "likely")}, want: Mismatch, role: Server, why: "(likely)"},
		{name: "something else, announced", registered: "commplex-link", seen: []Observation{spoke("ftp-data", "expected")}, want: Mismatch, role: Server, why: "not proved"},
		{name: "plain text where TLS is registered", registered: "https", seen: []Observation{spoke("http", "certain")}, want: Mismatch, role: Server},
		{name: "a name of unknown protocol", registered: "spcsdlobby", seen: []Observation{spoke("http", "certain")}, want: Mismatch, role: Server, why: "what spcsdlobby speaks is not on record"},
		{name: "no name", seen: []Observation{spoke("http", "certain")}, want: Unregistered, role: Server, why: "nobody names this port"},
		{name: "no label", registered: "http", seen: []Observation{opaque()}, want: Unidentified, role: Server, why: "no signature matched; the port is registered as http"},
		{name: "no label, no name", seen: []Observation{opaque()}, want: Unidentified, role: Server},
		{name: "no payload", registered: "http", seen: []Observation{accepted()}, want: Silent, role: Server, why: "accepts connections, and no payload"},

		// Several flows of one port.
		{name: "certain other beside the registered", registered: "http", seen: []Observation{spoke("http", "certain"), spoke("ssh", "certain")}, want: Mismatch, role: Server, why: "1 flow did speak http"},
		{name: "likely other beside the registered", registered: "http", seen: []Observation{spoke("http", "certain"), spoke("ssh", "likely")}, want: Confirmed, role: Server, why: "1 flow looked like something else"},
		{name: "two others", registered: "http", seen: []Observation{spoke("ssh", "likely"), spoke("smtp", "likely")}, want: Mismatch, role: Server, why: "ssh; smtp"},
		{name: "label beside no label", registered: "http", seen: []Observation{spoke("http", "certain"), opaque()}, want: Confirmed, role: Server, why: "1 flow matched no signature"},
		{name: "label beside no payload", registered: "http", seen: []Observation{accepted(), spoke("http", "certain")}, want: Confirmed, role: Server},
		{name: "no label beside no payload", registered: "http", seen: []Observation{accepted(), opaque()}, want: Unidentified, role: Server},
		{name: "proved lower layer of a declared stack", registered: "http", seen: []Observation{spoke("http", "certain"), {
			Role: Server, Protocols: []string{"tls", "ldap"}, Confidence: "declared", Flows: 1, Answered: 1, Payload: [2]uint64{1, 1},
			Evidence: []Evidence{{Protocol: "tls", Confidence: "certain", Packet: 4}},
		}}, want: Mismatch, role: Server},

		// A server that says nothing has no protocol.
		{name: "request in the registered protocol", registered: "http", seen: []Observation{request("http", "likely")}, want: Confirmed, role: Server, why: "only the clients' bytes"},
		{name: "request in another protocol", registered: "ssh", seen: []Observation{request("http", "likely")}, want: Silent, role: Server, why: "said nothing"},
		{name: "request beyond doubt", registered: "ssh", seen: []Observation{request("http", "certain")}, want: Mismatch, role: Server},
		{name: "the server's direction was not captured", registered: "ssh", seen: []Observation{oneWay("http", "likely")}, want: Mismatch, role: Server},
		{name: "datagrams need no answer", transport: "udp", registered: "palace-4", seen: []Observation{oneWay("cflow", "likely")}, want: Mismatch, role: Server},

		// Refusals and outgoing connections.
		{name: "claimed and refused", registered: "spcsdlobby", claims: listening, seen: []Observation{refused()}, want: Phantom, role: Server, why: "a connection to it was refused (packets 7 and 8)"},
		{name: "claimed and outgoing only", registered: "spcsdlobby", claims: listening, seen: []Observation{opened("nbss smb", "certain")}, want: Phantom, role: Client, why: "the LISTENING row is a phantom."},
		{name: "claimed, outgoing and refused", registered: "spcsdlobby", claims: listening, seen: []Observation{opened("nbss smb", "certain"), refused()}, want: Phantom, role: Client, why: "phantom, and a connection"},
		{name: "claimed, outgoing without payload", registered: "spcsdlobby", claims: listening, seen: []Observation{opened("", "")}, want: Phantom, role: Client, why: "local end of a connection to"},
		{name: "claimed, refused, but also answered", registered: "http", claims: listening, seen: []Observation{refused(), spoke("http", "certain")}, want: Confirmed, role: Server},
		{name: "claimed, outgoing, but also answered", registered: "spcsdlobby", claims: listening, seen: []Observation{opened("nbss smb", "certain"), spoke("http", "certain")}, want: Mismatch, role: Server},
		{name: "claimed, outgoing by the first packet only", registered: "netbios-ssn", claims: listening, seen: []Observation{assumed(opened("nbss smb", "likely"))}, want: Confirmed, role: Server},
		{name: "claimed, no answer", registered: "http", claims: listening, seen: []Observation{unanswered()}, want: Silent, role: Server, why: "nothing was answered"},
		{name: "claimed, nothing seen", registered: "http", claims: listening, want: Silent, role: Server, why: "no packet of it was seen"},
		{name: "outgoing only", registered: "spcsdlobby", seen: []Observation{opened("nbss smb", "certain")}, want: ClientEnd, role: Client, why: "nobody says that it listens"},
		{name: "outgoing and refused, not claimed", registered: "spcsdlobby", seen: []Observation{opened("nbss smb", "certain"), refused()}, want: ClientEnd, role: Client, why: "refused (packets 7 and 8)"},
		{name: "outgoing of a dynamic port", seen: []Observation{opened("tls", "certain")}, want: ClientEnd, role: Client},
		{name: "refused, not claimed", registered: "http", seen: []Observation{refused()}, want: None, why: "Nobody says that"},
		{name: "nothing at all", registered: "http", want: None, why: "nothing answered"},

		// Datagram sockets.
		{name: "bound and refused", transport: "udp", claims: bound, seen: []Observation{refused()}, want: Phantom, role: Server, why: "a datagram to it was refused"},
		{name: "bound and asking", transport: "udp", claims: bound, seen: []Observation{to(opened("dns", "certain"), "192.168.0.1:53")}, want: ClientEnd, role: Client, why: "only seen to ask"},
		{name: "bound and nothing seen", transport: "udp", claims: bound, want: Silent, role: Server},
		{name: "equals speak the registered protocol", transport: "udp", registered: "ssdp", claims: bound, seen: []Observation{to(opened("ssdp", "certain"), "239.255.255.250:1900")}, want: Confirmed, role: Server},
		{name: "asking in the own port's protocol", transport: "udp", registered: "domain", seen: []Observation{to(opened("dns", "certain"), "192.168.0.1:5300")}, want: ClientEnd, role: Client},

		// The listing's own protocols.
		{name: "as listed, against the registry", registered: "http-alt", claims: declared, seen: []Observation{spoke("ssh", "certain")}, want: Confirmed, role: Server, why: "as the listing says"},
		{name: "as registered, against the listing", registered: "http-alt", claims: declared, seen: []Observation{spoke("http", "certain")}, want: Confirmed, role: Server},
		{name: "against both", registered: "http-alt", claims: declared, seen: []Observation{spoke("smtp", "certain")}, want: Mismatch, role: Server, why: "registered as http-alt and listed as ssh"},
		{name: "against the listing alone", claims: declared, seen: []Observation{spoke("smtp", "certain")}, want: Mismatch, role: Server, why: "listed as ssh"},

		// What the user expects.
		{name: "expected", registered: "spcsdlobby", expect: "smb2", seen: []Observation{spoke("nbss smb2", "certain")}, want: Confirmed, role: Server, answer: Met, why: "as expected (smb2)"},
		{name: "expected by its registered name", expect: "https", seen: []Observation{spoke("tls", "certain")}, want: Confirmed, role: Server, answer: Met},
		{name: "expected otherwise", registered: "https", expect: "http", seen: []Observation{spoke("tls", "certain")}, want: Mismatch, role: Server, answer: Unmet, why: "expected to speak http"},
		{name: "expected, no label", expect: "http", seen: []Observation{opaque()}, want: Unidentified, role: Server, answer: Unmet},
		{name: "expected, no payload", expect: "http", seen: []Observation{accepted()}, want: Silent, role: Server, answer: Unseen},
		{name: "expected, refused", expect: "http", seen: []Observation{refused()}, want: None, answer: Unseen},
		{name: "expected of a client end", expect: "smb", seen: []Observation{opened("nbss smb", "certain")}, want: ClientEnd, role: Client, answer: Met},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Port{
				Key: PortKey{Transport: "tcp", Addr: host, Port: 8080}, Observations: tt.seen, Claims: tt.claims,
				Registered: strings.Fields(tt.registered), Expect: tt.expect,
			}
			if tt.transport != "" {
				p.Key.Transport = tt.transport
			}
			switch tt.registered {
			case "ssdp":
				p.Key.Port = 1900
			case "spcsdlobby":
				p.Key.Port = 2888
			case "domain":
				p.Key.Port = 5301 // a port above the system ports
			}
			v := Judge(&p, nil)
			if v.Kind != tt.want || v.Role != tt.role || v.Expect != tt.answer {
				t.Errorf("verdict %q as %q, expectation %q; want %q, %q, %q (%s)", v.Kind, v.Role, v.Expect, tt.want, tt.role, tt.answer, v.Why)
			}
			if !strings.Contains(v.Why, tt.why) {
				t.Errorf("why: %s\nwant in it: %s", v.Why, tt.why)
			}
			if v.Contradicted() != (tt.want == Mismatch || tt.want == Phantom) {
				t.Errorf("contradicted: %v", v.Contradicted())
			}
			if v.Kind != None && len(v.Evidence) == 0 {
				t.Error("no evidence")
			}
			if strings.Count(v.Why, "%!") > 0 || !strings.HasSuffix(v.Why, ".") {
				t.Errorf("sentence: %s", v.Why)
			}
		})
	}
}

// The case that the design is made for.
func TestJudgePhantomSentence(t *testing.T) {
	p := Port{
		Key:          PortKey{Transport: "tcp", Addr: host, Port: 2888},
		Registered:   []string{"spcsdlobby"},
		Claims:       []claims.Claim{row("tcp", "192.168.0.111:2888", "", "LISTENING", 22)},
		Observations: []Observation{refused(), opened("nbss smb", "certain")},
		Owner:        owner.Owner{PID: 4, Name: "System", Quality: owner.Snapshot},
	}
	const want = "2888/tcp is no service. It is the local end of a NetBIOS session (nbss, smb) to 192.168.0.54:139, " +
		"opened by PID 4 System; the LISTENING row is a phantom, and a connection to it was refused (packets 7 and 8)."
	if v := Judge(&p, nil); v.Why != want {
		t.Errorf("got  %s\nwant %s", v.Why, want)
	}
}

// A listing alone can contradict itself.
func TestJudgeSuspected(t *testing.T) {
	tests := []struct {
		name        string
		transport   string
		port        uint16
		established string
		want        Kind
	}{
		{"registered peer, nameless trade", "tcp", 2888, "192.168.0.54:139", Phantom},
		{"known user port of the peer", "tcp", 2888, "192.168.0.54:3306", Phantom},
		{"system port of this end", "tcp", 139, "192.168.0.155:445", Silent},
		{"known user port of this end", "tcp", 3389, "192.168.0.155:445", Silent},
		{"the peer's port is an old client port", "tcp", 5000, "192.168.0.155:1174", Silent},
		{"the peer's port is dynamic", "tcp", 2888, "192.168.0.155:50000", Silent},
		{"datagram", "udp", 2888, "192.168.0.54:139", Silent},
		{"no connection", "tcp", 2888, "", Silent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state := "LISTENING"
			if tt.transport == "udp" {
				state = ""
			}
			local := netip.AddrPortFrom(host, tt.port).String()
			p := Port{Key: PortKey{Transport: tt.transport, Addr: host, Port: tt.port}, Claims: []claims.Claim{row(tt.transport, local, "", state, 22)}}
			if tt.established != "" {
				p.Claims = append(p.Claims, row(tt.transport, local, tt.established, "ESTABLISHED", 23))
			}
			v := Judge(&p, nil)
			if v.Kind != tt.want || v.Suspected != (tt.want == Phantom) {
				t.Fatalf("verdict %q, suspected %v (%s)", v.Kind, v.Suspected, v.Why)
			}
			if tt.want == Phantom {
				lines := map[int]bool{}
				for _, f := range v.Evidence {
					lines[f.Line] = true
				}
				if !lines[22] || !lines[23] {
					t.Errorf("evidence %+v", v.Evidence)
				}
			}
		})
	}
}
