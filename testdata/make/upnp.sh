#!/usr/bin/env bash
# UPnP: MiniDLNA found, described, controlled and subscribed to by GUPnP.

. "$(dirname "$0")/lib.sh"
need minidlnad minidlna
need_python gi python3-gi
ls /usr/lib/*/girepository-1.0/GUPnP-1.6.typelib >/dev/null 2>&1 || die "GUPnP is missing; it is in gir1.2-gupnp-1.6"

# serve_dlna PORT
serve_dlna() {
	rm -rf "$WORK/dlna" "$WORK/minidlna.pid" && mkdir -p "$WORK/dlna/media" "$WORK/dlna/state"
	cat >"$WORK/minidlna.conf" <<-EOF
		port=$1
		network_interface=eth0
		media_dir=$WORK/dlna/media
		db_dir=$WORK/dlna/state
		log_dir=$WORK/dlna/state
		friendly_name=Example
		inotify=no
		notify_interval=895
		uuid=00000000-0000-4000-8000-000000000020
		minissdpdsocket=$WORK/none
	EOF
	start_in_server minidlna minidlnad -S -f "$WORK/minidlna.conf" -P "$WORK/minidlna.pid"
	wait_tcp "$1"
}
control() { in_client /usr/bin/python3 "$MAKE/upnp.py" control "$@" >>"$WORK/control.log" 2>&1; }

scene
record ssdp/notify.pcap 'udp port 1900'
serve_dlna 8200
sleep 1
keep minidlna -- 'ssdp:alive to 239.255.255.250' -- 'http.request.method == "NOTIFY"' ssdp

for case in usual:8200 odd-port:445; do
	port=${case#*:}
	scene
	serve_dlna "$port"
	sleep 2
	record "upnp/${case%:*}.pcap" "udp or tcp"
	control urn:schemas-upnp-org:service:ContentDirectory:1 GetSortCapabilities
	keep minidlna gir1.2-gupnp-1.6 -- \
		"M-SEARCH and its answer, the description and SOAP on port $port, a GENA subscription" -- \
		-d "tcp.port==$port,http" 'http.request.method == "M-SEARCH"' 'ssdp && http.response.code == 200' \
		'http.request.uri contains "rootDesc.xml"' 'http.request.method == "POST"' 'http.request.method == "SUBSCRIBE"'
done

scene
start_in_server light /usr/bin/python3 "$MAKE/upnp.py" serve 2869 "$WORK"
wait_tcp 2869
sleep 3
record upnp/event.pcap 'udp or tcp'
control urn:schemas-upnp-org:service:SwitchPower:1 GetStatus
keep gir1.2-gupnp-1.6 -- 'a light on port 2869: M-SEARCH, description, SOAP, a GENA subscription and its event, sent to the CALLBACK port of the client' -- \
	-d tcp.port==2869,http 'http.request.method == "SUBSCRIBE"' 'tcp contains "upnp:propchange" && ip.src == 192.0.2.20'
