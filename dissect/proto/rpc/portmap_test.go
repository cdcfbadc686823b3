package rpc

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sniffid/sniffid/dissect"
)

func at(transport, host string, port uint16, protocols ...string) dissect.Expectation {
	e := dissect.Expectation{Transport: transport, Port: port, Protocols: protocols, Seconds: announcementSeconds}
	if host != "" {
		e.Host = netip.MustParseAddr(host)
	}
	return e
}

func TestAnnouncements(t *testing.T) {
	getAddr := func(vers int) []byte {
		return callOf(1, programPortmap, vers, procGetAddr, noAuth, mount, 3, "tcp", "", "")
	}
	getPort := func(program, transport int) []byte {
		return callOf(1, programPortmap, 2, procGetPort, noAuth, program, 3, transport, 0)
	}
	tests := []struct {
		name  string
		call  []byte
		reply []byte
		want  []dissect.Expectation
	}{
		{"port", getPort(mount, ipTCP), replyTo(1, 635), []dissect.Expectation{at("tcp", "", 635, "rpc", "mount")}},
		{"UDP port", getPort(nfs, ipUDP), replyTo(1, 2049), []dissect.Expectation{at("udp", "", 2049, "rpc", "nfs")}},
		{"port of a program without name", getPort(0x123456, ipTCP), replyTo(1, 700), []dissect.Expectation{at("tcp", "", 700, "rpc")}},
		{"no port", getPort(mount, ipTCP), replyTo(1, 0), nil},
		{"no port number", getPort(mount, ipTCP), replyTo(1, 65536+635), nil},
		{"port of another transport", getPort(mount, 132), replyTo(1, 635), nil},
		{"reply without results", getPort(mount, ipTCP), replyTo(1), nil},
		{"reply to another call", getPort(mount, ipTCP), replyTo(2, 635), nil},
		{"failed", getPort(mount, ipTCP), edit(replyTo(1, 635), 23, 1), nil},
		{"other program", callOf(1, nfs, 2, 3, noAuth, mount, 3, ipTCP, 0), replyTo(1, 635), nil},
		{"address", getAddr(3), replyTo(1, "10.0.0.9.78.80"), []dissect.Expectation{at("tcp", "10.0.0.9", 20048, "rpc", "mount")}},
		{"any address", getAddr(4), replyTo(1, "0.0.0.0.2.123"), []dissect.Expectation{at("tcp", "", 635, "rpc", "mount")}},
		{"IPv6 address", getAddr(4), replyTo(1, "2001:db8::1.2.123"), []dissect.Expectation{at("tcp", "2001:db8::1", 635, "rpc", "mount")}},
		{"no address", getAddr(4), replyTo(1, ""), nil},
		{"address of 256 bytes", getAddr(4), replyTo(1, strings.Repeat("1", 256)), nil},
		{
			"ports", callOf(1, programPortmap, 2, procDump, noAuth),
			replyTo(1, 1, programPortmap, 2, ipTCP, 111, 1, mount, 1, ipUDP, 635, 1, mount, 3, ipUDP, 635, 1, 0x123456, 1, ipTCP, 9, 0),
			[]dissect.Expectation{at("tcp", "", 111, "rpc", "portmap"), at("udp", "", 635, "rpc", "mount"), at("tcp", "", 9, "rpc")},
		},
		{"ports, cut", callOf(1, programPortmap, 2, procDump, noAuth), replyTo(1, 1, mount, 1, ipUDP, 635, 1, nfs, 3), []dissect.Expectation{at("udp", "", 635, "rpc", "mount")}},
		{
			"addresses", callOf(1, programPortmap, 4, procDump, noAuth),
			replyTo(
				1, 1, programPortmap, 4, "tcp6", "::.0.111", "superuser", 1, programPortmap, 4, "local", "/run/rpcbind.sock", "superuser",
				1, nfs, 3, "udp", "0.0.0.0.8.1", "unknown", 0,
			),
			[]dissect.Expectation{at("tcp", "", 111, "rpc", "portmap"), at("udp", "", 2049, "rpc", "nfs")},
		},
		{
			"address list", callOf(1, programPortmap, 4, procGetAddrList, noAuth, nfs, 3, "tcp", "", ""),
			replyTo(1, 1, "10.0.0.9.8.1", "tcp", 3, "inet", "tcp", 1, "0.0.0.0.8.1", "udp", 1, "inet", "udp", 0),
			[]dissect.Expectation{at("tcp", "10.0.0.9", 2049, "rpc", "nfs"), at("udp", "", 2049, "rpc", "nfs")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := talk{t, New(), true}
			k.say(client, tt.call)
			r := k.say(server, tt.reply)
			if diff := cmp.Diff(tt.want, r.Expectations, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// rpcbind tells the address of the transport that it was asked over.
func TestAddressOverUDP(t *testing.T) {
	k := talk{t, New(), false}
	k.say(client, callOf(1, programPortmap, 3, procGetAddr, noAuth, nfs, 3, "tcp", "", ""))
	r := k.say(server, replyTo(1, "0.0.0.0.8.1"))
	if diff := cmp.Diff([]dissect.Expectation{at("udp", "", 2049, "rpc", "nfs")}, r.Expectations, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
}

func TestLongList(t *testing.T) {
	var entries []any
	for i := range 1000 {
		entries = append(entries, 1, 200000+i, 1, ipTCP, 1000+i)
	}
	reply := replyTo(1, append(entries, 0)...)
	for _, cuts := range [][]int{nil, {4000, 8000, 12000, 16000}} {
		p := New()
		var r dissect.Report
		p.Parse(stream(client, recordOf(callOf(1, programPortmap, 2, procDump, noAuth))), &r)
		in := recordOf(reply, cuts...)
		for _, n := range []int{100, 4000, 6000, len(in)} {
			r.Reset()
			if o := p.Parse(stream(server, in[:n]), &r); o != dissect.Match || r.Incomplete != (n < maxResults) || !r.Answers {
				t.Fatalf("%d of %d bytes: outcome %v, incomplete %v, answers %v", n, len(in), o, r.Incomplete, r.Answers)
			}
			if r.Incomplete && (r.Need <= n || len(r.Expectations) > 0) {
				t.Fatalf("%d of %d bytes: need %d, %d announced", n, len(in), r.Need, len(r.Expectations))
			}
		}
		if len(r.Expectations) != maxAnnounced {
			t.Errorf("%d announced, want %d", len(r.Expectations), maxAnnounced)
		}
	}
}

func TestIndirectCall(t *testing.T) {
	for _, tt := range []struct{ version, procedure int }{{2, procCallIt}, {3, procCallIt}, {4, procIndirect}} {
		k := talk{t, New(), false}
		r := k.say(client, callOf(1, programPortmap, tt.version, tt.procedure, noAuth, 100004, 2, 1, "domain"))
		if !slices.Equal(r.Layers, []string{"portmap", "ypserv"}) {
			t.Errorf("version %d: layers = %v", tt.version, r.Layers)
		}
	}
}

func TestUniversalAddress(t *testing.T) {
	tests := []struct {
		in   string
		host string
		port uint16
	}{
		{"192.0.2.1.0.111", "192.0.2.1", 111},
		{"0.0.0.0.255.255", "", 65535},
		{"::.8.1", "", 2049},
		{"::ffff:192.0.2.1.8.1", "192.0.2.1", 2049},
		{"fe80::1%eth0.8.1", "fe80::1", 2049},
		{"/run/rpcbind.sock", "", 0},
		{"192.0.2.1.256.1", "", 0},
		{"192.0.2.1.-1.1", "", 0},
		{"192.0.2.1", "", 0},
		{"1", "", 0},
		{"", "", 0},
	}
	for _, tt := range tests {
		want := endpoint{port: tt.port}
		if tt.host != "" {
			want.host = netip.MustParseAddr(tt.host)
		}
		if got := parseUniversal([]byte(tt.in)); got != want {
			t.Errorf("%q: %v, want %v", tt.in, got, want)
		}
	}
}
