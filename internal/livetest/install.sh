#!/bin/sh
# Installs the servers and clients of the live test, on Debian 12. Nothing is
# started: a server's own service is kept from starting while it is installed.
set -eu

packages='
	bind9-dnsutils chrony coturn curl dante-server dnsmasq-base dovecot-imapd dovecot-pop3d ethtool freeradius freeradius-utils freerdp2-x11
	hostname iproute2 krb5-kdc krb5-user ldap-utils mariadb-client mariadb-server memcached minidlna mosquitto mount
	mosquitto-clients nfs-ganesha nfs-ganesha-vfs nginx openssh-client openssh-server openssl postfix postgresql
	postgresql-client procps redis-server redis-tools rpcbind samba slapd smbclient snmp snmpd swaks unbound
	vsftpd xrdp xvfb
	ldb-tools libsasl2-modules-gssapi-mit samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind
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
