#!/usr/bin/env bash
# Samba's nmbd: NetBIOS names, node status, WINS, browsing by datagrams.

. "$(dirname "$0")/lib.sh"
. "$MAKE/lib-samba.sh"
need nmbd samba
need nmblookup samba-common-bin

lookup() { in_client nmblookup -s "$WORK/samba/client.conf" "$@" >>"$WORK/nmblookup.log" 2>&1; }
start_nmbd() { start_in_server nmbd nmbd --foreground --no-process-group --debug-stdout -s "$WORK/samba/smb.conf" "$@"; }

scene
samba_settings 'preferred master = yes' 'os level = 65'
record netbios/browser.pcap 'udp port 138'
start_nmbd
wait_for 90 grep -q 'is now a local master browser' "$WORK/nmbd.log"
sleep 2
keep samba -- 'datagrams to 192.0.2.255: host announcements, an election, the local master announcement' -- \
	'browser.command == 0x01 || browser.command == 0x0f' 'browser.command == 0x08' nbdgm

record netbios/names.pcap 'udp port 137'
lookup SERVER
lookup -U "$SERVER" 'EXAMPLE#1b'  || true
lookup -A "$SERVER"
keep samba samba-common-bin -- 'a broadcast name query, a query that gets no answer, a node status' -- \
	'nbns.type == 32 && nbns.flags.response == 1' 'nbns.type == 33 && nbns.flags.response == 1'

scene
samba_settings 'wins support = yes' 'local master = no'
start_nmbd
wait_udp 137
sleep 1
record netbios/wins.pcap "udp port 137 and host $SERVER"
mkdir -p "$WORK/client"
for folder in private state cache lock pid ncalrpc nmbd; do mkdir -p "$WORK/client/$folder"; done
sed -e "s,$WORK/samba,$WORK/client,; s/netbios name.*/netbios name = CLIENT/" \
	-e "s/wins support.*/wins server = $SERVER/" "$WORK/samba/smb.conf" >"$WORK/client/smb.conf"
start_in_client client-nmbd nmbd --foreground --no-process-group --debug-stdout -s "$WORK/client/smb.conf"
wait_for 30 lookup --recursion -U "$SERVER" CLIENT
sleep 1
keep samba samba-common-bin -- 'a host registers its names with a WINS server; they are looked up there' -- \
	'nbns.flags.opcode == 5 && ip.dst == 192.0.2.20' 'nbns.flags.opcode == 5 && nbns.flags.response == 1' \
	'nbns.flags.opcode == 0 && nbns.flags.response == 1'
