package livetest

func routingScenarios() []*scenario {
	return []*scenario{
		{
			name:     "bird bgp",
			packages: "bird2", programs: "bird",
			files: map[string]string{
				"one.conf": "router id 192.0.2.20;\nprotocol device {}\nprotocol bgp {\n  local $SERVER port $PORT as 65001;\n  neighbor $CLIENT as 65002;\n  passive yes;\n  ipv4 { import all; export all; };\n}\n",
				"two.conf": "router id 192.0.2.10;\nprotocol device {}\nprotocol bgp {\n  local $CLIENT as 65002;\n  neighbor $SERVER port $PORT as 65001;\n  connect delay time 1;\n  ipv4 { import all; export all; };\n}\n",
			},
			server:    "exec bird -f -c $DIR/one.conf -s $DIR/one.control -P $DIR/one.pid",
			client:    "exec bird -f -c $DIR/two.conf -s $DIR/two.control -P $DIR/two.pid",
			transport: "tcp", port: 80,
			protocols: "bgp", verdict: "mismatch", process: "bird",
		},
		{
			name:     "stayrtr",
			packages: "stayrtr bird2", programs: "stayrtr bird",
			files: map[string]string{
				"cache.json": `{"metadata":{},"roas":[{"prefix":"198.51.100.0/24","maxLength":24,"asn":"AS65001","ta":"example"}]}`,
				"bird.conf":  "router id 192.0.2.10;\nprotocol device {}\nroa4 table r4;\nprotocol rpki {\n  roa4 { table r4; };\n  remote $SERVER port $PORT;\n}\n",
			},
			server:    "exec stayrtr -bind $SERVER:$PORT -cache $DIR/cache.json -checktime=false -metrics.addr 127.0.0.1:9847",
			client:    "exec bird -f -c $DIR/bird.conf -s $DIR/bird.control -P $DIR/bird.pid",
			transport: "tcp", port: 443,
			protocols: "rpkirtr", verdict: "mismatch", process: "stayrtr",
		},
		{
			name:     "ovsdb-server",
			packages: "openvswitch-switch", programs: "ovsdb-server ovsdb-client ovsdb-tool",
			prepare:   "ovsdb-tool create db /usr/share/openvswitch/vswitch.ovsschema",
			server:    "exec ovsdb-server db --remote=ptcp:$PORT:$SERVER --unixctl=$DIR/control --no-chdir",
			client:    "ovsdb-client list-dbs tcp:$SERVER:$PORT",
			transport: "tcp", port: 22,
			protocols: "ovsdb", verdict: "mismatch", process: "ovsdb-server",
		},
		{
			name:     "ovs-testcontroller",
			packages: "openvswitch-testcontroller openvswitch-common", programs: "ovs-testcontroller ovs-ofctl",
			server:    "exec ovs-testcontroller ptcp:$PORT:$SERVER --unixctl=$DIR/control",
			client:    "ovs-ofctl show tcp:$SERVER:$PORT",
			transport: "tcp", port: 25,
			protocols: "openflow", verdict: "mismatch", process: "ovs-testcontroller",
		},
		{
			name:     "freediameterd",
			packages: "freediameterd openssl", programs: "freeDiameterd openssl",
			files: map[string]string{
				"one.conf": "Identity = \"server.example\";\nRealm = \"example\";\nPort = $PORT;\nSecPort = 0;\nNo_SCTP;\nNo_IPv6;\nListenOn = \"$SERVER\";\nTLS_Cred = \"$DIR/tls.crt\", \"$DIR/tls.key\";\nTLS_CA = \"$DIR/tls.crt\";\n" +
					"ConnectPeer = \"client.example\" { No_TLS; ConnectTo = \"$CLIENT\"; Port = 8003; };\n",
				"two.conf": "Identity = \"client.example\";\nRealm = \"example\";\nPort = 8004;\nSecPort = 0;\nNo_SCTP;\nNo_IPv6;\nTLS_Cred = \"$DIR/two.crt\", \"$DIR/tls.key\";\nTLS_CA = \"$DIR/two.crt\";\n" +
					"ConnectPeer = \"server.example\" { No_TLS; ConnectTo = \"$SERVER\"; Port = $PORT; };\n",
			},
			prepare:   certificate + "openssl req -x509 -key tls.key -days 30 -subj /CN=client.example -out two.crt",
			server:    "exec freeDiameterd -c $DIR/one.conf",
			client:    "exec freeDiameterd -c $DIR/two.conf",
			transport: "tcp", port: 143,
			protocols: "diameter", verdict: "mismatch", process: "freeDiameterd",
		},
		{
			name:     "named rndc",
			packages: "bind9 bind9-utils", programs: "named rndc",
			files: map[string]string{
				"named.conf": "key k { algorithm hmac-sha256; secret \"c2VjcmV0c2VjcmV0c2VjcmV0\"; };\ncontrols { inet $SERVER port $PORT allow { any; } keys { k; }; };\n" +
					"options { directory \"$DIR\"; pid-file none; session-keyfile none; listen-on port 8054 { $SERVER; }; listen-on-v6 { none; }; recursion no; };\n",
				"rndc.conf": "key k { algorithm hmac-sha256; secret \"c2VjcmV0c2VjcmV0c2VjcmV0\"; };\noptions { default-key k; };\n",
			},
			server:    "exec named -g -c $DIR/named.conf",
			client:    "rndc -c $DIR/rndc.conf -s $SERVER -p $PORT status",
			transport: "tcp", port: 445,
			protocols: "rndc", verdict: "mismatch", process: "named",
		},
		{
			name:     "ngtcp2",
			packages: "ngtcp2-server ngtcp2-client openssl", programs: "gtlsserver gtlsclient openssl",
			prepare:   certificate,
			server:    "exec gtlsserver $SERVER $PORT tls.key tls.crt",
			client:    "gtlsclient --exit-on-all-streams-close $SERVER $PORT https://server.example/",
			transport: "udp", port: 161,
			protocols: "quic/http3", confidence: "declared", verdict: "mismatch", process: "gtlsserver",
		},
		{
			name:     "kadmind kpasswd",
			packages: "krb5-kdc krb5-admin-server krb5-user", programs: "krb5kdc kadmind kdb5_util kadmin.local kpasswd",
			files: map[string]string{
				"kdc.conf": `[kdcdefaults]
	kdc_listen = 8088
	kdc_tcp_listen = 8088
[realms]
	EXAMPLE.TEST = {
		database_name = $DIR/principal
		key_stash_file = $DIR/stash
		acl_file = $DIR/acl
		kadmind_listen = 8749
		kpasswd_listen = $PORT
	}
`,
				"krb5.conf": `[libdefaults]
	default_realm = EXAMPLE.TEST
	dns_lookup_kdc = false
	rdns = false
[realms]
	EXAMPLE.TEST = {
		kdc = $SERVER:8088
		admin_server = $SERVER:8749
		kpasswd_server = $SERVER:$PORT
	}
`,
				"acl": "",
			},
			prepare: `export KRB5_CONFIG=$DIR/krb5.conf KRB5_KDC_PROFILE=$DIR/kdc.conf
kdb5_util create -s -W -P Wonder-Land-1
kadmin.local addprinc -pw Wonder-Land-1 alice`,
			server: `export KRB5_CONFIG=$DIR/krb5.conf KRB5_KDC_PROFILE=$DIR/kdc.conf
krb5kdc -n &
exec kadmind -nofork`,
			client: `export KRB5_CONFIG=$DIR/krb5.conf KRB5CCNAME=$DIR/tickets
printf 'Wonder-Land-1\nWonder-Land-2\nWonder-Land-2\n' | kpasswd alice`,
			transport: "tcp", port: 389,
			protocols: "kpasswd", verdict: "mismatch", process: "kadmind",
		},
	}
}
