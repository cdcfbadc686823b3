package container

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseProxy(t *testing.T) {
	ends := cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })
	end := netip.MustParseAddrPort
	bare := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(netip.Addr{}, port) }
	for _, tt := range []struct {
		line string
		want Proxy // Program "" = none
	}{
		{
			"/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80",
			Proxy{Program: "docker-proxy", Ports: []Published{{"tcp", end("0.0.0.0:8080"), end("172.17.0.2:80"), 1}}},
		},
		{
			"/usr/bin/docker-proxy -proto udp -host-ip :: -host-port 53 -container-ip fd00::2 -container-port 5353 -use-listen-fd",
			Proxy{Program: "docker-proxy", Ports: []Published{{"udp", end("[::]:53"), end("[fd00::2]:5353"), 1}}},
		},
		{
			"rootlesskit-docker-proxy --proto=sctp --host-port=9 --container-ip=10.0.0.1 --container-port=10",
			Proxy{Program: "rootlesskit-docker-proxy", Ports: []Published{{"sctp", bare(9), end("10.0.0.1:10"), 1}}},
		},
		{"docker-proxy -proto tcp -host-port 8080", Proxy{}},
		{"docker-proxy -proto quic -host-port 1 -container-ip 10.0.0.1 -container-port 10", Proxy{}},
		{"docker-proxy -host-port 70000 -container-ip 10.0.0.1 -container-port 10", Proxy{}},
		{"docker-proxy -host-port", Proxy{}},
		{
			"/usr/bin/conmon --api-version 1 -c " + id1 + " -u " + id1 + " -r /usr/bin/crun -b /var/x -n web --exit-dir /run/x",
			Proxy{Program: "conmon", Container: id1, Name: "web"},
		},
		{"conmon --cid=" + id1, Proxy{Program: "conmon", Container: id1}},
		{"conmon --version", Proxy{}},
		{"conmon -c ../x", Proxy{}},
		{"rootlessport", Proxy{Program: "rootlessport"}},
		{"/usr/libexec/podman/rootlessport-child", Proxy{Program: "rootlessport-child"}},
		{
			"/usr/bin/pasta --config-net -t 8080-8080:80-80 -t 127.0.0.1/5000-5009:6000-6009 -u none -T none -U none --no-map-gw --quiet --netns /run/user/1000/netns/netns-1",
			Proxy{Program: "pasta", NetNS: "/run/user/1000/netns/netns-1", Ports: []Published{
				{"tcp", bare(8080), bare(80), 1}, {"tcp", end("127.0.0.1:5000"), bare(6000), 10},
			}},
		},
		{
			"/usr/bin/pasta.avx2 -u fe80::1%eth0/53,~60,70:71-72,80 --tcp-ports=[::1]/22 900",
			Proxy{Program: "pasta", Ports: []Published{{"udp", end("[fe80::1]:53"), bare(53), 1}, {"udp", end("[fe80::1]:80"), bare(80), 1}, {"tcp", end("[::1]:22"), bare(22), 1}}},
		},
		{"pasta -t auto -u all -t x/1 -t 9-8 -t", Proxy{Program: "pasta"}},
		{"nginx: -proto tcp", Proxy{}},
		{"", Proxy{}},
	} {
		t.Run(tt.line, func(t *testing.T) {
			got, ok := ParseProxy(strings.Fields(tt.line))
			if diff := cmp.Diff(tt.want, got, ends); diff != "" || ok != (tt.want.Program != "") {
				t.Errorf("%v %s", ok, diff)
			}
		})
	}
}

func TestProxyTo(t *testing.T) {
	p, _ := ParseProxy(strings.Fields("pasta -t 127.0.0.1/5000-5009:6000-6009 -t 80 -u 53"))
	q, _ := ParseProxy(strings.Fields("docker-proxy -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80"))
	r, _ := ParseProxy(strings.Fields("docker-proxy -host-ip :: -host-port 8080 -container-ip 172.17.0.2 -container-port 80"))
	for _, tt := range []struct {
		proxy           Proxy
		transport, host string
		want            string // "" = none
	}{
		{p, "tcp", "127.0.0.1:5003", "invalid AddrPort"},
		{p, "tcp", "127.0.0.1:5010", ""},
		{p, "tcp", "127.0.0.2:5003", ""},
		{p, "tcp", "[::1]:80", "invalid AddrPort"},
		{p, "udp", "10.0.0.1:80", ""},
		{q, "tcp", "10.0.0.1:8080", "172.17.0.2:80"},
		{q, "tcp", "[::ffff:10.0.0.1]:8080", "172.17.0.2:80"},
		{q, "tcp", "0.0.0.0:8080", "172.17.0.2:80"},
		{q, "tcp", "[::1]:8080", ""},
		{r, "tcp", "[::1]:8080", "172.17.0.2:80"},
		{r, "tcp", "10.0.0.1:8080", "172.17.0.2:80"},
	} {
		got, ok := tt.proxy.To(tt.transport, netip.MustParseAddrPort(tt.host))
		if ok != (tt.want != "") || ok && got.String() != tt.want {
			t.Errorf("%s %s: %v, %v, want %s", tt.transport, tt.host, got, ok, tt.want)
		}
	}
	if to, _ := p.To("tcp", netip.MustParseAddrPort("127.0.0.1:5003")); to.Port() != 6003 {
		t.Error(to)
	}
}

func FuzzParseProxy(f *testing.F) {
	f.Add("docker-proxy\x00-proto\x00tcp\x00-host-ip\x00::\x00-host-port\x0080\x00-container-ip\x0010.0.0.1\x00-container-port\x0080")
	f.Add("pasta\x00-t\x00127.0.0.1/80-90:8080-8090,~85\x00--netns\x00/x")
	f.Fuzz(func(t *testing.T, line string) {
		p, ok := ParseProxy(strings.Split(line, "\x00"))
		if !ok && (p.Container != "" || len(p.Ports) > 0) || len(p.Ports) > maxPublished {
			t.Errorf("%+v", p)
		}
		for _, port := range p.Ports {
			if port.Count < 1 || int(port.Host.Port())+port.Count > 65536 || int(port.Container.Port())+port.Count > 65536 || port.Host.Port() == 0 {
				t.Errorf("%+v", port)
			}
		}
	})
}
