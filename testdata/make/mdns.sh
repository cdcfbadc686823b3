#!/usr/bin/env bash
# Multicast DNS by Avahi and python-zeroconf, LLMNR by llmnrd.

. "$(dirname "$0")/lib.sh"
need avahi-daemon avahi-daemon
need_python zeroconf python3-zeroconf
need llmnrd llmnrd
need llmnr-query llmnrd

scene
mkdir "$WORK/services"
cat >"$WORK/services/http.service" <<'EOF'
<service-group>
  <name>Printer</name>
  <service><type>_ipp._tcp</type><port>8631</port><txt-record>note=desk</txt-record></service>
</service-group>
EOF
cat >"$WORK/avahi.conf" <<'EOF'
[server]
host-name=server
use-ipv6=no
enable-dbus=no
allow-interfaces=eth0
[publish]
publish-workstation=no
EOF
record mdns/announce.pcap 'udp port 5353'
# shellcheck disable=SC2016 # the inner shell expands them
start_in_server avahi sh -c 'mount --bind "$0/services" /etc/avahi/services
	exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$0/avahi.conf"' "$WORK"
wait_for 20 grep -q 'successfully established' "$WORK/avahi.log"
sleep 3
keep avahi-daemon -- 'probes and announcements of a host and a printer' -- 'mdns && dns.flags.response == 0' 'mdns && dns.srv.port == 8631'

record mdns/browse.pcap 'udp port 5353'
in_client /usr/bin/python3 - <<'EOF' >/dev/null
import time
import zeroconf

browser = zeroconf.Zeroconf(interfaces=["192.0.2.10"])
info = browser.get_service_info("_ipp._tcp.local.", "Printer._ipp._tcp.local.", 3000)
zeroconf.ServiceBrowser(browser, "_ipp._tcp.local.", handlers=[lambda **_: None])
time.sleep(2)
browser.close()
assert info and info.port == 8631, info
EOF
keep avahi-daemon python3-zeroconf -- 'a service is browsed for and resolved' -- 'mdns && dns.qry.type == 12' 'mdns && dns.srv.port == 8631'

scene
start_in_server llmnrd llmnrd -H server -i eth0
wait_udp 5355
record llmnr/query.pcap 'udp port 5355'
in_client llmnr-query -c 1 -I eth0 server >/dev/null
in_client llmnr-query -c 1 -I eth0 -T A server >/dev/null
keep llmnrd -- 'a name asked for at 224.0.0.252 and answered' -- 'llmnr && dns.flags.response == 0' 'llmnr && dns.flags.response == 1 && dns.a == 192.0.2.20'
