#!/usr/bin/env bash
# MIT Kerberos over UDP and TCP, on the usual port and on another.

. "$(dirname "$0")/lib.sh"
need krb5kdc krb5-kdc
need kinit krb5-user

REALM=EXAMPLE.TEST PASSWORD=Wonder-Land-1

for port in 88 8088; do
	scene
	rm -rf "$WORK/kdc" && mkdir "$WORK/kdc"
	cat >"$WORK/kdc.conf" <<-EOF
		[kdcdefaults]
		kdc_listen = $port
		kdc_tcp_listen = $port
		[realms]
		$REALM = {
			database_name = $WORK/kdc/principal
			key_stash_file = $WORK/kdc/stash
			acl_file = $WORK/kdc/acl
		}
	EOF
	for limit in 1465 1; do
		cat >"$WORK/krb5-$limit.conf" <<-EOF
			[libdefaults]
			default_realm = $REALM
			dns_lookup_kdc = false
			rdns = false
			udp_preference_limit = $limit
			[realms]
			$REALM = {
				kdc = $SERVER:$port
			}
		EOF
	done
	export KRB5_CONFIG=$WORK/krb5-1465.conf KRB5_KDC_PROFILE=$WORK/kdc.conf KRB5CCNAME=$WORK/tickets
	in_server kdb5_util create -s -W -P "$PASSWORD" >>"$WORK/kdb.log" 2>&1
	in_server kadmin.local addprinc -pw "$PASSWORD" +requires_preauth alice >>"$WORK/kdb.log" 2>&1
	in_server kadmin.local addprinc -randkey host/server.example >>"$WORK/kdb.log" 2>&1
	start_in_server krb5kdc krb5kdc -n
	wait_udp "$port"
	wait_tcp "$port"
	login() {
		printf '%s\n' "$PASSWORD" | in_client kinit alice >>"$WORK/client.log" 2>&1
		in_client kvno host/server.example >>"$WORK/client.log" 2>&1
	}
	proof=('kerberos.msg_type == 30' 'kerberos.msg_type == 11' 'kerberos.msg_type == 13')
	if [ "$port" = 88 ]; then
		record kerberos/udp.pcap 'udp port 88'
		login
		keep krb5-kdc krb5-user -- 'AS and TGS exchanges over UDP' -- "${proof[@]}"
		record kerberos/tcp.pcap 'tcp port 88'
		KRB5_CONFIG=$WORK/krb5-1.conf login
		keep krb5-kdc krb5-user -- 'AS and TGS exchanges over TCP' -- "${proof[@]}"
	else
		record kerberos/odd-port.pcap "port $port"
		login
		KRB5_CONFIG=$WORK/krb5-1.conf login
		keep krb5-kdc krb5-user -- "AS and TGS exchanges on port $port, UDP and TCP" -- \
			-d "udp.port==$port,kerberos" -d "tcp.port==$port,kerberos" "${proof[@]}" udp tcp
	fi
done
