package livetest

// domainPackages are the Debian packages of the domain, domainPrograms what
// must be there.
const (
	domainPackages = "samba samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind smbclient ldb-tools " +
		"krb5-user ldap-utils libsasl2-modules-gssapi-mit bind9-dnsutils"
	domainPrograms = "samba smbd winbindd nmbd samba-tool net rpcclient smbclient wbinfo nmblookup smbpasswd ldbsearch " +
		"ldapsearch kinit kpasswd nsupdate dig"
)

// domainScenario is an Active Directory domain: the server is its controller,
// the client joins it and uses it. Clients demand the ports, so that they are
// the usual ones.
func domainScenario() *scenario {
	return &scenario{
		name:     "domain",
		packages: domainPackages, programs: domainPrograms,
		transport: "tcp", port: 445,
		files: map[string]string{
			"krb5.conf": `[libdefaults]
	default_realm = EXAMPLE.TEST
	dns_lookup_realm = false
	dns_lookup_kdc = true
	rdns = false
`,
			"member.conf": `[global]
security = ads
realm = EXAMPLE.TEST
workgroup = EXAMPLE
netbios name = CLIENT
interfaces = live0 lo
private dir = $DIR/member/private
state directory = $DIR/member/state
cache directory = $DIR/member/cache
lock directory = $DIR/member/lock
pid directory = $DIR/member/pid
ncalrpc dir = $DIR/member/ncalrpc
nmbd:socket dir = $DIR/member/nmbd
log file = $DIR/member/log.%m
kerberos method = secrets and keytab
dedicated keytab file = $DIR/member/keytab
idmap config * : backend = tdb
idmap config * : range = 10000-19999
load printers = no
`,
		},
		prepare: `samba-tool domain provision --targetdir=$DIR/ad --realm=EXAMPLE.TEST --domain=EXAMPLE --adminpass=Wonder-Land-1 \
	--server-role=dc --dns-backend=SAMBA_INTERNAL --host-name=server --host-ip=$SERVER
sed -i 's/^\[global\]/&\nldap server require strong auth = no\ninterfaces = live0 lo/' ad/etc/smb.conf
samba-tool domain passwordsettings set -s $DIR/ad/etc/smb.conf --min-pwd-age=0
for name in private state cache lock pid ncalrpc nmbd; do mkdir -p member/$name; done`,
		server: "KRB5_CONFIG=$DIR/krb5.conf exec samba --foreground --no-process-group --debug-stdout -s $DIR/ad/etc/smb.conf",
		client: domainClient,
	}
}

// domainClient joins the domain, then uses what a controller offers. Every step
// must succeed, but for those that say otherwise.
const domainClient = `export KRB5_CONFIG=$DIR/krb5.conf KRB5CCNAME=$DIR/tickets LDAPTLS_REQCERT=never
dc=server.example.test conf=$DIR/member.conf admin=Administrator password=Wonder-Land-1 users=CN=Users,DC=example,DC=test
mkdir -p /run/samba/winbindd

net ads lookup -s $conf -S $dc
net ads join -s $conf -U $admin%$password -S $dc
net ads testjoin -s $conf
winbindd --foreground --no-process-group --debug-stdout -s $conf >winbindd.log 2>&1 &
nmbd --foreground --no-process-group --debug-stdout -s $conf >nmbd.log 2>&1 &
for try in 1 2 3 4 5 6 7 8 9 10; do wbinfo -t && break; sleep 0.5; done
wbinfo -u
wbinfo -n "EXAMPLE\\$admin"
wbinfo -a "EXAMPLE\\$admin%$password"

echo $password | kinit $admin@EXAMPLE.TEST
ldapsearch -Q -Y GSSAPI -H ldap://$dc -b $users dn                  # sealed
ldapsearch -Q -Y GSSAPI -N -O maxssf=0 -H ldap://$dc -b $users dn   # in clear
ldapsearch -Q -Y GSS-SPNEGO -H ldap://$dc -b $users dn
ldapsearch -x -H ldap://$dc -D $admin@EXAMPLE.TEST -w $password -b $users dn
ldapsearch -x -ZZ -H ldap://$dc -D $admin@EXAMPLE.TEST -w $password -b $users dn
ldapsearch -x -H ldaps://$dc -D $admin@EXAMPLE.TEST -w $password -b $users dn
ldapsearch -x -H ldap://$dc:3268 -D $admin@EXAMPLE.TEST -w $password -b DC=example,DC=test '(objectClass=user)' dn
ldbsearch -H ldap://$dc -U $admin%$password --use-kerberos=off -b $users dn # NTLM
smbclient -s $conf --use-kerberos=required //$dc/sysvol -c 'cd example.test; ls'
smbclient -s $conf -U $admin%$password -p 139 //$dc/netlogon -c ls
smbclient -s $conf -U $admin%$password --client-protection=encrypt //$dc/sysvol -c ls

for binding in ncacn_np:$dc "ncacn_np:$dc[seal]" "ncacn_ip_tcp:$dc[sign]" "ncacn_ip_tcp:$dc[seal]"; do
	for command in enumdomusers 'dsr_getdcname EXAMPLE' dsroledominfo; do
		rpcclient -s $conf -U EXAMPLE/$admin%$password "$binding" -c "$command"
	done
	rpcclient -s $conf -U EXAMPLE/$admin%$password "$binding" -c lsaquery || : # over TCP the answer is a refusal
done
for command in srvinfo wkssvc_wkstagetinfo dfsversion; do
	rpcclient -s $conf -U EXAMPLE/$admin%$password ncacn_np:$dc -c "$command"
done
rpcclient -s $conf --use-kerberos=required "ncacn_ip_tcp:$dc[seal]" -c enumdomusers </dev/null
rpcclient -s $conf -P "ncacn_ip_tcp:$dc[schannel,seal]" -c 'dsr_getdcname EXAMPLE'
rpcclient -s $conf -U EXAMPLE/$admin%$password ncacn_ip_tcp:$dc -c epmlookup
net rpc registry enumerate HKLM -s $conf -S $dc -U $admin%$password
net rpc service list -s $conf -S $dc -U $admin%$password

samba-tool domain info -s $conf $SERVER
samba-tool drs showrepl $dc -s $conf -U $admin%$password
samba-tool dns query $dc example.test @ ALL -s $conf -U $admin%$password
samba-tool user create alice Wonder-Land-5 -s $conf -H ldap://$dc -U $admin%$password
printf 'Wonder-Land-5\nWonder-Land-6\nWonder-Land-6\n' | kpasswd alice@EXAMPLE.TEST
printf 'Wonder-Land-6\nWonder-Land-7\nWonder-Land-7\n' | smbpasswd -s -r $dc -U alice
printf 'server %s\nzone example.test\nupdate add made.example.test 300 A 192.0.2.77\nsend\n' $dc | nsupdate -g || : # it can't verify the answer
dig @$SERVER _ldap._tcp.dc._msdcs.example.test SRV
nmblookup -s $conf -U $SERVER SERVER
nmblookup -s $conf 'EXAMPLE#1c'

# A second controller takes over everything that the first one has.
samba-tool domain join example.test DC --targetdir=$DIR/second --option='netbios name = SECOND' --server=$dc -U $admin%$password \
	--dns-backend=SAMBA_INTERNAL`

// domainProtocols must all be seen, domainInterfaces among them at the top of a stack.
const (
	domainProtocols  = "dns kerberos ldap cldap tls nbss smb2 nbns nbdgm dcerpc kpasswd"
	domainInterfaces = "epm rpc_netlogon samr lsarpc drsuapi dnsserver dssetup srvsvc wkssvc netdfs winreg svcctl"
)
