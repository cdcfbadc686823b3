#!/bin/sh
# Installs the servers and clients of the live test, on Debian 12. Nothing is
# started: a server's own service is kept from starting while it is installed.
set -eu

packages='
	adb aria2 bind9 bind9-dnsutils bind9-utils bird2 bsdutils c-icap chrony collectd-core coturn cups-daemon cups-ipp-utils curl cvs
	dante-server dict dictd diod distcc dnsmasq-base dovecot-imapd dovecot-managesieved dovecot-pop3d erlang-base ethtool fcgiwrap
	ffmpeg finger fingerd freediameterd freeradius freeradius-utils freerdp2-x11 gcc gdb gdbserver git go-sendxmpp gophernicus gpsd
	gpsd-clients haproxy hostname inetutils-inetd inetutils-telnet inetutils-telnetd ipmitool iproute2 iputils-ping isc-dhcp-client
	krb5-admin-server krb5-kdc krb5-user ldap-utils ldb-tools libc6-dev libcoap3-bin libfcgi-bin libiscsi-bin liblo-tools libnbd-bin
	libnginx-mod-http-dav-ext libnginx-mod-rtmp libsasl2-modules-gssapi-mit mariadb-client mariadb-server mbpoll memcached miltertest
	minidlna mosquitto mosquitto-clients mount mpc mpd munin-node nagios-nrpe-plugin nagios-nrpe-server nbdkit ncdc nebula netbase
	nfs-ganesha nfs-ganesha-vfs nginx ngircd ngtcp2-client ngtcp2-server nut-client nut-server oidentd opendkim openipmi
	openssh-client openssh-server openssl openvpn openvswitch-common openvswitch-switch openvswitch-testcontroller postfix postgresql
	postgresql-client postgrey procps prosody pulseaudio pulseaudio-utils python3-pymodbus python3-serial-asyncio python3-websockets
	redis-server redis-tools rpcbind rsh-redone-client rsh-redone-server rsync rsyslog rsyslog-relp samba samba-ad-provision
	samba-dsdb-modules samba-vfs-modules sane-utils sic sip-tester slapd smbclient snapclient snapserver snmp snmpd srt-tools stayrtr
	subversion swaks tftp-hpa tftpd-hpa tgt tigervnc-standalone-server tigervnc-viewer tinc uhub unbound uwsgi-core
	uwsgi-plugin-python3 vsftpd websocketd winbind wireguard-go wireguard-tools x11-utils xl2tpd xrdp xvfb yaz
'

missing=
for package in $packages; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
	installed) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "install.sh: needs root to install:$missing" >&2
	exit 1
fi

# What invoke-rc.d asks before it starts a service: 101 is "no".
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update
# shellcheck disable=SC2086 # words
apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends $missing
