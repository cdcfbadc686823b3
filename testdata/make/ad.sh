#!/usr/bin/env bash
# A Samba domain controller: Kerberos, LDAP, CLDAP, DNS, and DCE/RPC over TCP
# ports that the endpoint mapper gives out. Slow: the domain is made anew.

. "$(dirname "$0")/lib.sh"
need samba samba
need samba-tool samba-common-bin
need kinit krb5-user
need ldapsearch ldap-utils
need ldbsearch ldb-tools
need winbindd winbind
need nsupdate bind9-dnsutils
need rpcclient smbclient
need dig bind9-dnsutils
need slapd slapd
[ -d /usr/share/samba/setup ] || die "the domain's templates are missing; they are in samba-ad-provision"

REALM=EXAMPLE.TEST PASSWORD=Wonder-Land-1
DC=server.example.test

scene
for ns in "$CLIENT_NS" "$SERVER_NS"; do
	printf '127.0.0.1 localhost\n%s client.example.test client\n%s server.example.test server\n' "$CLIENT" "$SERVER" >"/etc/netns/$ns/hosts"
done
cat >"$WORK/krb5.conf" <<EOF
[libdefaults]
default_realm = $REALM
dns_lookup_kdc = false
dns_lookup_realm = false
rdns = false
[realms]
$REALM = {
	kdc = $SERVER
	kpasswd_server = $SERVER
	admin_server = $SERVER
}
EOF
sed 's/^\[libdefaults\]/&\nudp_preference_limit = 1/' "$WORK/krb5.conf" >"$WORK/krb5-tcp.conf"
export KRB5_CONFIG=$WORK/krb5.conf KRB5CCNAME=$WORK/tickets
in_server samba-tool domain provision --targetdir="$WORK/ad" --realm=$REALM --domain=EXAMPLE --adminpass=$PASSWORD \
	--server-role=dc --dns-backend=SAMBA_INTERNAL --host-name=server --host-ip="$SERVER" \
	>"$WORK/provision.log" 2>&1
sed -i 's/^\[global\]/&\nldap server require strong auth = no/' "$WORK/ad/etc/smb.conf"
in_server samba-tool domain passwordsettings set -s "$WORK/ad/etc/smb.conf" --min-pwd-age=0 >>"$WORK/provision.log" 2>&1
in_server samba-tool spn add -s "$WORK/ad/etc/smb.conf" "ldap/$DC" 'SERVER$' >>"$WORK/provision.log" 2>&1

start_in_server samba samba --foreground --no-process-group --debug-stdout -s "$WORK/ad/etc/smb.conf" \
	--option='server services = s3fs, rpc, nbt, ldap, cldap, kdc, winbindd, dns' --option='interfaces = eth0 lo'
wait_tcp 389
wait_tcp 135
wait_tcp 464
wait_udp 389
sleep 3
quiet() { in_client "$@" >>"$WORK/client.log" 2>&1; }
login() { printf '%s\n' "$PASSWORD" | in_client kinit "Administrator@$REALM" >>"$WORK/client.log" 2>&1; }

record kerberos/too-big.pcap 'port 88'
login
keep samba krb5-user -- 'an AS exchange over UDP; the answer is too big, so once more over TCP' -- \
	'udp && kerberos.error_code == 52' 'tcp && kerberos.msg_type == 11'
record kerberos/domain-tcp.pcap 'tcp port 88'
KRB5_CONFIG=$WORK/krb5-tcp.conf login
KRB5_CONFIG=$WORK/krb5-tcp.conf quiet kvno "ldap/$DC"
keep samba krb5-user -- 'AS and TGS exchanges over TCP' -- 'kerberos.msg_type == 11' 'kerberos.msg_type == 13'
record kpasswd/change.pcap 'port 464'
printf '%s\n%s\n%s\n' "$PASSWORD" Wonder-Land-2 Wonder-Land-2 | quiet kpasswd "Administrator@$REALM"
keep samba krb5-user -- 'a password is changed' -- kpasswd
PASSWORD=Wonder-Land-2
login

record ldap/simple.pcap 'tcp port 389'
quiet ldapsearch -x -H "ldap://$DC" -D "Administrator@$REALM" -w "$PASSWORD" -b 'CN=Users,DC=example,DC=test' '(sAMAccountName=Guest)' dn
keep samba ldap-utils -- 'simple bind and a search' -- 'ldap.authentication == 0' 'ldap.protocolOp == 4'
record ldap/sasl-gssapi.pcap 'tcp port 389'
quiet ldapsearch -Y GSSAPI -O maxssf=0 -H "ldap://$DC" -b 'CN=Users,DC=example,DC=test' '(sAMAccountName=Guest)' dn
keep samba ldap-utils -- 'SASL GSSAPI bind and a search, not sealed' -- 'ldap.mechanism == "GSSAPI"' 'ldap.protocolOp == 4'
record ldap/spnego-sealed.pcap 'tcp port 389'
quiet ldbsearch -H "ldap://$DC" -U "Administrator%$PASSWORD" --use-kerberos=off -b 'CN=Users,DC=example,DC=test' '(sAMAccountName=Guest)' dn
keep samba ldb-tools -- 'GSS-SPNEGO bind by NTLM, then sealed' -- 'ldap.mechanism == "GSS-SPNEGO"' ntlmssp
record ldap/starttls.pcap 'tcp port 389'
LDAPTLS_REQCERT=never quiet ldapsearch -x -ZZ -H "ldap://$DC" -s base -b '' currentTime
keep samba ldap-utils -- 'StartTLS, then TLS' -- 'ldap.requestName == "1.3.6.1.4.1.1466.20037"' tls.handshake.type==2
record cldap/ping.pcap 'udp port 389'
quiet samba-tool domain info "$SERVER"
keep samba samba-common-bin -- 'netlogon pings over UDP' -- 'cldap && ldap.protocolOp == 3' 'cldap && ldap.protocolOp == 4'
record dns/domain.pcap 'port 53'
quiet dig @"$SERVER" _ldap._tcp.dc._msdcs.example.test SRV
quiet dig @"$SERVER" _kerberos._udp.example.test SRV
keep samba bind9-dnsutils -- 'SRV records of a domain controller' -- 'dns.srv.port == 389' 'dns.srv.port == 88'

# call FILE BINDING COMMAND TEXT FILTER...
call() {
	record "dcerpc/$1.pcap" 'tcp and not port 88'
	quiet rpcclient -s /dev/null --option='client max protocol = SMB3' -U "EXAMPLE/Administrator%$PASSWORD" --use-kerberos=off "$2" -c "$3"
	keep samba smbclient -- "$4" -- "${@:5}"
}
call tcp-samr "ncacn_ip_tcp:${DC}[sign]" enumdomusers 'endpoint mapper on 135, then samr, signed, on the port it gave' \
	'epm && dcerpc.pkt_type == 2' 'samr && dcerpc.pkt_type == 2 && tcp.port != 135'
call tcp-netlogon "ncacn_ip_tcp:${DC}[sign]" 'dsr_getdcname EXAMPLE' 'endpoint mapper on 135, then netlogon, signed, on the port it gave' \
	'epm && dcerpc.pkt_type == 2' 'rpc_netlogon && dcerpc.pkt_type == 2 && tcp.port != 135'
call tcp-samr-sealed "ncacn_ip_tcp:${DC}[seal]" enumdomusers 'endpoint mapper on 135, then samr, sealed, on the port it gave' \
	'epm && dcerpc.pkt_type == 2' 'dcerpc.cn_bind_to_uuid == 12345778-1234-abcd-ef00-0123456789ac'
call pipe-netlogon "ncacn_np:$DC" 'dsr_getdcname EXAMPLE' 'netlogon over an SMB pipe' 'rpc_netlogon || dcerpc.cn_bind_to_uuid == 12345678-1234-abcd-ef00-01234567cffb'
record dcerpc/tcp-drsuapi.pcap 'tcp and not port 88 and not port 389'
quiet samba-tool drs bind "$DC" -U "Administrator%$PASSWORD" --use-kerberos=off
keep samba samba-common-bin -- 'endpoint mapper on 135, then drsuapi, sealed, on the port it gave' -- 'epm && dcerpc.pkt_type == 2' \
	'dcerpc.cn_bind_to_uuid == e3514235-4b06-11d1-ab04-00c04fc2dcd2'
record dcerpc/epm-lookup.pcap 'tcp port 135'
in_client /usr/bin/python3 - >>"$WORK/client.log" <<EOF
from impacket.dcerpc.v5 import epm, transport
from impacket.dcerpc.v5.rpcrt import DCERPCException

wire = transport.DCERPCTransportFactory("ncacn_ip_tcp:$SERVER").get_dce_rpc()
wire.connect()
try:
    print(len(epm.hept_lookup(None, dce=wire)))
except DCERPCException as error:
    print(error)  # Samba ends the table by ept_s_not_registered
EOF
keep samba python3-impacket -- 'the whole table of the endpoint mapper' -- 'epm.opnum == 2 && dcerpc.pkt_type == 2'

# A member joins and uses the domain: the whole, on all ports.
cat >"$WORK/member.conf" <<EOF
[global]
security = ads
realm = $REALM
workgroup = EXAMPLE
netbios name = CLIENT
private dir = $WORK/member
state directory = $WORK/member
cache directory = $WORK/member
lock directory = $WORK/member
pid directory = $WORK/member
ncalrpc dir = $WORK/member/ncalrpc
log file = $WORK/member.log
idmap config * : backend = tdb
idmap config * : range = 10000-19999
EOF
cat >"$WORK/member.sh" <<EOF
mkdir -p /run/samba/winbindd
net ads join -s $WORK/member.conf -U 'Administrator%$PASSWORD' -S $DC
winbindd --foreground --no-process-group --debug-stdout -s $WORK/member.conf &
for try in 1 2 3 4 5 6 7 8 9 10; do wbinfo -t && break; sleep 0.5; done
wbinfo -n 'EXAMPLE\\Administrator'
ldapsearch -Q -Y GSSAPI -H ldap://$DC -b CN=Users,DC=example,DC=test '(sAMAccountName=Guest)' dn
smbclient -s $WORK/member.conf --use-kerberos=required //$DC/sysvol -c ls
samba-tool drs bind $DC -s $WORK/member.conf -U 'Administrator%$PASSWORD'
samba-tool dns zonelist $DC -s $WORK/member.conf -U 'Administrator%$PASSWORD'
printf 'server %s\\nzone example.test\\nupdate add made.example.test 300 A 192.0.2.77\\nsend\\n' $DC | nsupdate -g || :
nmblookup -s $WORK/member.conf 'EXAMPLE#1c'
EOF
mkdir -p "$WORK/member/ncalrpc"
LIMIT=600000 # the whole of a join
record domain/member.pcap
quiet sh -eu "$WORK/member.sh"
keep samba winbind krb5-user ldap-utils bind9-dnsutils -- \
	'a member joins, then asks the controller by winbind, LDAP (sealed by Kerberos), SMB, drsuapi and dnsserver, and updates DNS' -- \
	epm 'dcerpc.cn_bind_to_uuid == 50abc2a4-574d-40b3-9d66-ee4fd5fba076' 'ldap.mechanism == "GSSAPI"' 'dns.flags.opcode == 5 && dns.resp.type == 250' nbns cldap kerberos
LIMIT=100000

scene
printf 'database monitor\n' >"$WORK/slapd.conf"
start_in_server slapd slapd -d none -h 'ldap://:3890 ldap://:80' -f "$WORK/slapd.conf"
wait_tcp 3890
for case in odd-port:3890 port-80:80; do
	port=${case#*:}
	record "ldap/${case%:*}.pcap" "tcp port $port"
	quiet ldapsearch -x -H "ldap://server.example:$port" -s base -b ''
	keep slapd ldap-utils -- "anonymous bind and the root entry on port $port" -- -d "tcp.port==$port,ldap" 'ldap.protocolOp == 4'
done
