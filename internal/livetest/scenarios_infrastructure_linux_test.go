package livetest

func infrastructureScenarios() []*scenario {
	return []*scenario{
		{
			name:     "dnsmasq",
			packages: "dnsmasq-base bind9-dnsutils", programs: "dnsmasq dig",
			server: `exec dnsmasq -k -C /dev/null -p $PORT --user=root --pid-file= --log-facility=- --no-resolv --no-hosts \
	--address=/example/192.0.2.99`,
			client:    "dig @$SERVER -p $PORT +tries=1 +time=3 any.example A",
			transport: "udp", port: 1194,
			protocols: "dns", verdict: "mismatch", process: "dnsmasq",
		},
		{
			name:     "unbound over tcp",
			packages: "unbound bind9-dnsutils", programs: "unbound dig",
			files: map[string]string{
				"unbound.conf": `server:
	interface: $SERVER@$PORT
	access-control: 0.0.0.0/0 allow
	do-daemonize: no
	chroot: ""
	username: ""
	directory: "$DIR"
	pidfile: ""
	use-syslog: no
	module-config: iterator
	local-zone: example static
	local-data: "server.example A $SERVER"
`,
			},
			server:    "exec unbound -d -c $DIR/unbound.conf",
			client:    "dig @$SERVER -p $PORT +tcp +tries=1 +time=3 server.example A",
			transport: "tcp", port: 6379,
			protocols: "dns", verdict: "mismatch", process: "unbound",
		},
		{
			name:     "chronyd",
			packages: "chrony", programs: "chronyd",
			files:     map[string]string{"chrony.conf": "port $PORT\nallow\nlocal stratum 3\ncmdport 0\n"},
			server:    "exec chronyd -d -x -u root -f $DIR/chrony.conf",
			client:    `chronyd -Q -u root -t 6 "server $SERVER port $PORT iburst maxsamples 2" 'cmdport 0'`,
			transport: "udp", port: 8123,
			protocols: "ntp", verdict: "unregistered", process: "chronyd",
		},
		{
			name:     "dnsmasq started late",
			packages: "dnsmasq-base bind9-dnsutils", programs: "dnsmasq dig",
			server: `exec dnsmasq -k -C /dev/null -p $PORT --user=root --pid-file= --log-facility=- --no-resolv --no-hosts \
	--address=/example/192.0.2.99`,
			late:      true,
			client:    "dig @$SERVER -p $PORT +tries=1 +time=3 any.example A",
			transport: "udp", port: 8123,
			protocols: "dns", verdict: "unregistered", process: "dnsmasq",
		},
		{
			name:     "snmpd",
			packages: "snmpd snmp", programs: "snmpd snmpget",
			files:     map[string]string{"snmpd.conf": "rocommunity public\n"},
			prepare:   "mkdir state",
			server:    "SNMP_PERSISTENT_DIR=$DIR/state exec snmpd -f -Lo -r -C -c $DIR/snmpd.conf -I -smux,mteTrigger,mteTriggerConf udp:$PORT",
			client:    "snmpget -v 2c -c public $SERVER:$PORT 1.3.6.1.2.1.1.1.0",
			transport: "udp", port: 1900,
			protocols: "snmp", verdict: "mismatch", process: "snmpd",
		},
		{
			name:     "coturn",
			packages: "coturn", programs: "turnserver turnutils_stunclient",
			server: `exec turnserver -n -L $SERVER -p $PORT --no-tls --no-dtls --no-tcp --no-cli --no-auth --log-file stdout --simple-log \
	--pidfile $DIR/turnserver.pid --userdb $DIR/turndb`,
			client:    "turnutils_stunclient -p $PORT $SERVER",
			transport: "udp", port: 5060,
			protocols: "stun", verdict: "mismatch", process: "turnserver",
		},
		{
			name:     "freeradius",
			packages: "freeradius freeradius-utils", programs: "freeradius radclient",
			files: map[string]string{
				"raddb/radiusd.conf": `prefix = /usr
libdir = /usr/lib/freeradius
logdir = $DIR
run_dir = $DIR
security { allow_vulnerable_openssl = yes }
client any {
	ipaddr = $CLIENT
	secret = testing123
}
modules {
	always reject {
		rcode = reject
	}
}
server default {
	listen {
		type = auth
		ipaddr = $SERVER
		port = $PORT
	}
	authorize {
		reject
	}
}
`,
			},
			server:    "exec freeradius -f -l stdout -d $DIR/raddb",
			client:    "echo 'User-Name = alice, User-Password = secret' | radclient -r 1 $SERVER:$PORT auth testing123",
			transport: "udp", port: 500,
			protocols: "radius", verdict: "mismatch", process: "freeradius",
		},
	}
}
