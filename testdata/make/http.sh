#!/usr/bin/env bash
# HTTP/1.1 and HTTP/2 by nginx and Apache, TLS by nginx and openssl.

. "$(dirname "$0")/lib.sh"
need nginx nginx-light
need curl curl
need nghttp nghttp2-client
need apache2 apache2-bin
need openssl openssl

scene
with_ipv6
certificate web
mkdir "$WORK/www"
printf '<title>Hello</title>\n' >"$WORK/www/index.html"
cat >"$WORK/nginx.conf" <<EOF
daemon off;
master_process off;
pid $WORK/nginx.pid;
error_log stderr;
user root;
events {}
http {
	access_log off;
	client_body_temp_path $WORK/body;
	proxy_temp_path $WORK/proxy;
	fastcgi_temp_path $WORK/fastcgi;
	uwsgi_temp_path $WORK/uwsgi;
	scgi_temp_path $WORK/scgi;
	root $WORK/www;
	server { listen 80; listen [::]:80; listen 2222; }
	server { listen 8081 http2; listen 22 http2; }
	server {
		listen 443 ssl http2; listen 4430 ssl http2; listen 25 ssl;
		ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate $WORK/web.crt; ssl_certificate_key $WORK/web.key;
	}
}
EOF
start_in_server nginx nginx -e stderr -c "$WORK/nginx.conf"
wait_tcp 4430

get() { in_client curl -sS -o /dev/null -k --noproxy '*' "$@"; }
tls() { keep nginx curl -- "$1" -- -d "tcp.port==$2,tls" tls.handshake.type==1 tls.handshake.type==2 "${@:3}"; }

record http/usual.pcap 'tcp port 80'
get http://server.example/ http://server.example/missing -I >/dev/null
get -d name=value http://server.example/form
keep nginx curl -- 'HTTP/1.1 on port 80: GET, HEAD, POST, 404 and 405' -- http.request.method==HEAD http.response.code==404 http.request.method==POST

record http/odd-port.pcap 'tcp port 2222'
get http://server.example:2222/
keep nginx curl -- 'HTTP/1.1 on port 2222' -- -d tcp.port==2222,http http.response.code==200

record http/ipv6.pcap 'ip6 and tcp port 80'
get "http://[$SERVER6]/"
keep nginx curl -- 'HTTP/1.1 over IPv6, 2001:db8::10 to 2001:db8::20' -- 'ipv6 && http.response.code == 200'

record http/http10.pcap 'tcp port 80'
get -0 http://server.example/
keep nginx curl -- 'HTTP/1.0' -- 'http.request.version == "HTTP/1.0"'

record http/dumpcap.pcapng 'tcp port 80'
get http://server.example/
keep nginx curl wireshark-common -- 'HTTP/1.1, written by dumpcap as pcapng' -- http.response.code==200

record http2/prior-knowledge.pcap 'tcp port 8081'
get --http2-prior-knowledge http://server.example:8081/
keep nginx curl -- 'HTTP/2 in clear with prior knowledge, port 8081' -- -d tcp.port==8081,http2 http2.magic 'http2.type == 1'

record http2/odd-port.pcap 'tcp port 22'
get --http2-prior-knowledge http://server.example:22/
keep nginx curl -- 'HTTP/2 in clear with prior knowledge on port 22' -- -d tcp.port==22,http2 http2.magic 'http2.type == 1'

record tls/https-13.pcap 'tcp port 443'
get --tlsv1.3 https://server.example/
tls 'TLS 1.3, ALPN h2 (in clear in the ClientHello only)' 443 'tls.handshake.extensions.supported_version == 0x0304 && tls.handshake.type == 2'

record tls/https-12.pcap 'tcp port 443'
get --tls-max 1.2 https://server.example/
tls 'TLS 1.2, ALPN h2 in the ServerHello' 443 'tls.handshake.type == 2 && tls.handshake.extensions_alpn_str == "h2"' tls.handshake.certificate

record tls/odd-port.pcap 'tcp port 4430'
get https://server.example:4430/
tls 'TLS 1.3 on port 4430' 4430

record tls/port-25.pcap 'tcp port 25'
get --http1.1 https://server.example:25/
tls 'TLS 1.3 on port 25, the port of smtp; ALPN http/1.1' 25

record tls/http-to-https.pcap 'tcp port 443'
get http://server.example:443/
keep nginx curl -- 'plain HTTP/1.1 sent to a TLS port: the server answers 400 in plain HTTP' -- -d tcp.port==443,http http.response.code==400

cat >"$WORK/apache.conf" <<EOF
ServerRoot $WORK
ServerName server.example
PidFile $WORK/apache.pid
Mutex file:$WORK default
ErrorLog $WORK/apache-error.log
Listen 8082
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so
Protocols h2c http/1.1
DocumentRoot $WORK/www
EOF
start_in_server apache apache2 -D FOREGROUND -f "$WORK/apache.conf"
wait_tcp 8082
record http2/upgrade-h2c.pcap 'tcp port 8082'
in_client nghttp -n --upgrade http://server.example:8082/index.html >>"$WORK/nghttp.log"
keep apache2-bin nghttp2-client -- 'HTTP/1.1 Upgrade: h2c, 101, then HTTP/2 on port 8082' -- \
	-d tcp.port==8082,http 'http.upgrade contains "h2c"' http.response.code==101 http2

# Without HTTP inside: an echo over TLS, a client certificate, a refusal.
start_in_server s_server openssl s_server -accept 7000 -cert "$WORK/web.crt" -key "$WORK/web.key" -rev -Verify 1 -verify_quiet
start_in_server s_server12 openssl s_server -accept 7001 -cert "$WORK/web.crt" -key "$WORK/web.key" -rev -tls1_2
wait_tcp 7000
wait_tcp 7001
certificate user
record tls/client-certificate.pcap 'tcp port 7000'
{ sleep 0.5 && echo hello && sleep 0.5; } | in_client openssl s_client -connect server.example:7000 -servername server.example \
	-cert "$WORK/user.crt" -key "$WORK/user.key" -ign_eof >/dev/null 2>&1 || true
keep openssl -- 'TLS 1.3 with a client certificate on port 7000, an echo inside' -- -d tcp.port==7000,tls tls.handshake.type==2 tls.app_data

record tls/version-alert.pcap 'tcp port 7001'
in_client openssl s_client -connect server.example:7001 -tls1_3 >/dev/null 2>&1 </dev/null || true
keep openssl -- 'a TLS 1.3 only ClientHello refused by an alert of a TLS 1.2 server' -- -d tcp.port==7001,tls tls.handshake.type==1 tls.alert_message.desc==70
