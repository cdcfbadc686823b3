#!/usr/bin/env bash
# DNS by BIND, dnsmasq and Unbound, asked by dig over UDP, TCP and TLS.

. "$(dirname "$0")/lib.sh"
need dig bind9-dnsutils
need named bind9
need dnsmasq dnsmasq-base
need unbound unbound

ask() { in_client dig @"$SERVER" +tries=1 +time=3 "$@" >>"$WORK/dig.log"; }

scene
cat >"$WORK/zone" <<'EOF'
$TTL 300
@ IN SOA server.example. admin.example. 1 3600 600 86400 300
@ IN NS server.example.
@ IN MX 10 mail.example.
@ IN TXT "some text"
server IN A 192.0.2.20
server IN AAAA 2001:db8::20
www IN CNAME server.example.
mail IN A 192.0.2.25
_ldap._tcp IN SRV 0 100 3389 server.example.
EOF
certificate dot
cat >"$WORK/named.conf" <<EOF
tls local { key-file "$WORK/dot.key"; cert-file "$WORK/dot.crt"; };
options {
	directory "$WORK"; pid-file none; session-keyfile "$WORK/session.key"; recursion no; dnssec-validation no;
	listen-on { any; }; listen-on port 5300 { any; }; listen-on port 8443 tls local { any; };
	listen-on-v6 { none; }; allow-transfer { any; };
};
controls { };
zone "example" { type primary; file "$WORK/zone"; };
EOF
start_in_server named named -g -n 1 -c "$WORK/named.conf"
wait_tcp 5300
wait_tcp 8443

record dns/udp.pcap 'udp port 53'
ask server.example A
ask www.example AAAA
ask _ldap._tcp.example SRV
ask nothing.example A
keep bind9 bind9-dnsutils -- 'A, AAAA, SRV and a name that does not exist, over UDP' -- 'dns.flags.rcode == 3' 'dns.srv.port == 3389'

record dns/tcp.pcap 'tcp port 53'
ask +tcp example TXT
ask example AXFR
keep bind9 bind9-dnsutils -- 'a question and a zone transfer over TCP' -- 'dns.qry.type == 252 && dns.flags.response == 1'

record dns/odd-port.pcap 'port 5300'
ask -p 5300 example MX
ask -p 5300 +tcp example SOA
keep bind9 bind9-dnsutils -- 'UDP and TCP on port 5300' -- -d udp.port==5300,dns -d tcp.port==5300,dns \
	'udp && dns.flags.response == 1' 'tcp && dns.flags.response == 1'

record dns/tls-odd-port.pcap 'tcp port 8443'
ask -p 8443 +tls example MX
keep bind9 bind9-dnsutils -- 'DNS over TLS on port 8443' -- -d tcp.port==8443,tls tls.handshake.type==1 tls.handshake.type==2 tls.app_data

scene
start_in_server dnsmasq dnsmasq -k -C /dev/null -p 443 --user=root --pid-file= --log-facility=- --no-resolv --no-hosts \
	--address=/example/192.0.2.99
wait_tcp 443
record dns/dnsmasq-port-443.pcap 'port 443'
ask -p 443 any.example A
ask -p 443 +tcp any.example A
keep dnsmasq-base bind9-dnsutils -- 'UDP and TCP on port 443, the port of https' -- -d udp.port==443,dns -d tcp.port==443,dns \
	'udp && dns.flags.response == 1' 'tcp && dns.flags.response == 1'

scene
with_ipv6
cat >"$WORK/unbound.conf" <<EOF
server:
	interface: $SERVER6
	interface: $SERVER
	access-control: ::/0 allow
	access-control: 0.0.0.0/0 allow
	max-udp-size: 4096
	edns-buffer-size: 4096
	chroot: ""
	username: ""
	directory: "$WORK"
	pidfile: ""
	use-syslog: no
	module-config: iterator
	local-zone: example static
	local-data: "server.example AAAA $SERVER6"
$(for i in $(seq 12); do printf "\tlocal-data: 'big.example TXT \"%02d%0198d\"'\n" "$i" 0; done)
EOF
start_in_server unbound unbound -d -c "$WORK/unbound.conf"
wait_udp 53
record dns/ipv6.pcap 'ip6 and port 53'
in_client dig @"$SERVER6" server.example AAAA >>"$WORK/dig.log"
keep unbound bind9-dnsutils -- 'UDP over IPv6, 2001:db8::10 to 2001:db8::20' -- 'ipv6 && dns.aaaa == 2001:db8::20'

record dns/fragments.pcap 'udp port 53 or ip[6:2] & 0x1fff != 0'
ask +bufsize=4096 +ignore big.example TXT
keep unbound bind9-dnsutils -- 'an answer of some 2600 bytes in two IP fragments' -- 'ip.flags.mf == 1' 'dns.count.answers == 12'
