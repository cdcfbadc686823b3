#!/usr/bin/env bash
# Proxies: CONNECT by tinyproxy, SOCKS by Dante and ssh -D; WebSocket by
# python-websockets. What is inside is HTTP or TLS by openssl s_server.

. "$(dirname "$0")/lib.sh"
need tinyproxy tinyproxy-bin
need danted dante-server
need openssl openssl
need curl curl
need_python websockets python3-websockets
certificate web

scene
cat >"$WORK/tinyproxy.conf" <<EOF
Port 8888
Timeout 20
MaxClients 10
LogLevel Warning
EOF
cat >"$WORK/danted.conf" <<'EOF'
logoutput: stderr
internal: eth0 port = 1080
internal: eth0 port = 443
external: lo
external.rotation: route
user.unprivileged: nobody
clientmethod: none
socksmethod: none
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
EOF
mkdir "$WORK/www"
printf '<title>Hello</title>\n' >"$WORK/www/index.html"
start_in_server web /usr/bin/python3 -m http.server -d "$WORK/www" 8000
start_in_server s_server openssl s_server -accept 8443 -cert "$WORK/web.crt" -key "$WORK/web.key" -www
start_in_server tinyproxy tinyproxy -d -c "$WORK/tinyproxy.conf"
start_in_server danted danted -f "$WORK/danted.conf"
wait_tcp 8888
wait_tcp 1080
wait_tcp 8443
wait_tcp 8000
get() { in_client curl -sS -k -o /dev/null "$@"; }

record proxy/connect-tls.pcap 'tcp port 8888'
get -x http://server.example:8888 https://127.0.0.1:8443/
keep tinyproxy-bin openssl curl -- 'CONNECT, then TLS inside' -- -d tcp.port==8888,http 'http.request.method == "CONNECT"' tls.handshake.type==2
record proxy/connect-http.pcap 'tcp port 8888'
get -p -x http://server.example:8888 http://127.0.0.1:8000/
keep tinyproxy-bin python3 curl -- 'CONNECT, then HTTP inside' -- -d tcp.port==8888,http 'http.request.method == "CONNECT"' 
record proxy/absolute-form.pcap 'tcp port 8888'
get -x http://server.example:8888 http://127.0.0.1:8000/
keep tinyproxy-bin python3 curl -- 'GET of a whole address' -- -d tcp.port==8888,http 'http.request.uri contains "http://127.0.0.1"'
record socks/v5.pcap 'tcp port 1080'
get --socks5 server.example http://127.0.0.1:8000/
keep dante-server python3 curl -- 'SOCKS 5 to an address, HTTP inside' -- 'socks.version == 5' 'tcp contains "GET /"'
record socks/v5-name-tls.pcap 'tcp port 1080'
get --socks5-hostname server.example https://localhost:8443/
keep dante-server openssl curl -- 'SOCKS 5 to a name, TLS inside' -- 'socks.version == 5' 'tcp contains "localhost"'
record socks/v4.pcap 'tcp port 1080'
get --socks4 server.example http://127.0.0.1:8000/
keep dante-server python3 curl -- 'SOCKS 4, HTTP inside' -- 'socks.version == 4' 'tcp contains "GET /"'
record socks/v5-odd-port.pcap 'tcp port 443'
get --socks5 server.example:443 http://127.0.0.1:8000/
keep dante-server python3 curl -- 'SOCKS 5 on port 443, HTTP inside' -- -d tcp.port==443,socks 'socks.version == 5' 'tcp contains "GET /"'

start_in_server websocket /usr/bin/python3 "$MAKE/websocket.py" serve 80 8765
wait_tcp 8765
for case in usual:80 odd-port:8765; do
	port=${case#*:}
	record "websocket/${case%:*}.pcap" "tcp port $port"
	in_client /usr/bin/python3 "$MAKE/websocket.py" ask "ws://server.example:$port/chat"
	keep python3-websockets -- "HTTP Upgrade, 101, text and binary messages on port $port" -- -d "tcp.port==$port,http" \
		http.response.code==101 websocket.opcode==1 websocket.opcode==2 websocket.opcode==8
done
