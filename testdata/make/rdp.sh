#!/usr/bin/env bash
# xrdp and FreeRDP: negotiation, then TLS or RDP's own security.

. "$(dirname "$0")/lib.sh"
need xrdp xrdp
need xfreerdp freerdp2-x11
need Xvfb xvfb
certificate rdp

# connect FILE PORT SECURITY TEXT FILTER... Only the beginning is kept: the
# rest is the picture of a login form.
connect() {
	local file=$1 port=$2 security=$3 text=$4
	shift 4
	scene
	sed -e "s,^certificate=.*,certificate=$WORK/rdp.crt,; s,^key_file=.*,key_file=$WORK/rdp.key," \
		-e "s,^port=3389,port=$port,; s,^security_layer=.*,security_layer=negotiate," \
		-e "s,^LogFile=.*,LogFile=$WORK/xrdp-file.log,; s,^EnableSyslog=.*,EnableSyslog=false," /etc/xrdp/xrdp.ini >"$WORK/xrdp.ini"
	start_in_server xrdp xrdp --nodaemon --config "$WORK/xrdp.ini"
	wait_tcp "$port"
	record "$file" "tcp port $port"
	# shellcheck disable=SC2016 # the inner shell expands them
	in_client sh -c 'Xvfb :98 -nolock -screen 0 320x240x16 -nolisten tcp & sleep 2
		HOME=$2 DISPLAY=:98 timeout -s KILL 6 xfreerdp "/v:$0" "/sec:$1" /cert:ignore /u:alice /p:secret /size:320x240 /bpp:8' \
		"$SERVER:$port" "$security" "$WORK" >>"$WORK/freerdp.log" 2>&1 || true
	TRIM='frame.number <= 40' keep xrdp freerdp2-x11 -- "$text" -- -d "tcp.port==$port,tpkt" "$@"
}
connect rdp/tls.pcap 3389 tls 'RDP_NEG_REQ asks for TLS, the answer agrees, TLS follows' rdp.negReq.requestedProtocols 'tcp.payload[0:2] == 16:03 && tcp.srcport == 3389'
connect rdp/standard.pcap 3389 rdp "RDP's own security: MCS connect, channel joins; the first 40 packets" rdp 't125'
connect rdp/odd-port.pcap 8389 tls 'RDP_NEG_REQ asks for TLS, TLS follows, on port 8389' rdp.negReq.requestedProtocols 'tcp.payload[0:2] == 16:03 && tcp.srcport == 8389'
