package livetest

// rsyslogConf loads an input module of rsyslog's.
func rsyslogConf(input string) string {
	return input + "\naction(type=\"omfile\" file=\"$DIR/messages\")\n"
}

func monitoringScenarios() []*scenario {
	const rsyslogd = "exec rsyslogd -n -f $DIR/rsyslog.conf -i $DIR/rsyslog.pid"
	return []*scenario{
		{
			name:     "rsyslog over udp",
			packages: "rsyslog bsdutils", programs: "rsyslogd logger",
			files:     map[string]string{"rsyslog.conf": rsyslogConf("module(load=\"imudp\")\ninput(type=\"imudp\" port=\"$PORT\")")},
			server:    rsyslogd,
			client:    "logger -n $SERVER -P $PORT -d -t live hello",
			oneway:    true,
			transport: "udp", port: 8239,
			protocols: "syslog", verdict: "unregistered", process: "rsyslogd",
		},
		{
			name:     "rsyslog over relp",
			packages: "rsyslog rsyslog-relp bsdutils", programs: "rsyslogd logger",
			files: map[string]string{
				"rsyslog.conf": rsyslogConf("module(load=\"imrelp\")\ninput(type=\"imrelp\" port=\"$PORT\")"),
				"client.conf":  "module(load=\"imuxsock\" SysSock.Name=\"$DIR/log\" SysSock.Use=\"on\")\nmodule(load=\"omrelp\")\naction(type=\"omrelp\" target=\"$SERVER\" port=\"$PORT\")\n",
			},
			server:    rsyslogd,
			client:    "rsyslogd -n -f $DIR/client.conf -i $DIR/client.pid & while ! [ -S log ]; do sleep 0.1; done; logger -u $DIR/log hello; sleep 2; kill $!",
			transport: "tcp", port: 8240,
			protocols: "relp", verdict: "unregistered", process: "rsyslogd",
		},
		{
			name:     "collectd",
			packages: "collectd-core", programs: "collectd",
			files: map[string]string{
				"server.conf": "BaseDir \"$DIR\"\nPIDFile \"$DIR/server.pid\"\nPluginDir \"/usr/lib/collectd\"\nTypesDB \"/usr/share/collectd/types.db\"\nLoadPlugin network\n<Plugin network>\n  Listen \"0.0.0.0\" \"$PORT\"\n</Plugin>\n",
				"client.conf": "BaseDir \"$DIR\"\nPIDFile \"$DIR/client.pid\"\nPluginDir \"/usr/lib/collectd\"\nTypesDB \"/usr/share/collectd/types.db\"\nInterval 1\nLoadPlugin load\nLoadPlugin memory\nLoadPlugin network\n<Plugin network>\n  Server \"$SERVER\" \"$PORT\"\n</Plugin>\n",
			},
			server:    "exec collectd -f -C $DIR/server.conf",
			client:    "timeout 4 collectd -f -C $DIR/client.conf",
			oneway:    true,
			transport: "udp", port: 8241,
			protocols: "collectd", verdict: "unregistered", process: "collectd",
		},
		{
			name:     "nrpe",
			packages: "nagios-nrpe-server nagios-nrpe-plugin", programs: "nrpe",
			files:     map[string]string{"nrpe.cfg": "server_port=$PORT\nnrpe_user=nobody\nnrpe_group=nogroup\npid_file=$DIR/nrpe.pid\nallowed_hosts=$CLIENT\ncommand[hello]=/bin/echo hello\n"},
			prepare:   "chmod 755 .",
			server:    "exec nrpe -f -n -c $DIR/nrpe.cfg",
			client:    "/usr/lib/nagios/plugins/check_nrpe -n -H $SERVER -p $PORT -c hello",
			transport: "tcp", port: 8242,
			protocols: "nrpe", verdict: "unregistered", process: "nrpe",
		},
		{
			name:     "nfcapd",
			packages: "nfdump softflowd tcpdump iputils-ping", programs: "nfcapd softflowd tcpdump ping",
			prepare:   "mkdir flows",
			server:    "exec nfcapd -l $DIR/flows -w $DIR/flows -p $PORT",
			client:    "tcpdump -q -i live0 -w seen.pcap -U icmp & sleep 0.5; ping -q -c 3 -i 0.2 $SERVER; sleep 0.3; kill $!; wait || true; softflowd -d -r seen.pcap -n $SERVER:$PORT -v 9 -p $DIR/softflowd.pid -c $DIR/softflowd.ctl",
			oneway:    true,
			transport: "udp", port: 8254,
			protocols: "cflow", verdict: "unregistered", process: "nfcapd",
		},
		{
			name:     "agentx",
			packages: "snmpd", programs: "snmpd",
			files: map[string]string{
				"master.conf": "master agentx\nagentXSocket tcp:0.0.0.0:$PORT\n",
				"sub.conf":    "agentXSocket tcp:$SERVER:$PORT\n",
			},
			prepare:   "mkdir state state2",
			server:    "SNMP_PERSISTENT_DIR=$DIR/state exec snmpd -f -Lo -r -C -c $DIR/master.conf -I -smux,mteTrigger,mteTriggerConf udp:127.0.0.1:9161",
			client:    "SNMP_PERSISTENT_DIR=$DIR/state2 timeout 3 snmpd -f -Lo -r -C -c $DIR/sub.conf -X -x tcp:$SERVER:$PORT -I system_mib",
			transport: "tcp", port: 8244,
			protocols: "agentx", verdict: "unregistered", process: "snmpd",
		},
		{
			name:     "chronyd's control",
			packages: "chrony", programs: "chronyd chronyc",
			files:     map[string]string{"chrony.conf": "port 0\ncmdport $PORT\nbindcmdaddress 0.0.0.0\ncmdallow\nlocal stratum 3\n"},
			server:    "exec chronyd -d -x -u root -f $DIR/chrony.conf",
			client:    "chronyc -h $SERVER -p $PORT tracking",
			transport: "udp", port: 8245,
			protocols: "chrony", verdict: "unregistered", process: "chronyd",
		},
		{
			name:     "ipmi",
			packages: "openipmi ipmitool", programs: "ipmi_sim ipmitool",
			files: map[string]string{
				"lan.conf": "name \"live\"\nset_working_mc 0x20\n  startlan 1\n    addr 0.0.0.0 $PORT\n    priv_limit admin\n    allowed_auths_callback none md2 md5 straight\n    allowed_auths_user none md2 md5 straight\n    allowed_auths_operator none md2 md5 straight\n    allowed_auths_admin none md2 md5 straight\n    guid a123456789abcdefa123456789abcdef\n  endlan\n  user 1 true \"\" \"test\" user 10 none md2 md5 straight\n  user 2 true \"admin\" \"secret\" admin 10 none md2 md5 straight\n",
				"sim.emu":  "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n",
			},
			server:    "sleep 60 | ipmi_sim -c $DIR/lan.conf -f $DIR/sim.emu -s $DIR -n",
			client:    "ipmitool -I lanplus -H $SERVER -p $PORT -U admin -P secret mc info",
			transport: "udp", port: 8246,
			protocols: "rmcp/ipmi", verdict: "unregistered", process: "ipmi_sim",
		},
		{
			name:     "nut",
			packages: "nut-server nut-client", programs: "upsd upsc",
			files: map[string]string{
				"upsd.conf": "LISTEN 0.0.0.0 $PORT\nSTATEPATH $DIR\n", "ups.conf": "[desk]\n\tdriver = dummy-ups\n\tport = desk.dev\n", "upsd.users": "", "nut.conf": "MODE=netserver\n",
			},
			server:    "NUT_CONFPATH=$DIR NUT_STATEPATH=$DIR NUT_ALTPIDPATH=$DIR exec /lib/nut/upsd -F -u root",
			client:    "upsc -l $SERVER:$PORT",
			transport: "tcp", port: 8247,
			protocols: "nut", verdict: "unregistered", process: "upsd",
		},
		{
			name:     "gpsd",
			packages: "gpsd gpsd-clients", programs: "gpsd gpspipe",
			server:    "exec gpsd -N -n -G -S $PORT -F $DIR/gpsd.sock",
			client:    "timeout 2 gpspipe -w $SERVER:$PORT",
			transport: "tcp", port: 8248,
			protocols: "gpsd", verdict: "unregistered", process: "gpsd",
		},
	}
}

func routingScenarios() []*scenario {
	return []*scenario{
		{
			name:     "bird",
			packages: "bird2", programs: "bird",
			files: map[string]string{
				"server.conf": "router id $SERVER;\nprotocol device {}\nprotocol bgp { local $SERVER port $PORT as 65001; neighbor $CLIENT as 65002; passive; ipv4 { import all; export none; }; }\n",
				"client.conf": "router id $CLIENT;\nprotocol device {}\nprotocol bgp { local $CLIENT as 65002; neighbor $SERVER port $PORT as 65001; connect delay time 0; ipv4 { import all; export none; }; }\n",
			},
			server:    "exec bird -f -c $DIR/server.conf -s $DIR/server.ctl",
			client:    "timeout 5 bird -f -c $DIR/client.conf -s $DIR/client.ctl",
			transport: "tcp", port: 8249,
			protocols: "bgp", verdict: "unregistered", process: "bird",
		},
		{
			name:     "stayrtr",
			packages: "stayrtr bird2", programs: "stayrtr bird",
			files: map[string]string{
				"roas.json":   "{\"metadata\": {}, \"roas\": [{\"prefix\": \"192.0.2.0/24\", \"maxLength\": 24, \"asn\": \"AS65001\", \"ta\": \"test\"}]}\n",
				"client.conf": "router id $CLIENT;\nprotocol device {}\nroa4 table roas;\nprotocol rpki { roa4 { table roas; }; remote $SERVER port $PORT; }\n",
			},
			server:    "exec stayrtr -bind $SERVER:$PORT -cache $DIR/roas.json -checktime=false -metrics.addr 127.0.0.1:9847",
			client:    "timeout 5 bird -f -c $DIR/client.conf -s $DIR/client.ctl",
			transport: "tcp", port: 8250,
			protocols: "rpkirtr", verdict: "unregistered", process: "stayrtr",
		},
		{
			name:     "ovsdb",
			packages: "openvswitch-common openvswitch-switch", programs: "ovsdb-server ovsdb-tool ovsdb-client",
			prepare:   "ovsdb-tool create db",
			server:    "exec ovsdb-server --remote=ptcp:$PORT --unixctl=$DIR/ctl db",
			client:    "ovsdb-client list-dbs tcp:$SERVER:$PORT",
			transport: "tcp", port: 8251,
			protocols: "ovsdb", verdict: "unregistered", process: "ovsdb-server",
		},
		{
			name:     "openflow",
			packages: "openvswitch-testcontroller openvswitch-common", programs: "ovs-testcontroller ovs-ofctl",
			server:    "exec ovs-testcontroller --unixctl=$DIR/ctl ptcp:$PORT",
			client:    "timeout 3 ovs-ofctl show tcp:$SERVER:$PORT",
			transport: "tcp", port: 8252,
			protocols: "openflow", verdict: "unregistered", process: "ovs-testcontroller ovs-testcontroll",
		},
		{
			name:     "dnsmasq, addresses",
			packages: "dnsmasq-base isc-dhcp-client", programs: "dnsmasq dhclient",
			server: `exec dnsmasq -k -C /dev/null --port=0 --user=root --pid-file= --log-facility=- --dhcp-alternate-port=$PORT,8254 \
	--no-ping --dhcp-range=192.0.2.100,192.0.2.110 --dhcp-leasefile=$DIR/leases --interface=live0`,
			client:    "timeout 6 dhclient -d -1 -p 8254 -sf /bin/true -lf $DIR/client.leases -pf $DIR/client.pid live0",
			transport: "udp", port: 8253,
			protocols: "dhcp", verdict: "unregistered", process: "dnsmasq",
		},
		{
			name:     "rndc",
			packages: "bind9 bind9-utils", programs: "named rndc rndc-confgen",
			files: map[string]string{
				"named.conf": "include \"$DIR/rndc.key\";\noptions {\n\tdirectory \"$DIR\";\n\tpid-file none;\n\tsession-keyfile none;\n\tlisten-on port 5300 { 127.0.0.1; };\n\tlisten-on-v6 { none; };\n};\ncontrols { inet * port $PORT allow { any; } keys { rndc-key; }; };\n",
			},
			prepare:   "rndc-confgen -a -c $DIR/rndc.key",
			server:    "exec named -g -c $DIR/named.conf",
			client:    "rndc -s $SERVER -p $PORT -k $DIR/rndc.key status",
			transport: "tcp", port: 8255,
			protocols: "rndc", verdict: "unregistered", process: "named",
		},
	}
}
