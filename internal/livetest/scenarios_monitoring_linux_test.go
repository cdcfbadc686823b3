package livetest

func monitoringScenarios() []*scenario {
	return []*scenario{
		{
			name:     "munin-node",
			packages: "munin-node", programs: "munin-node bash",
			files: map[string]string{
				"node.conf": "log_level 1\nlog_file $DIR/node.txt\npid_file $DIR/node.pid\nbackground 0\nsetsid 0\nuser root\ngroup root\n" +
					"allow ^192\\.0\\.2\\.10\\z\nhost $SERVER\nport $PORT\nhost_name server.example\n",
			},
			server:    "exec munin-node --config $DIR/node.conf",
			client:    say(`cap multigraph\nlist\nversion\nquit\n`),
			transport: "tcp", port: 80,
			protocols: "munin", verdict: "mismatch", process: "munin-node /usr/sbin/munin",
		},
		{
			name:     "nrpe",
			packages: "nagios-nrpe-server nagios-nrpe-plugin", programs: "nrpe /usr/lib/nagios/plugins/check_nrpe",
			files: map[string]string{
				"nrpe.cfg": "server_address=$SERVER\nserver_port=$PORT\nnrpe_user=nagios\nnrpe_group=nagios\npid_file=$DIR/run/nrpe.pid\nallowed_hosts=$CLIENT\n" +
					"command[check_users]=/bin/true\n",
			},
			prepare:   "install -d -o nagios run",
			server:    "exec nrpe -c $DIR/nrpe.cfg -f -n",
			client:    "/usr/lib/nagios/plugins/check_nrpe -H $SERVER -p $PORT -n -c check_users",
			transport: "tcp", port: 5432,
			protocols: "nrpe", verdict: "mismatch", process: "nrpe",
		},
		{
			name:     "rsyslogd",
			packages: "rsyslog bsdutils", programs: "rsyslogd logger",
			files: map[string]string{
				"rsyslog.conf": "module(load=\"imudp\")\ninput(type=\"imudp\" address=\"$SERVER\" port=\"$PORT\")\n*.* action(type=\"omfile\" file=\"$DIR/messages\")\n",
			},
			server:    "exec rsyslogd -n -f $DIR/rsyslog.conf -i $DIR/rsyslog.pid",
			client:    "logger --rfc5424 -n $SERVER -P $PORT -d -t live hello; logger --rfc5424 -n $SERVER -P $PORT -d -t live again",
			transport: "udp", port: 8123, oneWay: true,
			protocols: "syslog", confidence: "likely", verdict: "unregistered", process: "rsyslogd",
		},
		{
			name:     "rsyslogd relp",
			packages: "rsyslog rsyslog-relp", programs: "rsyslogd logger",
			files: map[string]string{
				"rsyslog.conf": "module(load=\"imrelp\")\ninput(type=\"imrelp\" address=\"$SERVER\" port=\"$PORT\")\n*.* action(type=\"omfile\" file=\"$DIR/messages\")\n",
				"client.conf": "module(load=\"imudp\")\nmodule(load=\"omrelp\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=\"8514\")\n" +
					"*.* action(type=\"omrelp\" target=\"$SERVER\" port=\"$PORT\")\n",
			},
			server: "exec rsyslogd -n -f $DIR/rsyslog.conf -i $DIR/rsyslog.pid",
			client: `rsyslogd -n -f $DIR/client.conf -i $DIR/client.pid &
for i in 1 2 3; do sleep 0.3; logger -n 127.0.0.1 -P 8514 -d hello; done; wait`,
			transport: "tcp", port: 22,
			protocols: "relp", verdict: "mismatch", process: "rsyslogd",
		},
		{
			name:     "snmpd agentx",
			packages: "snmpd", programs: "snmpd",
			files: map[string]string{
				"snmpd.conf": "master agentx\nagentXSocket tcp:$SERVER:$PORT\nagentaddress udp:127.0.0.1:8161\nrocommunity public\n",
			},
			prepare:   "mkdir state state2",
			server:    "SNMP_PERSISTENT_DIR=$DIR/state exec snmpd -f -Lo -r -C -c $DIR/snmpd.conf -I -smux,mteTrigger,mteTriggerConf",
			client:    "SNMP_PERSISTENT_DIR=$DIR/state2 exec snmpd -f -Lo -r -C -X -x tcp:$SERVER:$PORT -I -smux,mteTrigger,mteTriggerConf",
			transport: "tcp", port: 25,
			protocols: "agentx", verdict: "mismatch", process: "snmpd",
		},
		{
			name:     "chronyd commands",
			packages: "chrony", programs: "chronyd chronyc",
			files:     map[string]string{"chrony.conf": "port 0\nlocal stratum 3\ncmdport $PORT\nbindcmdaddress $SERVER\ncmdallow\n"},
			server:    "exec chronyd -d -x -u root -f $DIR/chrony.conf",
			client:    `chronyc -h $SERVER -p $PORT tracking`,
			transport: "udp", port: 53,
			protocols: "chrony", verdict: "mismatch", process: "chronyd",
		},
		{
			name:     "collectd",
			packages: "collectd-core", programs: "collectd",
			files: map[string]string{
				"server.conf": "BaseDir \"$DIR\"\nPIDFile \"$DIR/pid\"\nLoadPlugin network\n<Plugin network>\n  Listen \"$SERVER\" \"$PORT\"\n</Plugin>\n",
				"client.conf": "BaseDir \"$DIR\"\nPIDFile \"$DIR/pid2\"\nHostname client\nInterval 1\nLoadPlugin uptime\nLoadPlugin load\nLoadPlugin memory\nLoadPlugin network\n" +
					"<Plugin network>\n  Server \"$SERVER\" \"$PORT\"\n  MaxPacketSize 1024\n</Plugin>\n",
			},
			server:    "exec collectd -f -C $DIR/server.conf",
			client:    "exec collectd -f -C $DIR/client.conf",
			transport: "udp", port: 8125, oneWay: true,
			protocols: "collectd", confidence: "likely", verdict: "unregistered", process: "collectd",
		},
		{
			name:     "inetd daytime",
			packages: "inetutils-inetd netbase", programs: "inetutils-inetd bash",
			files:     map[string]string{"inetd.conf": "daytime stream tcp nowait root internal\n"},
			server:    builtin("daytime"),
			client:    say(""),
			transport: "tcp", port: 80, oneWay: true,
			protocols: "daytime", confidence: "likely", verdict: "mismatch", process: "inetutils-inetd",
		},
		{
			name:     "inetd chargen",
			packages: "inetutils-inetd netbase", programs: "inetutils-inetd bash",
			files:     map[string]string{"inetd.conf": "chargen stream tcp nowait root internal\n"},
			server:    builtin("chargen"),
			client:    say(""),
			transport: "tcp", port: 443, oneWay: true,
			protocols: "chargen", confidence: "likely", verdict: "mismatch", process: "inetutils-inetd",
		},
	}
}
