#!/usr/bin/env bash
# Small UDP services: NTP by chrony, SNMP by Net-SNMP, DHCP and TFTP by dnsmasq.

. "$(dirname "$0")/lib.sh"
need chronyd chrony
need snmpd snmpd
need snmpget snmp
need dnsmasq dnsmasq-base
need dhclient isc-dhcp-client
need curl curl

for case in usual:123 odd-port:8123; do
	port=${case#*:}
	scene
	printf 'port %s\nallow\nlocal stratum 3\ncmdport 0\n' "$port" >"$WORK/chrony.conf"
	start_in_server chronyd chronyd -d -x -u root -f "$WORK/chrony.conf"
	wait_udp "$port"
	record "ntp/${case%:*}.pcap" "udp port $port"
	in_client chronyd -Q -u root -t 6 "server $SERVER port $port iburst maxsamples 2" cmdport\ 0 >>"$WORK/ntp.log" 2>&1 || true
	keep chrony -- "requests and answers on port $port" -- -d "udp.port==$port,ntp" ntp.flags.mode==3 ntp.flags.mode==4
done

scene
mkdir "$WORK/snmp"
cat >"$WORK/snmpd.conf" <<'EOF'
rocommunity public
createUser alice SHA "authentication" AES "encryption"
rouser alice priv
sysContact admin@server.example
sysDescr a server
EOF
export SNMP_PERSISTENT_DIR=$WORK/snmp
start_in_server snmpd snmpd -f -Lo -r -C -c "$WORK/snmpd.conf" -I -smux,mteTrigger,mteTriggerConf udp:161,udp:8161,tcp:8161
wait_udp 161
get() { in_client "$@" >>"$WORK/snmp.log" 2>&1; }
record snmp/v1-v2c.pcap 'udp port 161'
get snmpget -v 1 -c public "$SERVER" 1.3.6.1.2.1.1.1.0
get snmpgetnext -v 2c -c public "$SERVER" 1.3.6.1.2.1.1.3
get snmpbulkget -v 2c -c public "$SERVER" 1.3.6.1.2.1.1
keep snmpd snmp -- 'get of version 1, getnext and getbulk of version 2c' -- snmp.version==0 'snmp.version == 1 && snmp.data == 5' 'snmp.data == 2'
record snmp/v3.pcap 'udp port 161'
get snmpget -v 3 -l authPriv -u alice -a SHA -A authentication -x AES -X encryption "$SERVER" 1.3.6.1.2.1.1.1.0
keep snmpd snmp -- 'version 3: engine discovery, then an encrypted get' -- snmp.msgVersion==3 snmp.encryptedPDU
record snmp/odd-port.pcap 'port 8161'
get snmpget -v 2c -c public "$SERVER:8161" 1.3.6.1.2.1.1.1.0
get snmpget -v 2c -c public "tcp:$SERVER:8161" 1.3.6.1.2.1.1.1.0
keep snmpd snmp -- 'version 2c on port 8161, UDP and TCP' -- -d udp.port==8161,snmp -d tcp.port==8161,snmp 'udp && snmp.data == 2' 'tcp && snmp.data == 2'

scene
mkdir "$WORK/tftp"
printf 'a small file\n' >"$WORK/tftp/hello.txt"
start_in_server dnsmasq dnsmasq -k -C /dev/null -p 0 --user=root --pid-file= --log-facility=- --leasefile-ro --dhcp-authoritative \
	--dhcp-range=192.0.2.100,192.0.2.120,5m --dhcp-option=option:domain-name,example --enable-tftp --tftp-root="$WORK/tftp" --no-ping
wait_udp 67
wait_udp 69
record dhcp/lease.pcap 'udp port 67 or udp port 68'
in_client dhclient -1 -d -sf /bin/true -lf "$WORK/leases" -pf "$WORK/dhclient.pid" eth0 >>"$WORK/dhclient.log" 2>&1 &
lease=$!
wait_for 20 grep -q 'bound to' "$WORK/dhclient.log"
kill -KILL "$lease"
wait "$lease" 2>/dev/null || true
keep dnsmasq-base isc-dhcp-client -- 'discover, offer, request, ack' -- dhcp.option.dhcp==1 dhcp.option.dhcp==2 dhcp.option.dhcp==3 dhcp.option.dhcp==5
record tftp/read.pcap udp
in_client curl -sS -o /dev/null "tftp://$SERVER/hello.txt"
keep dnsmasq-base curl -- 'a file is read; the data comes from another port of the server' -- tftp.opcode==1 'tftp.opcode == 3'
