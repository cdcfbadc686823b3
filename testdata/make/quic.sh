#!/usr/bin/env bash
# QUIC by quic-go: HTTP/3 and a private protocol, versions 1 and 2, Retry.
# The program is in quic/, a Go module of its own.

. "$(dirname "$0")/lib.sh"
need go golang
(cd "$MAKE/quic" && go build -o "$WORK/quic" .) || die "cannot build $MAKE/quic"
GO=$(cd "$MAKE/quic" && go list -m -f '{{.Path}} {{.Version}}' github.com/quic-go/quic-go)
certificate web
need openssl openssl

scene
start_in_server h3 "$WORK/quic" serve :443 "$WORK/web.crt" "$WORK/web.key"
start_in_server odd "$WORK/quic" serve :53 "$WORK/web.crt" "$WORK/web.key"
start_in_server retry "$WORK/quic" serve :8443 "$WORK/web.crt" "$WORK/web.key" retry
for port in 443 53 8443; do wait_udp "$port"; done
# visit FILE PORT VERSION PROTOCOL TEXT FILTER...
visit() {
	record "quic/$1.pcap" "udp port $2"
	in_client "$WORK/quic" get "$3" "$4" "server.example:$2"
	keep "$GO" -- "$5" -- -d "udp.port==$2,quic" 'quic.long.packet_type == 0' 'quic.long.packet_type == 2' 'quic.header_form == 0' "${@:6}"
}
visit http3 443 1 h3 'HTTP/3 on port 443' 'tls.handshake.extensions_alpn_str == "h3"'
visit odd-port 53 1 h3 'HTTP/3 on port 53' 'tls.handshake.extensions_alpn_str == "h3"'
visit private-alpn 8443 1 echo 'a private protocol on port 8443, after a Retry' 'quic.long.packet_type == 3' 'tls.handshake.extensions_alpn_str == "echo"'

record quic/version-2.pcap 'udp port 443'
in_client "$WORK/quic" get 2 h3 server.example:443
keep "$GO" -- 'HTTP/3 by QUIC version 2 (RFC 9369)' -- -d udp.port==443,quic 'quic.version == 0x6b3343cf'
