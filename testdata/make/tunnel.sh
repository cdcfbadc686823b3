#!/usr/bin/env bash
# VXLAN by the kernel, with HTTP and DNS inside.

. "$(dirname "$0")/lib.sh"
need dnsmasq dnsmasq-base
need curl curl
need dig bind9-dnsutils

for case in vxlan:4789 vxlan-odd-port:8472; do
	port=${case#*:}
	scene
	ip -n "$CLIENT_NS" link add vxlan7 type vxlan id 7 local "$CLIENT" remote "$SERVER" dstport "$port" dev eth0
	ip -n "$SERVER_NS" link add vxlan7 type vxlan id 7 local "$SERVER" remote "$CLIENT" dstport "$port" dev eth0
	ip -n "$CLIENT_NS" address add 198.51.100.10/24 dev vxlan7
	ip -n "$SERVER_NS" address add 198.51.100.20/24 dev vxlan7
	ip -n "$CLIENT_NS" link set vxlan7 up
	ip -n "$SERVER_NS" link set vxlan7 up
	mkdir -p "$WORK/www"
	printf '<title>Hello</title>\n' >"$WORK/www/index.html"
	start_in_server web /usr/bin/python3 -m http.server -d "$WORK/www" 80
	start_in_server dnsmasq dnsmasq -k -C /dev/null --user=root --pid-file= --log-facility=- --no-resolv --no-hosts --address=/example/192.0.2.99
	wait_tcp 80
	wait_udp 53
	record "tunnel/${case%:*}.pcap" "udp port $port"
	in_client dig @198.51.100.20 +tries=1 any.example A >>"$WORK/dig.log"
	in_client curl -sS -o /dev/null http://198.51.100.20/
	keep linux dnsmasq-base python3 -- "DNS and HTTP inside VXLAN 7 on port $port" -- -d "udp.port==$port,vxlan" \
		'vxlan && dns.flags.response == 1' 'vxlan && http.response.code == 200'
done
