package livetest

import "strings"

func textScenarios() []*scenario {
	return []*scenario{
		{
			name:     "dovecot managesieve",
			packages: "dovecot-managesieved dovecot-imapd", programs: "dovecot bash",
			files: map[string]string{"dovecot.conf": strings.Replace(dovecotConf, "imap pop3", "sieve", 1) +
				"service managesieve-login {\n  inet_listener odd {\n    port = $PORT\n  }\n}\n"},
			prepare:   "mkdir run mail; chown 65534:65534 mail",
			server:    "exec dovecot -F -c $DIR/dovecot.conf",
			client:    say(`AUTHENTICATE \"PLAIN\" \"AGFsaWNlAHNlY3JldA==\"\r\nLISTSCRIPTS\r\nLOGOUT\r\n`),
			transport: "tcp", port: 80,
			protocols: "managesieve", verdict: "mismatch", process: "dovecot managesieve-login",
		},
		{
			name:     "postgrey",
			packages: "postgrey", programs: "postgrey bash",
			server: "install -d -o postgrey db; exec postgrey --inet=$SERVER:$PORT --dbdir=$DIR/db --pidfile=$DIR/pid",
			client: say(`request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=SMTP\nhelo_name=client.example\nqueue_id=\n` +
				`sender=alice@client.example\nrecipient=bob@server.example\nclient_address=192.0.2.10\nclient_name=client.example\n\n`),
			transport: "tcp", port: 8025,
			protocols: "policyd", verdict: "mismatch", process: "postgrey",
		},
		{
			name:     "opendkim",
			packages: "opendkim miltertest", programs: "opendkim miltertest",
			files: map[string]string{
				"opendkim.conf": "Mode v\nSyslog no\nUserID root\n",
				"test.lua":      "conn = mt.connect(\"inet:$PORT@$SERVER\", 5, 0.1)\nmt.conninfo(conn, \"client.example\", \"192.0.2.10\")\nmt.helo(conn, \"client.example\")\nmt.disconnect(conn)\n",
			},
			server:    "exec opendkim -f -x $DIR/opendkim.conf -p inet:$PORT@$SERVER",
			client:    "miltertest -s test.lua",
			transport: "tcp", port: 443,
			protocols: "milter", verdict: "mismatch", process: "opendkim",
		},
		{
			name:     "ngircd",
			packages: "ngircd sic", programs: "ngircd sic",
			files: map[string]string{
				"ngircd.conf": "[Global]\nName = server.example\nInfo = Example\nListen = $SERVER\nPorts = $PORT\nServerUID = irc\nServerGID = irc\n[Limits]\n[Options]\nDNS = no\nIdent = no\nPAM = no\n",
			},
			server:    "exec ngircd -n -f $DIR/ngircd.conf",
			client:    "sleep 3 | sic -h $SERVER -p $PORT -n alice",
			transport: "tcp", port: 1433,
			protocols: "irc", verdict: "mismatch", process: "ngircd",
		},
		{
			name:     "prosody",
			packages: "prosody go-sendxmpp", programs: "prosody prosodyctl go-sendxmpp",
			files: map[string]string{
				"prosody.cfg.lua": `run_as_root = true
data_path = "$DIR/data"
pidfile = "$DIR/prosody.pid"
log = "*console"
plugin_paths = {}
modules_enabled = { "saslauth", "tls" }
modules_disabled = { "s2s" }
c2s_ports = { $PORT }
c2s_interfaces = { "$SERVER" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
VirtualHost "server.example"
`,
			},
			prepare:   "mkdir data",
			server:    "exec prosody --config $DIR/prosody.cfg.lua -F",
			client:    "echo hello | go-sendxmpp -n -u alice@server.example -p secret -j $SERVER:$PORT bob@server.example",
			transport: "tcp", port: 25,
			protocols: "xmpp", verdict: "mismatch", process: "prosody lua5.4",
		},
		{
			name:     "dictd",
			packages: "dictd dict", programs: "dictd dict",
			files:     map[string]string{"dictd.conf": "global { listen_to $SERVER }\naccess { allow * }\ndatabase_exit\n"},
			server:    "exec dictd -d nodetach -c $DIR/dictd.conf -p $PORT --pid-file $DIR/pid --locale C",
			client:    "dict -h $SERVER -p $PORT -D",
			transport: "tcp", port: 3306,
			protocols: "dict", verdict: "mismatch", process: "dictd",
		},
		{
			name:     "oidentd",
			packages: "oidentd", programs: "oidentd bash",
			server:    "exec oidentd -i -a $SERVER -p $PORT -u root -g root -C /dev/null -S",
			client:    say(`8222, 1023\r\n`),
			transport: "tcp", port: 445,
			protocols: "ident", verdict: "mismatch", process: "oidentd",
		},
		{
			name:     "fingerd",
			packages: "fingerd finger inetutils-inetd", programs: "in.fingerd finger inetutils-inetd bash",
			files:     inetdConf("root", "/usr/sbin/in.fingerd in.fingerd"),
			server:    inetd,
			client:    say(`root\r\n`),
			transport: "tcp", port: 3389,
			protocols: "finger", verdict: "mismatch", process: "in.fingerd finger",
		},
		{
			name:     "gophernicus",
			packages: "gophernicus inetutils-inetd curl", programs: "gophernicus inetutils-inetd curl",
			files:     inetdConf("nobody", "/usr/sbin/gophernicus gophernicus -h server.example -r $DIR/gopher -nm -nx"),
			prepare:   "mkdir -m 755 gopher; echo hello >gopher/hello.txt",
			server:    inetd,
			client:    "curl -sS gopher://$SERVER:$PORT/1/",
			transport: "tcp", port: 5432,
			protocols: "gopher", verdict: "mismatch", process: "gophernicus",
		},
		{
			name:     "telnetd",
			packages: "inetutils-telnetd inetutils-inetd inetutils-telnet", programs: "inetutils-inetd inetutils-telnet",
			files:     inetdConf("root", "/usr/sbin/telnetd telnetd"),
			server:    inetd,
			client:    "sleep 3 | inetutils-telnet $SERVER $PORT",
			transport: "tcp", port: 6379,
			protocols: "telnet", verdict: "mismatch", process: "telnetd",
		},
		{
			name:     "rlogind",
			packages: "rsh-redone-server rsh-redone-client inetutils-inetd bsdutils", programs: "script inetutils-inetd rsh-redone-rlogin",
			files:     inetdConf("root", "/usr/sbin/in.rlogind in.rlogind"),
			server:    inetd,
			client:    `sleep 3 | script -qec "rsh-redone-rlogin -p $PORT -l root $SERVER" /dev/null`,
			transport: "tcp", port: 110,
			protocols: "rlogin", verdict: "mismatch", process: "in.rlogind",
		},
		{
			name:     "uhub",
			packages: "uhub ncdc bsdutils", programs: "uhub ncdc script",
			files: map[string]string{
				"uhub.conf": "server_bind_addr=$SERVER\nserver_port=$PORT\nhub_name=Example\ntls_enable=no\n",
			},
			server:    "exec uhub -c $DIR/uhub.conf",
			client:    `{ sleep 1; printf "/set nick alice\r/open example adc://$SERVER:$PORT\r"; sleep 3; } | LC_ALL=C.UTF-8 TERM=xterm script -qc "ncdc -c $DIR/nc" /dev/null`,
			transport: "tcp", port: 389,
			protocols: "adc", verdict: "mismatch", process: "uhub",
		},
	}
}
