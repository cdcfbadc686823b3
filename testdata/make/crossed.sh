#!/usr/bin/env bash
# A client that speaks one protocol to a server of another, a port where
# nobody listens, a server that says nothing.

. "$(dirname "$0")/lib.sh"
. "$MAKE/lib-samba.sh"
need nginx nginx-light
need sshd openssh-server
need ssh openssh-client
need curl curl
need openssl openssl
need dig bind9-dnsutils

scene
samba_settings
start_smbd 445
ssh-keygen -q -t ed25519 -N '' -f "$WORK/host"
# shellcheck disable=SC2016 # the inner shell expands them
start_in_server sshd sh -c 'mkdir -m 755 /run/sshd
	exec /usr/sbin/sshd -D -e -f /dev/null -p 22 -h "$0/host" -o PidFile=none' "$WORK"
cat >"$WORK/nginx.conf" <<EOF
daemon off;
master_process off;
pid $WORK/nginx.pid;
user root;
events {}
http {
	access_log off;
	client_body_temp_path $WORK/body;
	proxy_temp_path $WORK/proxy;
	fastcgi_temp_path $WORK/fastcgi;
	uwsgi_temp_path $WORK/uwsgi;
	scgi_temp_path $WORK/scgi;
	server { listen 80; listen 53; listen 3389; return 200 hello; }
}
EOF
start_in_server nginx nginx -e stderr -c "$WORK/nginx.conf"
start_in_server silent /usr/bin/python3 -c 'import socket, time
listener = socket.create_server(("0.0.0.0", 7000))
wire, _ = listener.accept()
time.sleep(30)'
wait_tcp 22
wait_tcp 80
wait_tcp 7000
try() { in_client timeout 5 "$@" >>"$WORK/client.log" 2>&1 || true; }

record crossed/http-to-ssh.pcap 'tcp port 22'
try curl -sS http://server.example:22/
keep openssh-server curl -- 'HTTP sent to an SSH server, which answers as SSH' -- 'tcp.srcport == 22 && tcp contains "SSH-2.0-"' 'tcp.dstport == 22 && tcp contains "GET /"'
record crossed/tls-to-ssh.pcap 'tcp port 22'
try openssl s_client -connect server.example:22
keep openssh-server openssl -- 'a ClientHello sent to an SSH server' -- 'tcp.srcport == 22 && tcp contains "SSH-2.0-"' 'tcp.dstport == 22 && tcp.payload[0:2] == 16:03'
record crossed/tls-to-http.pcap 'tcp port 80'
try openssl s_client -connect server.example:80
keep nginx openssl -- 'a ClientHello sent to an HTTP server, which answers 400' -- 'tcp.srcport == 80 && tcp contains "400 Bad Request"' 'tcp.dstport == 80 && tcp.payload[0:2] == 16:03'
record crossed/ssh-to-http.pcap 'tcp port 80'
try ssh -F /dev/null -p 80 -o BatchMode=yes server.example
keep nginx openssh-client -- 'an SSH client and an HTTP server' -- 'tcp.dstport == 80 && tcp contains "SSH-2.0-"' 'tcp.srcport == 80 && tcp contains "400 Bad Request"'
record crossed/smb-to-http.pcap 'tcp port 80'
try smbclient -s "$WORK/samba/client.conf" -N -p 80 -L server
keep nginx smbclient -- 'an SMB negotiate sent to an HTTP server' -- 'tcp.dstport == 80 && tcp.payload[4:4] == ff:53:4d:42 || tcp.payload[4:4] == fe:53:4d:42'
record crossed/http-to-smb.pcap 'tcp port 445'
try curl -sS http://server.example:445/
keep samba curl -- 'HTTP sent to an SMB server, which says nothing and closes' -- 'tcp.dstport == 445 && tcp contains "GET /"'
record crossed/dns-to-http.pcap 'tcp port 53'
try dig @"$SERVER" +tcp +tries=1 +time=2 example A
keep nginx bind9-dnsutils -- 'DNS over TCP sent to an HTTP server on port 53' -- 'tcp.dstport == 53 && dns.flags.response == 0'
record crossed/http-on-3389.pcap 'tcp port 3389'
try curl -sS http://server.example:3389/
keep nginx curl -- 'HTTP on port 3389, the port of RDP; nothing is wrong but the port' -- 'tcp.srcport == 3389 && tcp contains "HTTP/1.1 200"'
record crossed/refused.pcap 'tcp port 3306'
try curl -sS http://server.example:3306/
keep linux curl -- 'nobody listens: the SYN is refused' -- 'tcp.srcport == 3306 && tcp.flags.reset == 1'
record crossed/unreachable.pcap 'udp port 5353 or icmp'
try dig @"$SERVER" -p 5353 +tries=1 +time=1 example A
keep linux bind9-dnsutils -- 'nobody listens: the datagram is answered by ICMP port unreachable' -- 'icmp.type == 3 && icmp.code == 3'
record crossed/silent-server.pcap 'tcp port 7000'
try curl -sS -m 2 http://server.example:7000/
keep python3 curl -- 'a server that accepts and says nothing' -- 'tcp.dstport == 7000 && tcp contains "GET /"'

# One byte in a segment, by a client that is told to.
record crossed/one-byte-segments.pcap 'tcp port 80'
in_client /usr/bin/python3 - <<'EOF' >/dev/null
import socket
import time

wire = socket.create_connection(("192.0.2.20", 80))
wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for byte in b"GET / HTTP/1.1\r\nHost: server.example\r\nConnection: close\r\n\r\n":
    wire.send(bytes([byte]))
    time.sleep(0.005)
while wire.recv(4096):
    pass
EOF
keep nginx python3 -- 'an HTTP request of one byte in a segment' -- 'tcp.dstport == 80 && tcp.len == 1' 'http.response.code == 200'
