package livetest

func directoryScenarios() []*scenario {
	return []*scenario{
		{
			name:     "slapd",
			packages: "slapd ldap-utils", programs: "slapd ldapsearch",
			files:     map[string]string{"slapd.conf": "database monitor\n"},
			server:    "exec slapd -d none -h ldap://:$PORT -f $DIR/slapd.conf",
			client:    "ldapsearch -x -H ldap://$SERVER:$PORT -s base -b ''",
			transport: "tcp", port: 5432,
			protocols: "ldap", verdict: "mismatch", process: "slapd",
		},
		{
			name:     "krb5kdc",
			packages: "krb5-kdc krb5-user", programs: "krb5kdc kdb5_util kadmin.local kinit",
			files: map[string]string{
				"kdc.conf": `[kdcdefaults]
	kdc_listen = $PORT
	kdc_tcp_listen = $PORT
[realms]
	EXAMPLE.TEST = {
		database_name = $DIR/principal
		key_stash_file = $DIR/stash
		acl_file = $DIR/acl
	}
`,
				"krb5.conf": `[libdefaults]
	default_realm = EXAMPLE.TEST
	dns_lookup_kdc = false
	rdns = false
[realms]
	EXAMPLE.TEST = {
		kdc = $SERVER:$PORT
	}
`,
			},
			prepare: `export KRB5_CONFIG=$DIR/krb5.conf KRB5_KDC_PROFILE=$DIR/kdc.conf
kdb5_util create -s -W -P Wonder-Land-1
kadmin.local addprinc -pw Wonder-Land-1 +requires_preauth alice`,
			server: "KRB5_CONFIG=$DIR/krb5.conf KRB5_KDC_PROFILE=$DIR/kdc.conf exec krb5kdc -n",
			client: `export KRB5_CONFIG=$DIR/krb5.conf KRB5CCNAME=$DIR/tickets
echo Wonder-Land-1 | kinit alice`,
			transport: "udp", port: 8464,
			protocols: "kerberos", verdict: "unregistered", process: "krb5kdc",
		},
	}
}
